#include "metrics/process_stats.h"

#include <gtest/gtest.h>

#include <ctime>

namespace zerver::server {
namespace {

TEST(ProcessStats, TheNameOfAProgramMayHoldAnything) {
  const auto stat =
      parse_proc_stat("12 (a ) b (c)) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 4 18 19000 20 21 22\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->threads, 4U);
  EXPECT_EQ(stat->start_ticks, 19000U);
  EXPECT_EQ(stat->virtual_bytes, 20U);
  EXPECT_EQ(stat->resident_pages, 21U);
}

TEST(ProcessStats, WhatIsNoStatIsNotKnown) {
  EXPECT_FALSE(parse_proc_stat(""));
  EXPECT_FALSE(parse_proc_stat("12 (a) S 1 2 3"));
  EXPECT_FALSE(parse_proc_stat("12 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 x 18 19000 20 21 22"));
  EXPECT_FALSE(parse_boot_time("cpu 1 2\n"));
  EXPECT_EQ(parse_boot_time("cpu 1 2\nbtime 1700000000\nprocesses 3\n"), 1700000000U);
}

TEST(ProcessStats, AreThoseOfThisProcess) {
  const ProcessStats stats = read_process_stats();
  ASSERT_TRUE(stats.resident_bytes && stats.virtual_bytes && stats.threads && stats.start_seconds &&
              stats.open_descriptors);
  EXPECT_GT(*stats.resident_bytes, 1U << 20);
  EXPECT_GT(*stats.virtual_bytes, *stats.resident_bytes);
  EXPECT_GE(*stats.threads, 1U);
  EXPECT_GE(*stats.open_descriptors, 3U);
  EXPECT_LE(*stats.start_seconds, static_cast<double>(std::time(nullptr)) + 2);
  EXPECT_GT(*stats.start_seconds, 1e9);
}

}  // namespace
}  // namespace zerver::server
