// The runtime of a program that is no generated service: loops on threads, pools, and their end.
#pragma once

#include <zerver/async/future/submit.h>
#include <zerver/async/loop.h>
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/execution/task_system.h>
#include <zerver/program/config.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace zerver {

// A moment of a runtime; taken without stopping it.
struct RuntimeStats {
  execution::PoolState state = execution::PoolState::kStarting;
  std::size_t workers = 0;
  execution::ComputeStats compute;
  execution::BlockingStats blocking;
};

// A loop on a thread of its own for each worker, and a TaskSystem. Everything takes one by reference;
// global_runtime() is for small programs. Shutdown is in this order: the pools drain, whose jobs still find
// their loops; then the loops stop, and coroutines that have not ended by then are not resumed any more.
class Runtime {
 public:
  class Builder;
  // `Runtime::builder().workers(2).compute_threads(4).build()`.
  static Builder builder();

  // `log` outlives it. Throws std::system_error when threads cannot be made.
  Runtime(const Config& config, Log& log);
  explicit Runtime(const Config& config);  // logs to standard error
  // shutdown(config().drain), when that has not been done.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  const Config& config() const noexcept;
  const Clock& clock() const noexcept;
  std::size_t workers() const noexcept { return config().workers; }
  async::Loop& loop(std::size_t worker) noexcept;
  execution::TaskSystem& tasks() noexcept;

  // Runs a callable or a coroutine on one of the loops, each in its turn. Any thread.
  template <class Function, class... Arguments> auto spawn(Function&& function, Arguments&&... arguments) {
    return async::submit(next_loop(), std::forward<Function>(function),
                         std::forward<Arguments>(arguments)...);
  }
  // The same, and waits for what it gives; not for a thread of this runtime.
  template <class Function, class... Arguments> auto run(Function&& function, Arguments&&... arguments) {
    return spawn(std::forward<Function>(function), std::forward<Arguments>(arguments)...).get();
  }

  // Any thread but the runtime's own, once. False when jobs were dropped or still run after `bound`; the
  // threads of the loops have ended either way.
  bool shutdown(Duration bound) noexcept;
  RuntimeStats stats() const noexcept;

 private:
  struct State;
  void start();
  async::Loop& next_loop() noexcept;

  std::unique_ptr<State> state_;
};

// Settings one after the other, checked together.
class Runtime::Builder {
 public:
  struct Built {
    std::unique_ptr<Runtime> runtime;  // null when a finding is an error
    std::vector<Finding> findings;
  };

  explicit Builder(const Config& config) noexcept : config_(config) {}

  Builder& config(const Config& config) noexcept { return config_ = config, *this; }
  Builder& workers(unsigned count) noexcept { return config_.workers = count, *this; }
  Builder& compute_threads(unsigned count) noexcept { return config_.compute_threads = count, *this; }
  Builder& blocking_threads(unsigned count) noexcept { return config_.blocking_threads = count, *this; }
  Builder& compute_queue(std::size_t jobs) noexcept { return config_.compute_queue = jobs, *this; }
  Builder& blocking_queue(std::size_t jobs) noexcept { return config_.blocking_queue = jobs, *this; }
  Builder& quanta(const async::Quanta& quanta) noexcept { return config_.quanta = quanta, *this; }
  Builder& drain(Duration bound) noexcept { return config_.drain = bound, *this; }
  Builder& idle_timeout(Duration time) noexcept { return config_.idle_timeout = time, *this; }
  Builder& watchdog(Duration limit) noexcept { return config_.watchdog = limit, *this; }
  // Outlives the runtime.
  Builder& log(Log& log) noexcept { return log_ = &log, *this; }

  // On this machine, or as on another.
  Built build() const;
  Built build(const Machine& machine) const;

 private:
  Config config_;
  Log* log_ = nullptr;
};

// With Config::optimal().
std::unique_ptr<Runtime> make_optimal_runtime();

// The runtime that a program has made global; null when there is none. Any thread.
Runtime* global_runtime() noexcept;

// Makes a runtime global for as long as it lives. One at a time: a second one throws std::logic_error.
class GlobalRuntime {
 public:
  explicit GlobalRuntime(const Config& config);
  ~GlobalRuntime();
  GlobalRuntime(const GlobalRuntime&) = delete;
  GlobalRuntime& operator=(const GlobalRuntime&) = delete;

  Runtime& runtime() noexcept { return runtime_; }

 private:
  Runtime runtime_;
};

// A loop on the calling thread, for run_simple().
class SimpleLoop {
 public:
  SimpleLoop();
  ~SimpleLoop();
  SimpleLoop(const SimpleLoop&) = delete;
  SimpleLoop& operator=(const SimpleLoop&) = delete;

  async::Loop& loop() noexcept;
  // Runs what is ready and waits for what comes, until the condition holds.
  void run_until(const std::function<bool()>& condition);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Runs a callable or a coroutine to its end on the calling thread, without a runtime and without any other
// thread; for programs that do one thing. Returns a Result of what it gives, or throws its exception.
template <class Function, class... Arguments> auto run_simple(Function&& function, Arguments&&... arguments) {
  SimpleLoop loop;
  auto future =
      async::submit(loop.loop(), std::forward<Function>(function), std::forward<Arguments>(arguments)...);
  loop.run_until([&future] { return future.ready(); });
  return future.get();
}

}  // namespace zerver
