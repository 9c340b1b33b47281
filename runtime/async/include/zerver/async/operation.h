// The one protocol of everything that can be waited for: completed at once, or waiting until it is told or
// cancelled.
#pragma once

#include <zerver/async/context.h>
#include <zerver/async/loop.h>
#include <zerver/async/stop.h>
#include <zerver/core/fault.h>
#include <zerver/core/result.h>

#include <concepts>
#include <coroutine>
#include <utility>

namespace zerver::async {

// What an operation that was cancelled while it waited results in.
inline Fault cancelled() noexcept { return {FaultKind::kCancelled, "cancelled while it waited", {}}; }

// Who waits for an operation.
class Waiter {
 public:
  using Tell = void (*)(Waiter&) noexcept;

  explicit Waiter(Tell tell) noexcept : tell_(tell) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // The operation has completed. Called once, on the loop's thread; resumes nothing before it returns.
  void complete() noexcept { tell_(*this); }
  Loop& loop() const noexcept { return *loop_; }

 protected:
  ~Waiter() = default;
  void set_loop(Loop& loop) noexcept { loop_ = &loop; }

 private:
  Tell tell_;
  Loop* loop_ = nullptr;
};

// An operation happens once, on the thread of its loop:
//   try_complete()  completes if it need not wait, and then is over
//   enqueue(w)      directly after try_complete() was false: completes later and tells `w` (or at once,
//   before it
//                   returns); pinned from here on
//   cancel()        while it waits: it is over then, has had no effect, tells nobody
//   result()        once, after it has completed
// An exception may leave the first two; the operation is over then.
template <class T>
concept Operation = requires(T& operation, Waiter& waiter) {
  { operation.try_complete() } -> std::same_as<bool>;
  operation.enqueue(waiter);
  { operation.cancel() } noexcept;
  typename T::Value;
  { operation.result() } -> std::same_as<Result<typename T::Value>>;
};

// An operation that can be awaited. Without waiting when it completes at once, even if a stop was requested;
// what would have to wait is cancelled by a stop, unless it is shielded.
template <class Self, bool kShielded = false>
class [[nodiscard]] Awaiting final : public Self, private Waiter, private Job, private StopHook {
 public:
  explicit Awaiting(Self&& operation) noexcept
      : Self(std::move(operation)), Waiter(tell), Job(run), StopHook(stop) {}
  // Before it is awaited.
  Awaiting(Awaiting&& other) noexcept : Awaiting(static_cast<Self&&>(other)) {}

  bool await_ready() { return this->try_complete(); }
  template <HasContext Promise> bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    const Context& context = coroutine.promise().context();
    coroutine_ = coroutine;
    set_loop(*context.loop);
    if constexpr (!kShielded) {
      if (context.stop.stop_requested()) {
        is_cancelled_ = true;
        return false;
      }
      context.stop.link(*this);
    }
    this->enqueue(static_cast<Waiter&>(*this));
    return true;
  }
  Result<typename Self::Value> await_resume() {
    if (is_cancelled_) return cancelled();
    return this->result();
  }

 private:
  static void tell(Waiter& waiter) noexcept {
    auto& self = static_cast<Awaiting&>(waiter);
    self.StopHook::unlink();
    self.loop().defer(self);
  }
  static void stop(StopHook& hook) noexcept {
    auto& self = static_cast<Awaiting&>(hook);
    self.Self::cancel();
    self.is_cancelled_ = true;
    self.loop().defer(self);
  }
  static void run(Job& job) noexcept { static_cast<Awaiting&>(job).coroutine_.resume(); }

  std::coroutine_handle<> coroutine_;
  bool is_cancelled_ = false;
};

// Waits for the operation even when a stop is requested.
template <class Self> Awaiting<Self, true> shield(Awaiting<Self> operation) noexcept {
  return Awaiting<Self, true>(static_cast<Self&&>(operation));
}

}  // namespace zerver::async
