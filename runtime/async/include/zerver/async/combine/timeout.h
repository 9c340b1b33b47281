// A bound on how long something is waited for.
#pragma once

#include <zerver/async/combine/select.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>

#include <type_traits>
#include <utility>

namespace zerver::async {

namespace detail {

inline Fault too_late() noexcept { return {FaultKind::kTimeout, "the time for it has passed", {}}; }

template <class T> struct Timed {
  using Type = Result<T>;
};
template <class T> struct Timed<Result<T>> {
  using Type = Result<T>;
};

// Requests a stop at a time.
class StopTimer final : private Timer {
 public:
  StopTimer(Loop& loop, TimePoint when, StopSource& stop) noexcept : Timer(fire), loop_(loop), stop_(stop) {
    loop.start(*this, when);
  }
  ~StopTimer() { loop_.stop(*this); }

  bool has_fired() const noexcept { return has_fired_; }

 private:
  static void fire(Timer& timer) noexcept {
    auto& self = static_cast<StopTimer&>(timer);
    self.has_fired_ = true;
    self.stop_.request_stop();
  }

  Loop& loop_;
  StopSource& stop_;
  bool has_fired_ = false;
};

}  // namespace detail

// Gives what the task gave, or `timeout`: then it was asked to stop when the time had passed, it has ended
// before this returns, and what it gave is dropped. An exception of the task is thrown in either case.
template <class T> Task<typename detail::Timed<T>::Type> timeout(Task<T> task, Duration span) {
  const Context& context = co_await this_context();
  StopSource stop(context.stop);
  const detail::StopTimer timer(*context.loop, context.loop->now() + span, stop);
  if constexpr (std::is_void_v<T>) {
    co_await with_stop(stop.token(), std::move(task));
    if (timer.has_fired()) co_return detail::too_late();
    co_return Result<void>();
  } else {
    T value = co_await with_stop(stop.token(), std::move(task));
    if (timer.has_fired()) co_return detail::too_late();
    co_return std::move(value);
  }
}

// The same for an operation: it has had no effect when it is `timeout`.
template <class Self> class TimeLimit {
 public:
  using Value = typename Self::Value;

  TimeLimit(Self&& operation, Duration span) noexcept
      : select_(std::move(operation), Sleep(TimePoint::never(), span)) {}

  bool try_complete() { return select_.try_complete(); }
  void enqueue(Waiter& waiter) { select_.enqueue(waiter); }
  void cancel() noexcept { select_.cancel(); }
  Result<Value> result() {
    auto chosen = select_.result();
    if (chosen->index() == 0) return std::get<0>(*std::move(chosen));
    return detail::too_late();
  }

 private:
  Select<Self, Sleep> select_;
};
template <class Self> Awaiting<TimeLimit<Self>> timeout(Awaiting<Self> operation, Duration span) noexcept {
  return Awaiting<TimeLimit<Self>>(TimeLimit<Self>(std::move(operation), span));
}

}  // namespace zerver::async
