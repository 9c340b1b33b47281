#include "tests/support/times.h"
#include <zerver/async/rate/keyed_limiter.h>
#include <zerver/async/rate/leaky_bucket.h>
#include <zerver/async/rate/sliding_window.h>
#include <zerver/async/rate/token_bucket.h>
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace zerver::async {
namespace {

static_assert(RateLimiter<TokenBucket> && RateLimiter<LeakyBucket> && RateLimiter<SlidingWindow>);

constexpr RateLimit kTenASecond{10, Duration::from_seconds(1)};

using test::at;
constexpr Admission yes(std::int64_t milliseconds = 0) {
  return {true, Duration::from_milliseconds(milliseconds)};
}
constexpr Admission no(std::int64_t milliseconds) {
  return {false, Duration::from_milliseconds(milliseconds)};
}

TEST(TokenBucket, LetsABurstThroughThenTheRate) {
  TokenBucket bucket(kTenASecond, at(0));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(bucket.take(at(0)), yes());
  EXPECT_EQ(bucket.take(at(0)), no(100));
  EXPECT_EQ(bucket.take(at(99)), no(1));
  EXPECT_EQ(bucket.take(at(100)), yes());
  EXPECT_EQ(bucket.take(at(100)), no(100));
  EXPECT_EQ(bucket.available(at(350)), 2U);
  EXPECT_FALSE(bucket.idle(at(1099)));
  EXPECT_TRUE(bucket.idle(at(1100)));
  EXPECT_EQ(bucket.available(at(100'000)), 10U);
}

TEST(TokenBucket, RefusesWhatItCanNeverHold) {
  TokenBucket bucket({10, Duration::from_seconds(1), 5}, at(0));
  EXPECT_EQ(bucket.take(at(0), 6), (Admission{false, Duration::max()}));
  EXPECT_EQ(bucket.take(at(0), 5), yes());
}

TEST(TokenBucket, LosesNothingToRounding) {
  // Three in seven nanoseconds, asked every nanosecond.
  TokenBucket bucket({3, Duration{7}, 2}, TimePoint{0});
  EXPECT_TRUE(bucket.take(TimePoint{0}, 2));
  int admitted = 0;
  for (std::int64_t now = 1; now <= 7'000; ++now)
    admitted += bucket.take(TimePoint{now}).admitted ? 1 : 0;
  EXPECT_EQ(admitted, 3'000);
}

TEST(TokenBucket, HoldsLimitsBeyondAllReason) {
  const RateLimit limit{4'294'967'291, Duration{86'400'000'000'001}, 4'294'967'291};
  TokenBucket bucket(limit, TimePoint{0});
  EXPECT_TRUE(bucket.take(TimePoint{0}));
  EXPECT_TRUE(bucket.idle(TimePoint::never()));
}

TEST(LeakyBucket, LeavesAtEqualDistances) {
  LeakyBucket bucket({10, Duration::from_seconds(1), 3}, at(0));
  EXPECT_EQ(bucket.take(at(0)), yes(0));
  EXPECT_EQ(bucket.take(at(0)), yes(100));
  EXPECT_EQ(bucket.take(at(0)), yes(200));
  EXPECT_EQ(bucket.take(at(0)), yes(300));
  EXPECT_EQ(bucket.take(at(0)), no(100));
  EXPECT_EQ(bucket.take(at(50)), no(50));
  EXPECT_EQ(bucket.take(at(100)), yes(300));
  EXPECT_FALSE(bucket.idle(at(499)));
  EXPECT_TRUE(bucket.idle(at(500)));
  EXPECT_EQ(bucket.take(at(900)), yes(0));
}

TEST(LeakyBucket, CarriesTheRestOfADivision) {
  LeakyBucket bucket({3, Duration{10}, 3'000}, TimePoint{0});
  std::vector<std::int64_t> departures;
  for (int i = 0; i < 3'000; ++i)
    departures.push_back(bucket.take(TimePoint{0}).wait.nanoseconds);
  EXPECT_EQ(departures[3], 10);
  EXPECT_EQ(departures[2'997], 9'990);
}

TEST(LeakyBucket, TakesSeveralPlacesAtOnce) {
  LeakyBucket bucket({10, Duration::from_seconds(1), 4}, at(0));
  EXPECT_EQ(bucket.take(at(0), 3), yes(200));
  EXPECT_EQ(bucket.take(at(0), 3), no(100));
  EXPECT_EQ(bucket.take(at(0), 2), yes(400));
  EXPECT_EQ(bucket.take(at(0), 5), (Admission{false, Duration::max()}));
}

TEST(SlidingWindow, CountsTheLastSpanWhereverItBegins) {
  SlidingWindow window({2, Duration::from_seconds(1)}, at(0));
  EXPECT_EQ(window.take(at(900)), yes());
  EXPECT_EQ(window.take(at(1000)), yes());
  EXPECT_EQ(window.take(at(1100)), no(800));
  EXPECT_EQ(window.used(at(1899)), 2U);
  EXPECT_EQ(window.take(at(1899)), no(1));
  EXPECT_EQ(window.take(at(1900)), yes());
  EXPECT_EQ(window.take(at(1900)), no(100));
  EXPECT_TRUE(window.idle(at(2900)));
}

TEST(SlidingWindow, TakesSeveralOrNone) {
  SlidingWindow window({3, Duration::from_seconds(1)}, at(0));
  EXPECT_EQ(window.take(at(0), 2), yes());
  EXPECT_EQ(window.take(at(100), 2), no(900));
  EXPECT_EQ(window.take(at(100)), yes());
  EXPECT_EQ(window.take(at(500), 3), no(600));
  EXPECT_EQ(window.take(at(500), 4), (Admission{false, Duration::max()}));
  EXPECT_EQ(window.used(at(500)), 3U);
}

// Against random limits and times: the bound holds over every span between two admissions, and what is
// refused is admitted when the wait is over, not a nanosecond before.
template <RateLimiter Limiter> void hold_the_limit(std::uint64_t seed, bool windows_are_exact) {
  SeededRandom random(seed);
  const RateLimit limit{static_cast<std::uint32_t>(1 + random.below(12)),
                        Duration{static_cast<std::int64_t>(1 + random.below(1'000))},
                        static_cast<std::uint32_t>(windows_are_exact ? 0 : random.below(20))};
  TimePoint now{1'000};
  Limiter limiter(limit, now);
  std::vector<std::int64_t> admitted;
  for (int i = 0; i < 400; ++i) {
    now =
        now +
        Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(limit.per.nanoseconds)))};
    const Admission admission = limiter.take(now);
    if (admission) {
      admitted.push_back((now + admission.wait).nanoseconds);
      continue;
    }
    ASSERT_GT(admission.wait.nanoseconds, 0) << "seed " << seed;
    Limiter early = limiter;
    EXPECT_FALSE(early.take(now + (admission.wait - Duration{1}))) << "seed " << seed;
    Limiter in_time = limiter;
    EXPECT_TRUE(in_time.take(now + admission.wait)) << "seed " << seed;
  }
  ASSERT_FALSE(admitted.empty());
  for (std::size_t from = 0; from < admitted.size(); ++from) {
    for (std::size_t to = from; to < admitted.size(); ++to) {
      const auto count = static_cast<std::int64_t>(to - from + 1);
      const std::int64_t span = admitted[to] - admitted[from];
      const std::int64_t at_most = windows_are_exact
                                       ? (span / limit.per.nanoseconds + 1) * limit.count
                                       : limit.depth() + (span + 1) * limit.count / limit.per.nanoseconds + 1;
      ASSERT_LE(count, at_most) << "seed " << seed << " from " << from << " to " << to;
    }
  }
}

TEST(RateLimiters, HoldTheirLimitOverEverySpan) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    hold_the_limit<TokenBucket>(seed, false);
    hold_the_limit<LeakyBucket>(seed, false);
    hold_the_limit<SlidingWindow>(seed, true);
  }
}

TEST(RateLimiters, AdmitThreeTimesTheLimitOfferedAtTheirRate) {
  // A load test: 30,000 offered evenly in 10 s against 1,000 a second. Buckets begin full.
  const RateLimit limit{1'000, Duration::from_seconds(1), 100};
  TokenBucket tokens(limit, at(0));
  LeakyBucket leaky(limit, at(0));
  SlidingWindow window({1'000, Duration::from_seconds(1)}, at(0));
  int by_tokens = 0, by_leaky = 0, by_window = 0;
  for (std::int64_t i = 0; i < 30'000; ++i) {
    const TimePoint now{i * 333'333};
    by_tokens += tokens.take(now).admitted ? 1 : 0;
    by_leaky += leaky.take(now).admitted ? 1 : 0;
    by_window += window.take(now).admitted ? 1 : 0;
  }
  EXPECT_NEAR(by_tokens, 10'100, 1);
  EXPECT_NEAR(by_leaky, 10'100, 2);
  EXPECT_EQ(by_window, 10'000);
}

TEST(KeyedLimiter, CountsEachKeyByItself) {
  KeyedLimiter<TokenBucket> limiter({1, Duration::from_seconds(1)}, 2, at(0));
  EXPECT_TRUE(limiter.take("a", at(0)));
  EXPECT_TRUE(limiter.take("b", at(0)));
  EXPECT_EQ(limiter.take("a", at(0)), no(1000));
  EXPECT_EQ(limiter.size(), 2U);
}

TEST(KeyedLimiter, ForgetsTheOldestKeyThatIsIdle) {
  KeyedLimiter<TokenBucket> limiter({1, Duration::from_seconds(1)}, 2, at(0));
  EXPECT_TRUE(limiter.take("a", at(0)));
  EXPECT_TRUE(limiter.take("b", at(500)));
  EXPECT_TRUE(limiter.take("c", at(1000)));
  EXPECT_EQ(limiter.size(), 2U);
  EXPECT_EQ(limiter.overflows(), 0U);
  EXPECT_EQ(limiter.take("b", at(1000)), no(500));
}

TEST(KeyedLimiter, GivesAFloodOfKeysNoFreshAllowance) {
  KeyedLimiter<TokenBucket> limiter({1, Duration::from_seconds(1)}, 4, at(0));
  int admitted = 0;
  for (int i = 0; i < 10'000; ++i)
    admitted += limiter.take("key" + std::to_string(i), at(0)).admitted ? 1 : 0;
  EXPECT_EQ(admitted, 4 + 1);
  EXPECT_EQ(limiter.size(), 4U);
  EXPECT_EQ(limiter.overflows(), 9'996U);
}

}  // namespace
}  // namespace zerver::async
