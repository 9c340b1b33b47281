// What a `.flow` file says about calls and targets; and timeout, retry and backoff as a state machine: what
// happened goes in, what to do next comes out.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/random.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/status_set.h>

#include <cstdint>

namespace zerver::flow {

// `policy p { timeout 300ms; retry 2 backoff 20ms..40ms on Unavailable; }`
struct CallPolicy {
  Duration timeout = Duration::max();  // of one attempt
  std::uint32_t retries = 0;
  Duration backoff_first = {};  // the longest wait before the first retry; it doubles with each, up to
  Duration backoff_cap = {};    // this
  FaultKinds retry_on = {};
  // A failure with one of these statuses is retried, or is not, whatever its kind is.
  StatusSet retry_on_status = {};
  StatusSet no_retry_on_status = {};
  std::uint32_t hedges = 0;   // so many more copies of an attempt, each started
  Duration hedge_after = {};  // so long behind the one before it; the first success counts
};

// `rate 10 per 1s`: at most so many calls in any span of that length, in the whole process. One more fails
// with `unavailable` at once.
struct RateInfo {
  std::uint32_t count = 1;
  Duration per = Duration::from_seconds(1);
};

// `breaker 50% of 20 open 5s`: when that part of the last `of` attempts failed, none is started for `open`.
struct BreakerPolicy {
  std::uint32_t percent = 0;  // 0: there is no breaker
  std::uint32_t of = 20;
  Duration open = Duration::from_seconds(1);
};

// What a retry depends on.
struct Failure {
  // Implicit, because the kind is all that there is to most failures.
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Failure(FaultKind its_kind) noexcept : kind(its_kind) {}
  constexpr explicit Failure(const Fault& fault) noexcept
      : kind(fault.kind), status(fault.status), retry_after(fault.retry_after) {}

  FaultKind kind;
  std::uint16_t status = 0;
  Duration retry_after = {};  // the wait before a retry is that long at least
};

// The waits are drawn evenly from zero to their longest ("full jitter", Brooker, "Exponential Backoff And
// Jitter", 2015). The deadline caps everything: no attempt outlasts it, and no retry is planned that would
// begin after it. An attempt may have copies ("hedged requests", Dean and Barroso, "The Tail at Scale",
// 2013): each has the timeout for itself, the first success is that of the attempt, and it fails when all
// copies that were begun have; none is begun behind that.
class CallMachine {
 public:
  enum class Action : std::uint8_t {
    kAttempt,  // start an attempt, or a copy of it, and end it at `until`
    kWait,     // do nothing until `until`
    kGoOn,     // other copies of the attempt are under way
    kFail,     // give up, with the fault of the attempt
    kExpire,   // give up: the deadline has passed
  };
  struct Next {
    Action action;
    TimePoint until = TimePoint::never();
    TimePoint hedge_at =
        TimePoint::never();  // of kAttempt: when hedge() is to be called, if nothing ended it
  };

  // `otherwise` is the timeout of an attempt that neither the policy nor the deadline ends.
  CallMachine(const CallPolicy& policy, TimePoint deadline, Duration otherwise = Duration::max()) noexcept
      : policy_(&policy),
        deadline_(deadline),
        timeout_(policy.timeout == Duration::max() && deadline == TimePoint::never() ? otherwise
                                                                                     : policy.timeout) {}

  // At the beginning, and when a wait is over.
  Next attempt(TimePoint now) noexcept;
  // `hedge_at` has come: a copy is begun. When it cannot be, hedge_skipped() follows.
  Next hedge(TimePoint now) noexcept;
  void hedge_skipped() noexcept { --running_; }
  // One copy has failed; of several, `failure` is that of the first one that was begun.
  Next failed(const Failure& failure, TimePoint now, Random& random) noexcept;
  // Its time is over: failed() with kTimeout when the deadline is still ahead, else kExpire.
  Next timed_out(TimePoint now, Random& random) noexcept;

  std::uint32_t attempts() const noexcept { return attempts_; }
  // Of an attempt; max(): only the deadline ends it.
  Duration timeout() const noexcept { return timeout_; }

 private:
  bool retries(const Failure& failure) const noexcept;
  Duration longest_wait() const noexcept;
  TimePoint end_of_copy(TimePoint now) const noexcept;
  TimePoint next_hedge(TimePoint now) const noexcept;

  const CallPolicy* policy_;
  TimePoint deadline_;
  Duration timeout_;
  std::uint32_t attempts_ = 0;
  std::uint32_t hedges_ = 0;   // of this attempt, begun or skipped
  std::uint32_t running_ = 0;  // copies of this attempt
};

}  // namespace zerver::flow
