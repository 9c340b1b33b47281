#include <zerver/flow/call/policy.h>

#include <algorithm>

namespace zerver::flow {

TimePoint CallMachine::end_of_copy(TimePoint now) const noexcept {
  return std::min(now + timeout_, deadline_);
}

TimePoint CallMachine::next_hedge(TimePoint now) const noexcept {
  return hedges_ < policy_->hedges ? now + policy_->hedge_after : TimePoint::never();
}

CallMachine::Next CallMachine::attempt(TimePoint now) noexcept {
  if (now >= deadline_) return {Action::kExpire};
  ++attempts_;
  hedges_ = 0;
  running_ = 1;
  return {Action::kAttempt, end_of_copy(now), next_hedge(now)};
}

CallMachine::Next CallMachine::hedge(TimePoint now) noexcept {
  ++hedges_;
  ++running_;
  return {Action::kAttempt, end_of_copy(now), next_hedge(now)};
}

CallMachine::Next CallMachine::failed(const Failure& failure, TimePoint now, Random& random) noexcept {
  if (now >= deadline_) return {Action::kExpire};
  if (running_ > 1) {
    --running_;
    return {Action::kGoOn};
  }
  if (attempts_ > policy_->retries || !retries(failure)) return {Action::kFail};
  const auto longest = static_cast<std::uint64_t>(longest_wait().nanoseconds);
  const Duration drawn{static_cast<std::int64_t>(random.below(longest + 1))};
  const TimePoint until = now + std::max(drawn, failure.retry_after);
  if (until >= deadline_) return {Action::kFail};
  return {Action::kWait, until};
}

CallMachine::Next CallMachine::timed_out(TimePoint now, Random& random) noexcept {
  return failed(FaultKind::kTimeout, now, random);
}

bool CallMachine::retries(const Failure& failure) const noexcept {
  if (policy_->retry_on_status.contains(failure.status)) return true;
  if (policy_->no_retry_on_status.contains(failure.status)) return false;
  return policy_->retry_on.contains(failure.kind);
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
