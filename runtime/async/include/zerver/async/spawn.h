// Work that goes on beside whoever began it, on the same loop.
#pragma once

#include <zerver/async/operation.h>
#include <zerver/async/task.h>

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace zerver::async {

template <class T> class TaskHandle;

namespace detail {

template <class T> struct TaskValue {
  using Type = T;
};
template <class T> struct TaskValue<Task<T>> {
  using Type = T;
};

// What a callable gives, be it a function or a coroutine.
template <class Function, class... Arguments>
using SpawnedValue = typename TaskValue<std::decay_t<std::invoke_result_t<Function, Arguments...>>>::Type;

// Awaited, it gives at once what a function gave.
template <class T> struct Given {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  T await_resume() { return std::move(value); }
  T value;
};
template <> struct Given<void> : std::suspend_never {};

// Calls a function or a coroutine, once. What it gives is awaited.
template <class Function, class... Arguments> auto call(Function& function, Arguments&... arguments) {
  using Value = std::invoke_result_t<Function, Arguments...>;
  if constexpr (!std::same_as<SpawnedValue<Function, Arguments...>, std::decay_t<Value>>) {
    return std::invoke(std::move(function), std::move(arguments)...);
  } else if constexpr (std::is_void_v<Value>) {
    std::invoke(std::move(function), std::move(arguments)...);
    return Given<void>();
  } else {
    return Given<std::decay_t<Value>>{std::invoke(std::move(function), std::move(arguments)...)};
  }
}

// The coroutine around what was spawned: owns the callable and its arguments, so that a lambda's captures
// live as long as its coroutine does. Its frame goes when it is over and nobody has its handle any more.
template <class T> class Spawned {
 public:
  class promise_type : public PooledFrame, public Returns<T>, public Job {
   public:
    promise_type() noexcept : Job(begin) {}

    Spawned get_return_object() noexcept { return {this}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct Final {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        return self.promise().end();
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }

    const Context& context() const noexcept { return context_; }
    bool is_over() const noexcept { return is_over_; }
    void request_stop() noexcept { stop_.request_stop(); }
    void set_joiner(std::coroutine_handle<> joiner) noexcept { joiner_ = joiner; }
    void set_watcher(Waiter* watcher) noexcept { watcher_ = watcher; }

    void schedule(Loop& loop, StopToken parent) noexcept {
      stop_.follow(parent);
      context_ = {&loop, stop_.token()};
      loop.defer(*this);
    }
    // Nobody has its handle any more. An exception of it is ignored then, or ends the program.
    void let_go(bool ignores_exceptions) noexcept {
      is_let_go_ = true;
      ignores_exceptions_ = ignores_exceptions;
      if (is_over_) destroy();
    }

   private:
    static void begin(Job& job) noexcept { coroutine_of(static_cast<promise_type&>(job)).resume(); }
    static std::coroutine_handle<promise_type> coroutine_of(promise_type& promise) noexcept {
      return std::coroutine_handle<promise_type>::from_promise(promise);
    }

    std::coroutine_handle<> end() noexcept {
      is_over_ = true;
      if (watcher_ != nullptr) std::exchange(watcher_, nullptr)->complete();
      if (joiner_) return joiner_;
      if (is_let_go_) destroy();
      return std::noop_coroutine();
    }
    void destroy() noexcept {
      if (!ignores_exceptions_ && this->outcome().has_exception()) std::terminate();
      coroutine_of(*this).destroy();
    }

    Context context_;
    StopSource stop_;
    std::coroutine_handle<> joiner_;
    Waiter* watcher_ = nullptr;
    bool is_over_ = false;
    bool is_let_go_ = false;
    bool ignores_exceptions_ = false;
  };

  promise_type* promise;
};

template <class Function, class... Arguments>
Spawned<SpawnedValue<Function, Arguments...>> run_spawned(Function function, Arguments... arguments) {
  co_return co_await call(function, arguments...);
}

}  // namespace detail

// The other end of what was spawned; stays on its loop. Going without join() or detach(), it asks the task to
// stop and does not care how it ends: what is abandoned by an early return is cancelled.
template <class T> class [[nodiscard]] TaskHandle {
  using Promise = typename detail::Spawned<T>::promise_type;

 public:
  class Join final : private StopHook {
   public:
    explicit Join(Promise& task) noexcept : StopHook(pass_on), task_(task) {}

    bool await_ready() const noexcept { return task_.is_over(); }
    template <HasContext Awaiting> void await_suspend(std::coroutine_handle<Awaiting> joiner) noexcept {
      const StopToken stop = joiner.promise().context().stop;
      task_.set_joiner(joiner);
      if (stop.stop_requested()) {
        task_.request_stop();
      } else {
        stop.link(*this);
      }
    }
    T await_resume() { return task_.outcome().take(); }

   private:
    static void pass_on(StopHook& hook) noexcept { static_cast<Join&>(hook).task_.request_stop(); }

    Promise& task_;
  };

  class Ended {
   public:
    using Value = void;

    explicit Ended(Promise& task) noexcept : task_(task) {}
    bool try_complete() const noexcept { return task_.is_over(); }
    void enqueue(Waiter& waiter) noexcept { task_.set_watcher(&waiter); }
    void cancel() noexcept { task_.set_watcher(nullptr); }
    Result<void> result() const noexcept { return {}; }

   private:
    Promise& task_;
  };

  explicit TaskHandle(Promise& task) noexcept : task_(&task) {}
  TaskHandle(TaskHandle&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  TaskHandle& operator=(TaskHandle&& other) noexcept {
    if (this != &other) {
      abandon();
      task_ = std::exchange(other.task_, nullptr);
    }
    return *this;
  }
  ~TaskHandle() { abandon(); }

  // `T value = co_await handle.join();` Waits until the task is over, whatever happens, and throws what it
  // threw. A stop of whoever joins is passed on to the task. Once.
  Join join() noexcept { return Join(*task_); }
  // The same as something to select() from: without the value, and without passing on a stop.
  Awaiting<Ended> ended() noexcept { return Awaiting<Ended>(Ended(*task_)); }
  // Asks it to stop.
  void cancel() noexcept { task_->request_stop(); }
  bool done() const noexcept { return task_->is_over(); }
  // What join() would give, for whoever is no coroutine. Once, when it is done().
  T take() { return task_->outcome().take(); }
  // Lets it go on by itself. An exception of it ends the program then, because there is nobody to tell.
  void detach() noexcept { std::exchange(task_, nullptr)->let_go(false); }

 private:
  void abandon() noexcept {
    if (task_ == nullptr) return;
    task_->request_stop();
    task_->let_go(true);
  }

  Promise* task_;
};

// Runs the callable with the arguments, which are moved or copied, later in this turn of the loop: a
// function, a coroutine that returns Task, or a lambda or function pointer that is either. On the loop's
// thread. It stops when `parent` does.
template <class Function, class... Arguments>
auto spawn(Loop& loop, StopToken parent, Function&& function, Arguments&&... arguments) {
  using Value = detail::SpawnedValue<std::decay_t<Function>, std::decay_t<Arguments>...>;
  auto& promise = *detail::run_spawned<std::decay_t<Function>, std::decay_t<Arguments>...>(
                       std::forward<Function>(function), std::forward<Arguments>(arguments)...)
                       .promise;
  promise.schedule(loop, parent);
  return TaskHandle<Value>(promise);
}
template <class Function, class... Arguments>
  requires std::invocable<std::decay_t<Function>, std::decay_t<Arguments>...>
auto spawn(Loop& loop, Function&& function, Arguments&&... arguments) {
  return spawn(loop, StopToken(), std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

// What a coroutine was given by whoever awaits it: `const Context& context = co_await this_context();`
class ThisContext {
 public:
  bool await_ready() const noexcept { return false; }
  template <HasContext Promise> bool await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
    context_ = &coroutine.promise().context();
    return false;
  }
  const Context& await_resume() const noexcept { return *context_; }

 private:
  const Context* context_ = nullptr;
};
[[nodiscard]] inline ThisContext this_context() noexcept { return {}; }

}  // namespace zerver::async
