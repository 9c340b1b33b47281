// Timeout, retry and backoff as a state machine: what happened goes in, what to do next comes out.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/random.h>
#include <zerver/core/time.h>

#include <cstdint>

namespace zerver::flow {

// `policy p { timeout 300ms; retry 2 backoff 20ms..40ms on Unavailable; }`
struct CallPolicy {
  Duration timeout = Duration::max();  // of one attempt
  std::uint32_t retries = 0;
  Duration backoff_first = {};  // the longest wait before the first retry; it doubles with each, up to
  Duration backoff_cap = {};    // this
  FaultKinds retry_on = {};
};

// The waits are drawn evenly from zero to their longest ("full jitter", Brooker, "Exponential Backoff And
// Jitter", 2015). The deadline caps everything: no attempt outlasts it, and no retry is planned that would
// begin after it.
class CallMachine {
 public:
  enum class Action : std::uint8_t {
    kAttempt,  // start an attempt and end it at `until`
    kWait,     // do nothing until `until`
    kFail,     // give up, with the last fault
    kExpire,   // give up: the deadline has passed
  };
  struct Next {
    Action action;
    TimePoint until = TimePoint::never();
  };

  CallMachine(const CallPolicy& policy, TimePoint deadline) noexcept
      : policy_(&policy), deadline_(deadline) {}

  // At the beginning, and when a wait is over.
  Next attempt(TimePoint now) noexcept;
  // The attempt failed.
  Next failed(FaultKind kind, TimePoint now, Random& random) noexcept;
  // The attempt's time is over: failed() with kTimeout follows when the deadline is still ahead, else
  // kExpire.
  Next timed_out(TimePoint now, Random& random) noexcept;

  std::uint32_t attempts() const noexcept { return attempts_; }

 private:
  Duration longest_wait() const noexcept;

  const CallPolicy* policy_;
  TimePoint deadline_;
  std::uint32_t attempts_ = 0;
};

}  // namespace zerver::flow
