// Waiting for time, and letting others have a turn.
#pragma once

#include <zerver/async/operation.h>
#include <zerver/core/time.h>

#include <coroutine>

namespace zerver::async {

class Sleep : private Timer {
 public:
  using Value = void;

  Sleep(TimePoint when, Duration span) noexcept : Timer(fire), until_(when), span_(span) {}
  // Before it is awaited.
  Sleep(Sleep&& other) noexcept : Sleep(other.until_, other.span_) {}

  bool try_complete() const noexcept { return false; }
  void enqueue(Waiter& waiter) noexcept {
    waiter_ = &waiter;
    Loop& loop = waiter.loop();
    const TimePoint now = loop.now();
    const TimePoint at = until_ == TimePoint::never() ? now + span_ : until_;
    if (at <= now) {
      waiter.complete();
    } else if (at != TimePoint::never()) {
      loop.start(*this, at);
    }
  }
  void cancel() noexcept { waiter_->loop().stop(*this); }
  Result<void> result() const noexcept { return {}; }

 private:
  static void fire(Timer& timer) noexcept { static_cast<Sleep&>(timer).waiter_->complete(); }

  TimePoint until_;  // never() when it is `span_` from the time when it is awaited
  Duration span_;
  Waiter* waiter_ = nullptr;
};

// Resumed not before that time has passed since it was awaited, and as precisely as the loop's timers are.
// Nothing or less than nothing lets others have a turn. Fails only when it is cancelled.
inline Awaiting<Sleep> sleep_for(Duration span) noexcept {
  return Awaiting<Sleep>(Sleep(TimePoint::never(), span));
}
inline Awaiting<Sleep> sleep_until(TimePoint when) noexcept {
  return Awaiting<Sleep>(Sleep(when, Duration::max()));
}

class Yield final : private Job {
 public:
  Yield() noexcept : Job(run) {}

  bool await_ready() const noexcept { return false; }
  template <HasContext Promise> void await_suspend(std::coroutine_handle<Promise> coroutine) noexcept {
    const Context& context = coroutine.promise().context();
    coroutine_ = coroutine;
    stop_ = context.stop;
    context.loop->defer(*this);
  }
  Result<void> await_resume() const noexcept {
    if (stop_.stop_requested()) return cancelled();
    return {};
  }

 private:
  static void run(Job& job) noexcept { static_cast<Yield&>(job).coroutine_.resume(); }

  std::coroutine_handle<> coroutine_;
  StopToken stop_;
};

// Whatever is ready has its turn first. Fails when a stop has been requested, so a loop of work that yields
// now and then also learns when to end.
[[nodiscard]] inline Yield yield_now() noexcept { return {}; }

}  // namespace zerver::async
