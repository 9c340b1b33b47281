#include <zerver/core/latency_histogram.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace zerver {
namespace {

TEST(LatencyHistogram, ABoundBelongsToItsBucket) {
  for (std::size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
    LatencyHistogram histogram;
    histogram.record(LatencyHistogram::kBounds[i]);
    histogram.record(LatencyHistogram::kBounds[i] + Duration{1});
    LatencyHistogram::Counts counts;
    histogram.add_to(counts);
    EXPECT_EQ(counts.buckets[i], 1U) << i;
    EXPECT_EQ(counts.buckets[i + 1], 1U) << i;
    EXPECT_EQ(counts.count(), 2U);
  }
}

TEST(LatencyHistogram, BoundsGoUp) { EXPECT_TRUE(std::ranges::is_sorted(LatencyHistogram::kBounds)); }

TEST(LatencyHistogram, LessThanNothingIsNothing) {
  LatencyHistogram histogram;
  histogram.record(Duration{-5});
  LatencyHistogram::Counts counts;
  histogram.add_to(counts);
  EXPECT_EQ(counts.buckets[0], 1U);
  EXPECT_EQ(counts.nanoseconds, 0U);
}

TEST(LatencyHistogram, ThoseOfSeveralThreadsAddUp) {
  LatencyHistogram first, second;
  first.record(Duration::from_milliseconds(1));
  second.record(Duration::from_milliseconds(1));
  second.record(Duration::from_seconds(3600));
  LatencyHistogram::Counts counts;
  first.add_to(counts);
  second.add_to(counts);
  EXPECT_EQ(counts.count(), 3U);
  EXPECT_EQ(counts.buckets.back(), 1U);
  EXPECT_EQ(counts.nanoseconds, 3'600'002'000'000U);
}

}  // namespace
}  // namespace zerver
