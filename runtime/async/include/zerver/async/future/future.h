// A value that another thread, or somebody else on this one, will give.
#pragma once

#include <zerver/async/future/state.h>

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver::async {

template <class T> class Future;
template <class T> class Promise;
template <class T> std::pair<Promise<T>, Future<T>> make_promise();

namespace detail {
// What `then` makes of what a callback gives: T of both T and Result<T>.
template <class T> struct Plain {
  using Type = T;
};
template <class T> struct Plain<Result<T>> {
  using Type = T;
};
}  // namespace detail

// The end that gives the value: once, on any thread. Dropped without that, it gives `internal`.
template <class T> class [[nodiscard]] Promise {
 public:
  Promise(Promise&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Promise& operator=(Promise&&) = delete;
  ~Promise() {
    if (state_ != nullptr) set(Fault{FaultKind::kInternal, "the promise was dropped", {}});
  }

  void set(Result<T> result) {
    state_->outcome.set_value(std::move(result));
    give();
  }
  void set_exception(std::exception_ptr exception) noexcept {
    state_->outcome.set_exception(std::move(exception));
    give();
  }

  bool cancel_requested() const noexcept { return state_->cancel_requested(); }
  // Calls the function, which does not throw, when the future is cancelled, on that thread; at once if it has
  // been; never after the value was given, unless it is cancelled at the same moment. Once.
  template <std::invocable Function> void on_cancel(Function function) {
    state_->set_on_cancel(detail::CallbackOf<Function>::make(std::move(function)));
  }

 private:
  friend std::pair<Promise<T>, Future<T>> make_promise<T>();
  explicit Promise(detail::FutureState<T>* state) noexcept : state_(state) {}

  void give() noexcept {
    auto* const state = std::exchange(state_, nullptr);
    state->complete();
    state->drop_owner();
  }

  detail::FutureState<T>* state_;
};

// The end that takes it: once, in one of these ways. One thread at a time, any thread. Dropped without that,
// it asks whoever is to give the value to stop.
template <class T> class [[nodiscard]] Future {
 public:
  using Value = T;

  class Wait {
   public:
    using Value = T;

    explicit Wait(detail::FutureState<T>& state) noexcept : state_(state) {}
    bool try_complete() const noexcept { return state_.ready(); }
    void enqueue(Waiter& waiter) noexcept { state_.await(waiter); }
    void cancel() noexcept { state_.stop_awaiting(); }
    Result<T> result() { return state_.outcome.take(); }

   private:
    detail::FutureState<T>& state_;
  };

  Future(Future&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Future& operator=(Future&& other) noexcept {
    if (this != &other) {
      abandon();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~Future() { abandon(); }

  bool ready() const noexcept { return state_->ready(); }
  // Blocks the thread until it is there; never on the thread of a loop. An exception is thrown.
  Result<T> get() {
    state_->block();
    return state_->outcome.take();
  }
  // The same without blocking: null when it is not there.
  std::optional<Result<T>> poll() {
    if (!ready()) return std::nullopt;
    return state_->outcome.take();
  }
  // `Result<T> value = co_await future.wait();` Resumed on its own loop. Can be tried again when it was
  // cancelled, which cancels the wait and not the future.
  Awaiting<Wait> wait() noexcept { return Awaiting<Wait>(Wait(*state_)); }
  Awaiting<Wait> operator co_await() noexcept { return wait(); }

  // Calls `function(Outcome<Result<T>>&)`, which does not throw, on the thread that gives the value; at once
  // when it is there.
  template <std::invocable<Outcome<Result<T>>&> Function> void on_complete(Function function) && {
    auto* const state = std::exchange(state_, nullptr);
    auto call = [state, function = std::move(function)]() mutable noexcept {
      function(state->outcome);
      state->drop_owner();
    };
    state->call_when_ready(detail::CallbackOf<decltype(call)>::make(std::move(call)));
  }
  // The future of what `function(value)` gives, which is called like on_complete's. Failures and exceptions
  // pass by it; one of its own becomes that of the new future. Cancelling the new one cancels this one.
  template <class Function> auto then(Function function) && {
    using Next = typename detail::Plain<typename Called<Function, T>::type>::Type;
    return std::move(*this).template follow<Next>(
        [function = std::move(function)](Result<T> result) mutable -> Result<Next> {
          if (!result) return result.error();
          if constexpr (std::is_void_v<T>) {
            return invoke<Next>(function);
          } else {
            return invoke<Next>(function, *std::move(result));
          }
        });
  }
  // The same future, but for a failure, in the place of which stands what `function(fault)` gives. Exceptions
  // pass by.
  template <std::invocable<Fault> Function> Future<T> or_else(Function function) && {
    return std::move(*this).template follow<T>(
        [function = std::move(function)](Result<T> result) mutable -> Result<T> {
          if (result) return result;
          return invoke<T>(function, result.error());
        });
  }

  // Asks whoever is to give the value to stop. He still gives one.
  void cancel() noexcept { state_->cancel(); }
  // Nobody wants the value, but what makes it goes on.
  void detach() noexcept { std::exchange(state_, nullptr)->drop_owner(); }

 private:
  template <class> friend class Future;
  friend std::pair<Promise<T>, Future<T>> make_promise<T>();
  explicit Future(detail::FutureState<T>* state) noexcept : state_(state) {}

  template <class Function, class Argument> struct Called : std::invoke_result<Function, Argument> {};
  template <class Function> struct Called<Function, void> : std::invoke_result<Function> {};
  template <class Next, class Function, class... Arguments>
  static Result<Next> invoke(Function& function, Arguments&&... arguments) {
    if constexpr (std::is_void_v<std::invoke_result_t<Function, Arguments...>>) {
      function(std::forward<Arguments>(arguments)...);
      return {};
    } else {
      return function(std::forward<Arguments>(arguments)...);
    }
  }
  template <class Next, class Function> Future<Next> follow(Function function) && {
    std::pair<Promise<Next>, Future<Next>> ends = make_promise<Next>();
    ends.first.on_cancel([source = detail::FutureOwner(*state_)] { (*source).cancel(); });
    std::move(*this).on_complete([function = std::move(function),
                                  promise = std::move(ends.first)](Outcome<Result<T>>& outcome) mutable {
      Outcome<Result<Next>> next;
      capture(next, [&] { return function(outcome.take()); });
      if (next.has_exception()) {
        promise.set_exception(next.exception());
      } else {
        promise.set(next.take());
      }
    });
    return std::move(ends.second);
  }

  void abandon() noexcept {
    if (state_ == nullptr) return;
    state_->cancel();
    detach();
  }

  detail::FutureState<T>* state_;
};

template <class T> std::pair<Promise<T>, Future<T>> make_promise() {
  auto* const state = detail::FutureState<T>::create();
  return {Promise<T>(state), Future<T>(state)};
}

}  // namespace zerver::async
