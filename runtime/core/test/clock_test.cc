#include <zerver/core/clock.h>

#include <gtest/gtest.h>

namespace zerver {
namespace {

TEST(ManualClock, StandsStillUntilItIsTold) {
  ManualClock clock(Timestamp{5'000'000});
  EXPECT_EQ(clock.now(), TimePoint{0});
  clock.advance(Duration::from_milliseconds(3));
  EXPECT_EQ(clock.now(), TimePoint{3'000'000});
  EXPECT_EQ(clock.wall(), Timestamp{5'003'000});
}

TEST(ManualClock, NeverGoesBack) {
  ManualClock clock;
  clock.advance_to(TimePoint{100});
  clock.advance_to(TimePoint{50});
  EXPECT_EQ(clock.now(), TimePoint{100});
}

TEST(SystemClock, IsMonotonicAndOfThisCentury) {
  const SystemClock clock;
  const TimePoint before = clock.now();
  EXPECT_GE(clock.now(), before);
  EXPECT_GT(clock.wall(), *Timestamp::parse("2020-01-01T00:00:00Z"));
}

TEST(TimePoint, StopsAtNever) {
  EXPECT_EQ(TimePoint{1} + Duration::max(), TimePoint::never());
  EXPECT_EQ(TimePoint{5} + Duration{-2}, TimePoint{3});
}

}  // namespace
}  // namespace zerver
