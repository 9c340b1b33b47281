// Operations that are performed on a pool of threads, for adapters whose systems have no other interface.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/execution/pool_job.h>
#include <zerver/flow/call/operation.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace zerver::effects {

// One operation on its way: the loop's thread fills it and submits it, a thread of the pool performs it, the
// loop's thread answers. It keeps copies of what it needs, because the flow may give up and be gone
// meanwhile.
class OffloadJob : public execution::PoolJob {
 public:
  virtual ~OffloadJob() = default;
  OffloadJob(const OffloadJob&) = delete;
  OffloadJob& operator=(const OffloadJob&) = delete;

  // The thread of the loop. Behind cancel() the job goes on or not, and answers nobody.
  void begin(flow::Operation& operation) noexcept {
    operation_ = &operation;
    operation.adapter_data = this;
    given_up_.store(false, std::memory_order_relaxed);
  }
  void cancel() noexcept {
    operation_ = nullptr;
    given_up_.store(true, std::memory_order_relaxed);
  }
  // It goes on to its end, and answers nobody.
  void let_go() noexcept { operation_ = nullptr; }
  // It never went to the pool: the operation is to be answered at once.
  flow::Operation* end_here() noexcept { return take_operation(); }

 protected:
  explicit OffloadJob(async::Loop& home) noexcept
      : PoolJob([](PoolJob& job) noexcept { static_cast<OffloadJob&>(job).perform_operation(); }, home,
                [](async::Job& job) noexcept { static_cast<OffloadJob&>(job).back(); }) {}

  // Any thread: nobody waits for it.
  const std::atomic<bool>& given_up() const noexcept { return given_up_; }
  // The thread of the loop: the operation, null when it was given up. It is not ours behind this.
  flow::Operation* take_operation() noexcept { return std::exchange(operation_, nullptr); }

 private:
  virtual void perform_operation() noexcept = 0;  // a thread of the pool
  virtual void back() noexcept = 0;  // the thread of the loop; ran() says whether it was performed

  flow::Operation* operation_ = nullptr;
  std::atomic<bool> given_up_ = false;
};

// The jobs of all workers of a system. They go with it, behind its pool: one may still be on its way when the
// adapter that made it is gone.
template <class Job> class JobStore {
 public:
  // Any thread; the job is its worker's.
  template <class... Arguments> Job& make(Arguments&&... arguments) {
    auto job = std::make_unique<Job>(std::forward<Arguments>(arguments)...);
    const std::lock_guard lock(mutex_);
    return *jobs_.emplace_back(std::move(job));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Job>> jobs_;  // guarded by mutex_
};

}  // namespace zerver::effects
