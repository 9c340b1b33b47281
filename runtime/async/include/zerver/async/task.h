// A coroutine that yields one value to the coroutine that awaits it.
#pragma once

#include <zerver/core/arena.h>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace zerver::async {

namespace detail {

// The frame lives in the arena that is the coroutine's first parameter: `Task<int> f(Arena& arena, ...)`.
class TaskFrame {
 public:
  template <class... Parameters>
  static void* operator new(std::size_t size, Arena& arena, const Parameters&...) {
    return arena.allocate(size);
  }
  // The arena is reset as a whole. Inline at once, because GCC 12 takes the pair for a mismatch otherwise.
  [[gnu::always_inline]] static void operator delete(void*) noexcept {}
};

class TaskPromiseBase : public TaskFrame {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().waiter;
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }

  void unhandled_exception() noexcept { exception = std::current_exception(); }

  std::coroutine_handle<> waiter = std::noop_coroutine();
  std::exception_ptr exception;
};

}  // namespace detail

// Its frame lives in an arena, its first parameter. Begins when it is awaited, by symmetric transfer, so that
// chains of any length use no stack. An exception passes to whoever awaits. Destroying it destroys the
// coroutine, which must not be waiting for something that still refers to it.
template <class T> class [[nodiscard]] Task {
 public:
  class promise_type : public detail::TaskPromiseBase {
   public:
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_value(T value) { result = std::move(value); }
    std::optional<T> result;
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  T await_resume() {
    if (handle_.promise().exception) std::rethrow_exception(handle_.promise().exception);
    return *std::move(handle_.promise().result);
  }

  // For whoever is no coroutine: runs it until it first waits; nothing is told when it ends.
  void start() { handle_.resume(); }
  bool done() const noexcept { return handle_.done(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

template <> class [[nodiscard]] Task<void> {
 public:
  class promise_type : public detail::TaskPromiseBase {
   public:
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_void() const noexcept {}
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  void await_resume() const {
    if (handle_.promise().exception) std::rethrow_exception(handle_.promise().exception);
  }

  void start() { handle_.resume(); }
  bool done() const noexcept { return handle_.done(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace zerver::async
