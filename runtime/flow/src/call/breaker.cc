#include <zerver/flow/call/breaker.h>

#include <algorithm>

namespace zerver::flow {

BreakerMachine::BreakerMachine(const BreakerPolicy& policy) : policy_(policy), last_(policy.of) {}

BreakerMachine::Permit BreakerMachine::allow(TimePoint now) noexcept {
  const bool was_open = state_ == State::kOpen;
  switch (state_) {
    case State::kClosed:
      return {.granted = true, .epoch = epoch_};
    case State::kOpen:
      if (now < until_) return {};
      change(State::kHalfOpen);
      break;
    case State::kHalfOpen:
      if (probing_ && now < until_) return {};
      if (probing_) ++epoch_;  // nobody has heard of the probe: what becomes of it does not count any more
      break;
  }
  probing_ = true;
  until_ = now + policy_.open;
  return {.granted = true, .half_opened = was_open, .epoch = epoch_};
}

std::optional<BreakerMachine::State> BreakerMachine::ended(Permit permit, bool failed,
                                                           TimePoint now) noexcept {
  if (!permit.granted || permit.epoch != epoch_) return std::nullopt;
  if (state_ == State::kHalfOpen) {
    if (failed) {
      open(now);
    } else {
      change(State::kClosed);
    }
    return state_;
  }
  remember(failed);
  const auto all = static_cast<std::uint32_t>(last_.size());
  if (remembered_ != all || std::uint64_t{failures_} * 100 < std::uint64_t{policy_.percent} * all)
    return std::nullopt;
  open(now);
  return state_;
}

void BreakerMachine::forget(Permit permit) noexcept {
  if (permit.granted && permit.epoch == epoch_ && state_ == State::kHalfOpen) probing_ = false;
}

void BreakerMachine::open(TimePoint now) noexcept {
  change(State::kOpen);
  until_ = now + policy_.open;
  ++openings_;
}

void BreakerMachine::change(State state) noexcept {
  state_ = state;
  ++epoch_;
  probing_ = false;
  next_ = remembered_ = failures_ = 0;
  last_.assign(last_.size(), false);
}

void BreakerMachine::remember(bool failed) noexcept {
  if (last_[next_]) --failures_;  // the oldest one, once all are used
  last_[next_] = failed;
  if (failed) ++failures_;
  next_ = next_ + 1 == last_.size() ? 0 : next_ + 1;
  remembered_ = std::min(remembered_ + 1, static_cast<std::uint32_t>(last_.size()));
}

}  // namespace zerver::flow
