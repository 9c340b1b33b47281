#include <zerver/async/scheduling/quanta.h>
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace zerver::async {
namespace {

constexpr Duration us(std::int64_t count) { return Duration::from_microseconds(count); }

TEST(RunTimes, PercentilesAreAtMostAnEighthTooLargeAndNeverTooSmall) {
  SeededRandom random(7);
  RunTimes times;
  std::vector<std::int64_t> exact;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(random.u64() >> (28 + random.below(36)));
    exact.push_back(value);
    times.record(Duration{value});
  }
  std::ranges::sort(exact);
  for (const double percent : {1.0, 50.0, 95.0, 99.0, 99.9, 100.0}) {
    const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(exact.size())) - 1;
    const std::int64_t truth = exact[rank];
    const std::int64_t found = times.percentile(percent).nanoseconds;
    EXPECT_GE(found, truth) << percent;
    EXPECT_LE(found, truth + truth / 8 + 1) << percent;
  }
}

TEST(RunTimes, HasAnAnswerForNothingAndForWhatIsTooLong) {
  RunTimes times;
  EXPECT_EQ(times.percentile(99), Duration{});
  times.record(Duration::from_seconds(100'000));
  times.record(Duration{-1});
  EXPECT_GT(times.percentile(100), Duration::from_seconds(130));
  EXPECT_EQ(times.percentile(1), Duration{});
}

TEST(Quanta, FollowWhatMostRunsTakeInsideTheTwoProfiles) {
  std::array<RunTimes, kPriorities> recorded;
  for (int i = 0; i < 1'000; ++i) {
    recorded[0].record(us(2'900));
    recorded[1].record(us(i < 970 ? 100 : 50'000));  // 3 % are very slow: that is no reason to let all wait
    recorded[2].record(us(15'000));
  }
  const Quanta proposed = propose_quanta(recorded, kInteractiveQuanta);
  EXPECT_GE(proposed[Priority::kInteractive], us(2'900));
  EXPECT_LE(proposed[Priority::kInteractive], us(3'300));
  EXPECT_EQ(proposed[Priority::kNormal], kInteractiveQuanta[Priority::kNormal]);
  EXPECT_GE(proposed[Priority::kBatch], us(15'000));
  EXPECT_LE(proposed[Priority::kBatch], us(17'000));
}

TEST(Quanta, StayWhereTooLittleIsKnown) {
  std::array<RunTimes, kPriorities> recorded;
  for (int i = 0; i < 99; ++i)
    recorded[0].record(us(4'000));
  EXPECT_EQ(propose_quanta(recorded, kInteractiveQuanta), kInteractiveQuanta);
}

}  // namespace
}  // namespace zerver::async
