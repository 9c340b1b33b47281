// A coroutine that yields one value to the coroutine that awaits it.
#pragma once

#include <zerver/async/context.h>
#include <zerver/async/frame.h>
#include <zerver/async/outcome.h>

#include <coroutine>
#include <exception>
#include <utility>

namespace zerver::async {

namespace detail {

class TaskPromiseBase : public PooledFrame {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().waiter_;
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }

  const Context& context() const noexcept { return context_; }
  void set_context(const Context& context) noexcept { context_ = context; }
  void set_waiter(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }

 private:
  std::coroutine_handle<> waiter_ = std::noop_coroutine();
  Context context_;
};

}  // namespace detail

// Begins when it is awaited, by symmetric transfer, so that chains of any length use no stack; inherits the
// context of whoever awaits. An exception passes to that one. Its frame lives in an arena if that is its
// first parameter, and is recycled by the thread if not. Destroying it destroys the coroutine, which must not
// be waiting for something that still refers to it: what waits is asked to stop, and ends.
template <class T = void> class [[nodiscard]] Task {
 public:
  using Value = T;

  class promise_type : public detail::TaskPromiseBase, public Returns<T> {
   public:
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    Context context;
    if constexpr (HasContext<Promise>) context = waiter.promise().context();
    return await_in(context, waiter);
  }
  // The same with a context of its own.
  std::coroutine_handle<> await_in(const Context& context, std::coroutine_handle<> waiter) noexcept {
    coroutine_.promise().set_context(context);
    coroutine_.promise().set_waiter(waiter);
    return coroutine_;
  }
  T await_resume() { return coroutine_.promise().outcome().take(); }

  // For whoever is no coroutine: runs it until it first waits; nothing is told when it ends. Awaits nothing
  // that needs a context.
  void start() { coroutine_.resume(); }
  bool done() const noexcept { return coroutine_.done(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

// Awaits the task, which stops by that token instead of by that of whoever awaits.
template <class T> class [[nodiscard]] WithStop {
 public:
  WithStop(StopToken stop, Task<T>&& task) noexcept : stop_(stop), task_(std::move(task)) {}

  bool await_ready() const noexcept { return false; }
  template <HasContext Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    return task_.await_in({waiter.promise().context().loop, stop_}, waiter);
  }
  T await_resume() { return task_.await_resume(); }

 private:
  StopToken stop_;
  Task<T> task_;
};
template <class T> WithStop<T> with_stop(StopToken stop, Task<T> task) noexcept {
  return {stop, std::move(task)};
}
// Awaits the task, which is not told when a stop is requested.
template <class T> WithStop<T> shield(Task<T> task) noexcept { return {StopToken(), std::move(task)}; }

}  // namespace zerver::async
