#include "metrics/answer_metrics.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

namespace zerver::server {
namespace {

TEST(StatusCounts, CountsEachStatus) {
  StatusCounts counts;
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{200, 404, 200, 503, 200})
    counts.note(status);
  StatusSums sums;
  counts.add_to(sums);
  EXPECT_EQ(sums, (StatusSums{{200, 3}, {404, 1}, {503, 1}}));
}

TEST(StatusCounts, ThoseOfSeveralWorkersAreOne) {
  StatusCounts first, second;
  first.note(503);
  first.note(200);
  second.note(200);
  second.note(404);
  StatusSums sums;
  first.add_to(sums);
  second.add_to(sums);
  EXPECT_EQ(sums, (StatusSums{{200, 2}, {404, 1}, {503, 1}}));
}

TEST(StatusCounts, WhatThereIsNoRoomForIsOne) {
  StatusCounts counts;
  for (std::uint16_t status = 200; status < 200 + StatusCounts::kMost + 5; ++status)
    counts.note(status);
  counts.note(200);
  StatusSums sums;
  counts.add_to(sums);
  ASSERT_EQ(sums.size(), StatusCounts::kMost + 1);
  EXPECT_EQ(sums.front(), (StatusSums::value_type{0, 5}));
  EXPECT_EQ(sums[1], (StatusSums::value_type{200, 2}));
}

}  // namespace
}  // namespace zerver::server
