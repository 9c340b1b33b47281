// Timers in a hierarchical wheel: starting and stopping cost a few nanoseconds, whatever their number.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace zerver::async {

// Sans-I/O: whoever owns it asks next() when to wake up, and calls advance() then. Four levels of 64 slots
// and a tick of 1 ms reach 4.6 hours; what is later waits in the last level and is sorted in again (Varghese
// and Lauck, 1987, scheme 6).
class TimerWheel {
 public:
  static constexpr Duration kTick = Duration::from_milliseconds(1);

  explicit TimerWheel(TimePoint now) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Starts the timer, or moves it when it is running.
  void start(Timer& timer, TimePoint when) noexcept;
  void stop(Timer& timer) noexcept;

  // Fires what is due, in the order of ticks and, within a tick, of starting. Timers may start and stop
  // others meanwhile.
  void advance(TimePoint now) noexcept;

  // Nothing fires before this time; never() when no timer runs. For timers that wait in the outer levels it
  // is early: advance() then sorts them in, and next() is asked again.
  TimePoint next() const noexcept;

  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr unsigned kBits = 6;
  static constexpr std::size_t kSlots = std::size_t{1} << kBits;
  static constexpr std::size_t kLevels = 4;

  // The ends of a ring of timers.
  struct Ring final : Timer {
    Ring() noexcept;
    bool empty() const noexcept;
    void append(Timer& timer) noexcept;
    // Takes over all timers of the other ring, which is empty then.
    void take(Ring& other) noexcept;
    // The first timer, which is in no ring then.
    Timer& pop() noexcept;
  };
  struct Event {
    std::size_t level;
    std::size_t index;
    std::uint64_t tick;
  };

  std::optional<Event> next_event() const noexcept;
  void link(Timer& timer) noexcept;
  void unlink(Timer& timer) noexcept;
  void empty_slot(std::size_t level, std::size_t index, Ring& into) noexcept;

  std::array<Ring, kLevels * kSlots> slots_;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit for each slot that has timers
  std::uint64_t tick_;                             // up to which all has been fired
  std::size_t size_ = 0;
};

}  // namespace zerver::async
