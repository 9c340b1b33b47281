// A function on a pool's thread, awaited from a coroutine.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/fault.h>
#include <zerver/core/result.h>
#include <zerver/execution/pool_job.h>

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver::execution {

// Lives in the frame of the coroutine that awaits it, so nothing is allocated; the coroutine must not be
// destroyed before it goes on.
template <class Pool, class Function> class [[nodiscard]] RunOn : PoolJob {
  using Value = std::invoke_result_t<Function&>;

 public:
  RunOn(Pool& pool, async::Loop& home, Function function)
      : PoolJob([](PoolJob& job) noexcept { static_cast<RunOn&>(job).perform_function(); }, home,
                [](async::Job& job) noexcept { static_cast<RunOn&>(job).waiter_.resume(); }),
        pool_(pool),
        function_(std::move(function)) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    submitted_ = pool_.submit(*this);
    return submitted_ == Submit::kAccepted;
  }
  // `unavailable` when the pool had no room or has stopped. What the function throws is thrown here.
  Result<Value> await_resume() {
    if (submitted_ == Submit::kFull) return Fault{FaultKind::kUnavailable, "the pool has too much to do", {}};
    if (submitted_ == Submit::kStopped || !ran())
      return Fault{FaultKind::kUnavailable, "the pool has stopped", {}};
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (std::is_void_v<Value>) {
      return {};
    } else {
      return *std::move(value_);
    }
  }

 private:
  struct Nothing {};

  void perform_function() noexcept {
    try {
      if constexpr (std::is_void_v<Value>) {
        function_();
      } else {
        value_.emplace(function_());
      }
    } catch (...) {
      exception_ = std::current_exception();
    }
  }

  Pool& pool_;
  Function function_;
  std::coroutine_handle<> waiter_;
  Submit submitted_ = Submit::kStopped;
  std::exception_ptr exception_;
  [[no_unique_address]] std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>> value_;
};

// `co_await run_on(pool, loop, [...] { ... })`: the function runs on a thread of the pool, the coroutine goes
// on on its loop, with a Result of what the function returned.
template <class Pool, std::invocable Function>
RunOn<Pool, Function> run_on(Pool& pool, async::Loop& home, Function function) {
  return {pool, home, std::move(function)};
}

}  // namespace zerver::execution
