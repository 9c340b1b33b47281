#include <zerver/async/timer_wheel.h>

#include <bit>

namespace zerver::async {

namespace {

constexpr std::uint16_t kNoSlot = 0xFFFF;

void never_fires(Timer&) noexcept {}

std::uint64_t ticks(TimePoint time, std::int64_t rounding) noexcept {
  const std::int64_t nanoseconds = (time + Duration{rounding}).nanoseconds;
  return nanoseconds <= 0 ? 0 : static_cast<std::uint64_t>(nanoseconds / TimerWheel::kTick.nanoseconds);
}

}  // namespace

// --- Rings ---

TimerWheel::Ring::Ring() noexcept : Timer(never_fires) {
  previous_ = this;
  next_ = this;
}

bool TimerWheel::Ring::empty() const noexcept { return next_ == this; }

void TimerWheel::Ring::append(Timer& timer) noexcept {
  timer.previous_ = previous_;
  timer.next_ = this;
  previous_->next_ = &timer;
  previous_ = &timer;
}

void TimerWheel::Ring::take(Ring& other) noexcept {
  while (!other.empty())
    append(other.pop());
}

Timer& TimerWheel::Ring::pop() noexcept {
  Timer& timer = *next_;
  next_ = timer.next_;
  next_->previous_ = this;
  timer.previous_ = nullptr;
  timer.next_ = nullptr;
  return timer;
}

// --- The wheel ---

TimerWheel::TimerWheel(TimePoint now) noexcept : tick_(ticks(now, 0)) {}

void TimerWheel::start(Timer& timer, TimePoint when) noexcept {
  stop(timer);
  timer.when_ = when;
  timer.tick_ = ticks(when, kTick.nanoseconds - 1);
  link(timer);
  ++size_;
}

void TimerWheel::stop(Timer& timer) noexcept {
  if (!timer.running()) return;
  unlink(timer);
  --size_;
}

void TimerWheel::link(Timer& timer) noexcept {
  // The level is that of the highest digit, to the base of kSlots, in which the timer's tick differs from
  // now. The last level also holds its next turn; what is beyond that waits in the slot that comes last.
  const std::uint64_t tick = timer.tick_ > tick_ ? timer.tick_ : tick_ + 1;
  const auto highest = static_cast<std::size_t>(std::bit_width(tick ^ tick_) - 1);
  std::size_t level = highest / kBits;
  std::size_t index = (tick >> (level * kBits)) % kSlots;
  if (level >= kLevels) {
    level = kLevels - 1;
    const bool in_next_turn = tick - tick_ < std::uint64_t{1} << (kLevels * kBits);
    index = ((in_next_turn ? tick : tick_) >> (level * kBits)) % kSlots;
  }
  timer.slot_ = static_cast<std::uint16_t>(level * kSlots + index);
  slots_[timer.slot_].append(timer);
  occupied_[level] |= std::uint64_t{1} << index;
}

void TimerWheel::unlink(Timer& timer) noexcept {
  timer.previous_->next_ = timer.next_;
  timer.next_->previous_ = timer.previous_;
  timer.previous_ = nullptr;
  timer.next_ = nullptr;
  if (timer.slot_ != kNoSlot && slots_[timer.slot_].empty()) {
    occupied_[timer.slot_ / kSlots] &= ~(std::uint64_t{1} << (timer.slot_ % kSlots));
  }
}

std::optional<TimerWheel::Event> TimerWheel::next_event() const noexcept {
  for (std::size_t level = 0; level < kLevels; ++level) {
    // Slots ahead of now in this turn of the level; in the last level, the others belong to its next turn.
    const std::size_t shift = level * kBits;
    const std::size_t now = (tick_ >> shift) % kSlots;
    const std::uint64_t turn = tick_ >> shift >> kBits;
    const std::uint64_t ahead = now + 1 == kSlots ? 0 : occupied_[level] >> (now + 1) << (now + 1);
    if (ahead != 0) {
      const auto index = static_cast<std::size_t>(std::countr_zero(ahead));
      return Event{level, index, (turn << kBits | index) << shift};
    }
    if (level + 1 == kLevels && occupied_[level] != 0) {
      const auto index = static_cast<std::size_t>(std::countr_zero(occupied_[level]));
      return Event{level, index, ((turn + 1) << kBits | index) << shift};
    }
  }
  return std::nullopt;
}

void TimerWheel::empty_slot(std::size_t level, std::size_t index, Ring& into) noexcept {
  into.take(slots_[level * kSlots + index]);
  occupied_[level] &= ~(std::uint64_t{1} << index);
}

void TimerWheel::advance(TimePoint now) noexcept {
  const std::uint64_t target = ticks(now, 0);
  Ring due;
  for (auto event = next_event(); event && event->tick <= target; event = next_event()) {
    tick_ = event->tick;
    Ring sorted;
    empty_slot(event->level, event->index, sorted);
    while (!sorted.empty()) {
      Timer& timer = sorted.pop();
      if (timer.tick_ > tick_) {
        link(timer);
      } else {
        timer.slot_ = kNoSlot;
        due.append(timer);
      }
    }
    while (!due.empty()) {
      Timer& timer = due.pop();
      --size_;
      timer.fire_(timer);
    }
  }
  if (target > tick_) tick_ = target;
}

TimePoint TimerWheel::next() const noexcept {
  const std::optional<Event> event = next_event();
  if (!event) return TimePoint::never();
  return {static_cast<std::int64_t>(event->tick) * kTick.nanoseconds};
}

}  // namespace zerver::async
