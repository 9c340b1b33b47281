// How long effects and groups can keep a flow waiting, by docs/language.md.

#include "tests/oracle/enumerate.h"

#include <algorithm>

namespace oracle {

Time add(Time left, Time right) {
  return left == kUnbounded || right == kUnbounded || left > kUnbounded - right ? kUnbounded : left + right;
}

Time times(Time time, std::uint64_t count) {
  Time sum = 0;
  for (std::uint64_t i = 0; i < count; ++i)
    sum = add(sum, time);
  return sum;
}

Time worst_of(const Effect& effect) {
  const Policy& policy = effect.policy;
  // What docs/effects.md says of an adapter that is none of the standard ones: no flow here has a deadline.
  constexpr Time kDefaultTimeout = 30'000 * kMillisecond;
  const Time timeout = policy.timeout == 0 ? kDefaultTimeout : policy.timeout;
  // The last hedge starts when each one before it has had its delay, and has its whole timeout.
  const Time attempt = timeout + policy.hedges * policy.hedge_after;
  Time sum = attempt;
  Time pause = policy.least_backoff;
  for (std::uint32_t retry = 0; retry < policy.retries; ++retry) {
    sum += std::min(pause, policy.most_backoff) + attempt;
    pause *= 2;
  }
  return sum;
}

Time worst_of(const Group& group) {
  struct Part {
    Time time = 0;
    bool optional = false;
  };
  std::vector<Part> parts;
  for (const Member& member : group.members) {
    Time time = worst_of(member.effect);
    if (group.join == Join::kHedge && time != kUnbounded) time += group.count * group.after;
    parts.push_back({time, member.optional});
  }
  for (const Group& nested : group.nested)
    parts.push_back({worst_of(nested), false});

  Time sum = 0, longest = 0, shortest = kUnbounded, required = 0;
  for (const Part& part : parts) {
    sum = add(sum, part.time);
    longest = std::max(longest, part.time);
    shortest = std::min(shortest, part.time);
    if (!part.optional) required = std::max(required, part.time);
  }
  switch (group.join) {
    case Join::kSequential:
      return sum;
    case Join::kAllRequired:
      return required;
    case Join::kAny:
    case Join::kRace:
      return shortest;
    case Join::kAll:
    case Join::kFirstSuccess:  // all of them fail, the slowest last
    case Join::kQuorum:        // all but one are undecided
    case Join::kHedge:
      return longest;
  }
  return longest;
}

}  // namespace oracle
