#include <zerver/flow/call/policy.h>

#include <algorithm>

namespace zerver::flow {

CallMachine::Next CallMachine::attempt(TimePoint now) noexcept {
  if (now >= deadline_) return {Action::kExpire};
  ++attempts_;
  return {Action::kAttempt, std::min(now + policy_->timeout, deadline_)};
}

CallMachine::Next CallMachine::failed(FaultKind kind, TimePoint now, Random& random) noexcept {
  if (now >= deadline_) return {Action::kExpire};
  if (attempts_ > policy_->retries || !policy_->retry_on.contains(kind)) return {Action::kFail};
  const auto longest = static_cast<std::uint64_t>(longest_wait().nanoseconds);
  const TimePoint until = now + Duration{static_cast<std::int64_t>(random.below(longest + 1))};
  if (until >= deadline_) return {Action::kFail};
  return {Action::kWait, until};
}

CallMachine::Next CallMachine::timed_out(TimePoint now, Random& random) noexcept {
  return failed(FaultKind::kTimeout, now, random);
}

// Of the retry that comes next: the first wait, doubled with each retry before, up to the cap.
Duration CallMachine::longest_wait() const noexcept {
  const std::int64_t cap = std::max(policy_->backoff_first, policy_->backoff_cap).nanoseconds;
  std::int64_t wait = policy_->backoff_first.nanoseconds;
  for (std::uint32_t retry = 1; retry < attempts_ && wait < cap; ++retry)
    wait = wait > cap / 2 ? cap : wait * 2;
  return {wait};
}

}  // namespace zerver::flow
