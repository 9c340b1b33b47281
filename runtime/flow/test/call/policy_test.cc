#include "tests/support/times.h"
#include <zerver/core/random.h>
#include <zerver/flow/call/policy.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace zerver::flow {
namespace {

using Action = CallMachine::Action;

using zerver::test::at;
using zerver::test::ms;

// Always the longest wait, or none.
class Fixed final : public Random {
 public:
  explicit Fixed(bool longest) noexcept : number_(longest ? ~std::uint64_t{0} : 1) {}
  std::uint64_t u64() noexcept override { return number_; }

 private:
  std::uint64_t number_;
};

constexpr CallPolicy kMoney{.timeout = ms(300),
                            .retries = 2,
                            .backoff_first = ms(20),
                            .backoff_cap = ms(40),
                            .retry_on = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout)};

TEST(CallMachine, BoundsAnAttemptByTimeoutAndDeadline) {
  CallMachine far(kMoney, at(10'000));
  EXPECT_EQ(far.attempt(at(5)).until, at(305));
  CallMachine near(kMoney, at(100));
  EXPECT_EQ(near.attempt(at(5)).until, at(100));
  const CallPolicy patient;
  CallMachine never(patient, TimePoint::never());
  EXPECT_EQ(never.attempt(at(5)).until, TimePoint::never());
}

struct WorstCase {
  std::int64_t timeout;
  std::uint32_t retries;
  std::int64_t first, cap;
  std::uint32_t hedges;
  std::int64_t after, worst;
};
constexpr WorstCase kWorstCases[] = {
#define WORST_CASE(Timeout, Retries, First, Cap, Hedges, After, Worst) \
  {Timeout, Retries, First, Cap, Hedges, After, Worst},
#include "tests/timing/worst_cases.def"
#undef WORST_CASE
};

// One attempt with all its hedges, none of which is answered: what the machine says when the last has timed
// out.
CallMachine::Next time_out(CallMachine& machine, TimePoint& now, Random& random) {
  std::vector<TimePoint> ends;
  CallMachine::Next next = machine.attempt(now);
  ends.push_back(next.until);
  while (next.hedge_at != TimePoint::never()) {
    next = machine.hedge(next.hedge_at);
    ends.push_back(next.until);
  }
  for (std::size_t copy = 0; copy < ends.size(); ++copy) {
    now = ends[copy];
    next = machine.timed_out(now, random);
    EXPECT_EQ(next.action == Action::kGoOn, copy + 1 < ends.size());
  }
  return next;
}

TEST(CallMachine, TakesAsLongAsItsPolicySaysAtMost) {
  for (const WorstCase& each : kWorstCases) {
    Fixed longest(true);
    const CallPolicy policy{.timeout = ms(each.timeout),
                            .retries = each.retries,
                            .backoff_first = ms(each.first),
                            .backoff_cap = ms(each.cap),
                            .retry_on = kMoney.retry_on,
                            .hedges = each.hedges,
                            .hedge_after = ms(each.after)};
    CallMachine machine(policy, TimePoint::never());
    TimePoint now = at(0);
    std::uint32_t waits = 0;
    for (auto next = time_out(machine, now, longest); next.action == Action::kWait;
         next = time_out(machine, now, longest)) {
      ++waits;
      now = next.until;
    }
    EXPECT_EQ(waits, each.retries) << each.worst;
    EXPECT_EQ(now, at(each.worst)) << each.worst;
  }
}

TEST(CallMachine, DoublesTheWaitUpToTheCap) {
  Fixed longest(true);
  const CallPolicy policy{
      .retries = 5, .backoff_first = ms(10), .backoff_cap = ms(35), .retry_on = kMoney.retry_on};
  CallMachine machine(policy, TimePoint::never());
  std::vector<std::int64_t> waits;
  for (int retry = 0; retry < 5; ++retry) {
    machine.attempt(at(0));
    waits.push_back(machine.failed(FaultKind::kUnavailable, at(0), longest).until.nanoseconds / 1'000'000);
  }
  EXPECT_EQ(waits, (std::vector<std::int64_t>{10, 20, 35, 35, 35}));
}

TEST(CallMachine, WaitsForAnyTimeUpToTheLongest) {
  Fixed none(false);
  CallMachine machine(kMoney, TimePoint::never());
  machine.attempt(at(0));
  EXPECT_EQ(machine.failed(FaultKind::kTimeout, at(7), none).until, at(7));
  SeededRandom random(1);
  Duration sum;
  for (int draw = 0; draw < 1'000; ++draw) {
    CallMachine again(kMoney, TimePoint::never());
    again.attempt(at(0));
    sum = sum + (again.failed(FaultKind::kTimeout, at(0), random).until - at(0));
  }
  EXPECT_NEAR(static_cast<double>(sum.nanoseconds) / 1e9, 10.0, 0.5);
}

TEST(CallMachine, RepeatsOnlyWhatThePolicyNames) {
  Fixed none(false);
  CallMachine machine(kMoney, TimePoint::never());
  machine.attempt(at(0));
  EXPECT_EQ(machine.failed(FaultKind::kConflict, at(0), none).action, Action::kFail);
  const CallPolicy once{.timeout = ms(50)};
  CallMachine single(once, TimePoint::never());
  single.attempt(at(0));
  EXPECT_EQ(single.timed_out(at(50), none).action, Action::kFail);
  EXPECT_EQ(single.attempts(), 1U);
}

TEST(CallMachine, AsksTheStatusBeforeTheKind) {
  const CallPolicy policy{.retries = 5,
                          .retry_on = FaultKinds::of(FaultKind::kUnavailable),
                          .retry_on_status = StatusSet::of(423, 599),
                          .no_retry_on_status = StatusSet::of(300, 429)};
  Fixed random(false);
  const auto after = [&](FaultKind kind, std::uint16_t status) {
    CallMachine machine(policy, at(1'000));
    machine.attempt(at(0));
    return machine.failed(Failure(Fault{kind, {}, {}, status}), at(1), random).action;
  };
  EXPECT_EQ(after(FaultKind::kRejected, 423), Action::kWait);
  EXPECT_EQ(after(FaultKind::kUnavailable, 599), Action::kWait);
  EXPECT_EQ(after(FaultKind::kUnavailable, 429), Action::kFail);
  EXPECT_EQ(after(FaultKind::kUnavailable, 300), Action::kFail);
  EXPECT_EQ(after(FaultKind::kUnavailable, 503), Action::kWait);
  EXPECT_EQ(after(FaultKind::kRejected, 402), Action::kFail);
  EXPECT_EQ(after(FaultKind::kUnavailable, 0), Action::kWait);
}

TEST(CallMachine, WaitsAsLongAsItIsAskedTo) {
  for (const bool longest : {false, true}) {
    Fixed random(longest);
    CallMachine machine(kMoney, at(1'000));
    machine.attempt(at(0));
    const Fault busy{FaultKind::kUnavailable, {}, {}, 503, ms(100)};
    const CallMachine::Next next = machine.failed(Failure(busy), at(1), random);
    EXPECT_EQ(next.action, Action::kWait);
    EXPECT_EQ(next.until, at(101));
    machine.attempt(at(101));
    const Fault closed{FaultKind::kUnavailable, {}, {}, 503, ms(900)};
    EXPECT_EQ(machine.failed(Failure(closed), at(110), random).action, Action::kFail);
  }
}

TEST(StatusSet, HasWhatItIsMadeOf) {
  constexpr StatusSet set = StatusSet::of(300, 402, 599);
  for (unsigned status = 0; status < 1000; ++status)
    EXPECT_EQ(set.contains(static_cast<std::uint16_t>(status)),
              status == 300 || status == 402 || status == 599);
  EXPECT_TRUE(StatusSet().empty());
  EXPECT_FALSE(set.empty());
}

TEST(CallMachine, EndsAtTheDeadline) {
  Fixed longest(true);
  CallMachine machine(kMoney, at(310));
  EXPECT_EQ(machine.attempt(at(310)).action, Action::kExpire);
  machine.attempt(at(0));
  EXPECT_EQ(machine.timed_out(at(310), longest).action, Action::kExpire);
  // No time is left behind the wait: the last fault is the answer, at once.
  EXPECT_EQ(machine.timed_out(at(300), longest).action, Action::kFail);
}

}  // namespace
}  // namespace zerver::flow
