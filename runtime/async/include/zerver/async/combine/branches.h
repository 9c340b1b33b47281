// Tasks that run side by side under one coroutine, which waits for all of them to end.
#pragma once

#include <zerver/async/context.h>
#include <zerver/async/frame.h>
#include <zerver/async/outcome.h>
#include <zerver/async/task.h>
#include <zerver/core/result.h>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace zerver::async::detail {

// Lives in the frame of the coroutine that waits. Its branches stop together: when it says so, or when
// whoever waits is asked to.
class Branches {
 public:
  Branches() noexcept = default;

  void stop() noexcept { stop_.request_stop(); }
  const Context& context() const noexcept { return context_; }

  template <class Start> class Run {
   public:
    Run(Branches& branches, Start start) noexcept : branches_(branches), start_(std::move(start)) {}

    bool await_ready() const noexcept { return false; }
    template <HasContext Promise> bool await_suspend(std::coroutine_handle<Promise> waiter) {
      const Context& context = waiter.promise().context();
      branches_.waiter_ = waiter;
      branches_.stop_.follow(context.stop);
      branches_.context_ = {context.loop, branches_.stop_.token()};
      start_();
      return --branches_.left_ != 0;
    }
    void await_resume() const noexcept {}

   private:
    Branches& branches_;
    Start start_;
  };
  // `co_await branches.run(start)`: `start` calls branch() for each. Resumed when all of them have ended.
  template <class Start> Run<Start> run(Start start) noexcept { return {*this, std::move(start)}; }

 private:
  friend class BranchCoroutine;

  void begin() noexcept { ++left_; }
  std::coroutine_handle<> end() noexcept { return --left_ == 0 ? waiter_ : std::noop_coroutine(); }

  StopSource stop_;
  Context context_;
  std::coroutine_handle<> waiter_;
  std::size_t left_ = 1;  // of those that have begun; one more while they are being begun
};

// Begins at once, and goes when it has ended.
class BranchCoroutine {
 public:
  class promise_type : public PooledFrame {
   public:
    template <class... Parameters>
    explicit promise_type(Branches& branches, const Parameters&...) noexcept : branches_(branches) {
      branches.begin();
    }

    BranchCoroutine get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }

    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        Branches& branches = self.promise().branches_;
        self.destroy();
        return branches.end();
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    // Everything in branch() that throws is in its try.
    void unhandled_exception() const noexcept { std::terminate(); }

    const Context& context() const noexcept { return branches_.context(); }

   private:
    Branches& branches_;
  };
};

// Runs the task to its end, which `on_end` is told of.
template <class T, class OnEnd>
BranchCoroutine branch(Branches&, Task<T>& task, Outcome<T>& outcome, const OnEnd& on_end) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      outcome.set_value();
    } else {
      outcome.set_value(co_await std::move(task));
    }
  } catch (...) {
    outcome.set_exception(std::current_exception());
  }
  on_end(outcome);
}

template <class T> bool failed(const Outcome<T>& outcome) noexcept {
  if (outcome.has_exception()) return true;
  if constexpr (requires { outcome.value().error(); }) {
    return !outcome.value().has_value();
  } else {
    return false;
  }
}

// The value, `Nothing` for void, or the exception thrown.
template <class T> Something<T> value_of(Outcome<T>& outcome) {
  if constexpr (std::is_void_v<T>) {
    outcome.take();
    return {};
  } else {
    return outcome.take();
  }
}

}  // namespace zerver::async::detail
