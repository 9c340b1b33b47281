// The pools of a program and the order in which they end.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/time.h>
#include <zerver/execution/blocking_pool.h>
#include <zerver/execution/compute_pool.h>
#include <zerver/execution/watchdog.h>

#include <memory>

namespace zerver::execution {

struct TaskSystemOptions {
  ComputeOptions compute = {};
  BlockingOptions blocking = {};
  Duration watchdog =
      Duration::max();  // reports a thread that is busy with one thing for longer; max: nothing looks
};

// Loops go before it: whatever has a home must find it. Shutdown is in this order: the compute pool drains,
// while its jobs may still use the blocking pool; then that drains; then the watchdog ends.
class TaskSystem {
 public:
  // `clock` and `log` outlive it.
  TaskSystem(const Clock& clock, Log& log, const TaskSystemOptions& options = {});

  ComputePool& compute() noexcept { return compute_; }
  BlockingPool& blocking() noexcept { return blocking_; }
  // Null when nothing looks.
  Watchdog* watchdog() noexcept { return watchdog_.get(); }

  // Drains both, for `bound` together at most. False when something was dropped or still runs.
  bool join(Duration bound) noexcept;

 private:
  const Clock& clock_;
  std::unique_ptr<Watchdog> watchdog_;
  BlockingPool blocking_;
  ComputePool compute_;  // goes first
};

}  // namespace zerver::execution
