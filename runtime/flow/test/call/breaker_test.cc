#include "tests/support/times.h"
#include <zerver/core/random.h>
#include <zerver/flow/call/breaker.h>
#include <zerver/flow/call/budget.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace zerver::flow {
namespace {

using State = BreakerMachine::State;

using zerver::test::at;
using zerver::test::ms;

constexpr BreakerPolicy kHalfOfFour{.percent = 50, .of = 4, .open = ms(100)};

void end_one(BreakerMachine& breaker, bool failed, TimePoint now) {
  const BreakerMachine::Permit permit = breaker.allow(now);
  ASSERT_TRUE(permit);
  breaker.ended(permit, failed, now);
}

// Closed until four are known and half of them failed.
BreakerMachine opened_at(TimePoint now) {
  BreakerMachine breaker(kHalfOfFour);
  for (const bool failed : {true, false, false, true})
    end_one(breaker, failed, now);
  return breaker;
}

TEST(Breaker, OpensWhenThatPartOfTheLastAttemptsFailed) {
  BreakerMachine breaker(kHalfOfFour);
  for (const bool failed : {true, false, false}) {
    end_one(breaker, failed, at(0));
    EXPECT_EQ(breaker.state(), State::kClosed);
  }
  end_one(breaker, false, at(0));
  end_one(breaker, true, at(0));  // the first failure is not among the last four any more
  EXPECT_EQ(breaker.state(), State::kClosed);
  end_one(breaker, true, at(0));
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_EQ(breaker.openings(), 1U);
}

TEST(Breaker, DoesNotOpenBeforeEnoughIsKnown) {
  BreakerMachine breaker(kHalfOfFour);
  for (int attempt = 0; attempt < 3; ++attempt)
    end_one(breaker, true, at(0));
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(Breaker, LetsNothingThroughWhileItIsOpen) {
  BreakerMachine breaker = opened_at(at(10));
  EXPECT_FALSE(breaker.allow(at(10)));
  EXPECT_FALSE(breaker.allow(at(109)));
  EXPECT_TRUE(breaker.allow(at(110)));
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
}

TEST(Breaker, LetsOneAttemptThroughWhenItIsHalfOpen) {
  BreakerMachine breaker = opened_at(at(0));
  const BreakerMachine::Permit probe = breaker.allow(at(100));
  EXPECT_TRUE(probe);
  EXPECT_FALSE(breaker.allow(at(101)));
  breaker.ended(probe, false, at(120));
  EXPECT_EQ(breaker.state(), State::kClosed);
  // Nothing is remembered: three failures do not open it.
  for (int attempt = 0; attempt < 3; ++attempt)
    end_one(breaker, true, at(120));
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(Breaker, OpensAgainWhenTheProbeFails) {
  BreakerMachine breaker = opened_at(at(0));
  breaker.ended(breaker.allow(at(100)), true, at(130));
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_FALSE(breaker.allow(at(229)));
  EXPECT_TRUE(breaker.allow(at(230)));
  EXPECT_EQ(breaker.openings(), 2U);
}

TEST(Breaker, TakesAnotherProbeWhenOneIsForgottenOrNeverEnds) {
  BreakerMachine breaker = opened_at(at(0));
  breaker.forget(breaker.allow(at(100)));
  const BreakerMachine::Permit silent = breaker.allow(at(101));
  EXPECT_TRUE(silent);
  EXPECT_FALSE(breaker.allow(at(200)));
  EXPECT_TRUE(breaker.allow(at(201)));
  breaker.ended(silent, true, at(202));  // it does not count any more
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
}

TEST(Breaker, IgnoresHowAttemptsOfAnEarlierStateWent) {
  BreakerMachine breaker(kHalfOfFour);
  const BreakerMachine::Permit slow = breaker.allow(at(0));
  for (int attempt = 0; attempt < 4; ++attempt)
    end_one(breaker, true, at(0));
  ASSERT_EQ(breaker.state(), State::kOpen);
  const BreakerMachine::Permit probe = breaker.allow(at(100));
  breaker.ended(slow, false, at(100));
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
  breaker.ended(probe, true, at(101));
  EXPECT_EQ(breaker.state(), State::kOpen);
}

// A reference that keeps everything and looks at all of it each time.
TEST(Breaker, AgreesWithAReferenceForAMillionOperations) {
  SeededRandom random(7);
  for (int round = 0; round < 100; ++round) {
    const BreakerPolicy policy{.percent = static_cast<std::uint32_t>(1 + random.below(100)),
                               .of = static_cast<std::uint32_t>(1 + random.below(12)),
                               .open = ms(static_cast<std::int64_t>(1 + random.below(20)))};
    BreakerMachine breaker(policy);
    std::deque<bool> last;
    TimePoint open_until = {};
    State state = State::kClosed;
    TimePoint now = {};
    for (int operation = 0; operation < 10'000; ++operation) {
      now = now + Duration{static_cast<std::int64_t>(random.below(3'000'000))};
      const bool allowed = state != State::kOpen || now >= open_until;
      const BreakerMachine::Permit permit = breaker.allow(now);
      ASSERT_EQ(permit.granted, allowed);
      if (!allowed) continue;
      const bool failed = random.below(2) == 0;
      breaker.ended(permit, failed, now);
      if (state == State::kOpen) {
        last.clear();
        state = failed ? State::kOpen : State::kClosed;
      } else {
        last.push_back(failed);
        if (last.size() > policy.of) last.pop_front();
        const auto failures = static_cast<std::size_t>(std::ranges::count(last, true));
        if (last.size() == policy.of && failures * 100 >= policy.percent * last.size()) state = State::kOpen;
      }
      if (state == State::kOpen) open_until = now + policy.open;
      ASSERT_EQ(breaker.state(), state);
    }
  }
}

TEST(RetryBudget, AllowsThatPartOfTheCalls) {
  RetryBudget budget(10);
  EXPECT_FALSE(budget.withdraw());
  int retries = 0;
  for (int call = 1; call <= 1'000; ++call) {
    budget.deposit();
    if (budget.withdraw()) ++retries;
    ASSERT_LE(retries * 10, call);
  }
  EXPECT_EQ(retries, 100);
}

TEST(RetryBudget, KeepsSomeForLater) {
  RetryBudget budget(50);
  for (int call = 0; call < 10'000; ++call)
    budget.deposit();
  EXPECT_EQ(budget.left(), RetryBudget::kReserve);
  EXPECT_TRUE(budget.withdraw());
  budget.put_back();
  EXPECT_EQ(budget.left(), RetryBudget::kReserve);
}

TEST(Rate, HoldsInEveryWindow) {
  Rate rate({.count = 2, .per = ms(10)});
  EXPECT_TRUE(rate.take(at(0)));
  EXPECT_TRUE(rate.take(at(9)));
  EXPECT_FALSE(rate.take(at(9)));
  EXPECT_TRUE(rate.take(at(10)));
  EXPECT_FALSE(rate.take(at(18)));
  EXPECT_TRUE(rate.take(at(19)));
}

TEST(Rate, TakesTheLatestOfTheClocksOfSeveralLoops) {
  Rate rate({.count = 1, .per = ms(10)});
  EXPECT_TRUE(rate.take(at(20)));
  EXPECT_FALSE(rate.take(at(5)));
  EXPECT_TRUE(rate.take(at(30)));
}

}  // namespace
}  // namespace zerver::flow
