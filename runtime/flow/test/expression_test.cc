#include <zerver/flow/expression.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace zerver::flow {
namespace {

constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

TEST(Expression, ArithmeticWithinTheRangeIsOrdinary) {
  EXPECT_EQ(checked_add(2, 3), 5);
  EXPECT_EQ(checked_subtract(2, 3), -1);
  EXPECT_EQ(checked_multiply(-2, 3), -6);
  EXPECT_EQ(checked_divide(7, 2), 3);
  EXPECT_EQ(checked_remainder(7, 2), 1);
  EXPECT_EQ(checked_negate(7), -7);
  EXPECT_EQ(checked_divide(std::uint64_t{7}, std::uint64_t{2}), 3U);
}

TEST(Expression, WhatIsOutOfRangeThrowsInsteadOfWrappingAround) {
  EXPECT_THROW(checked_add(kMost, 1), std::overflow_error);
  EXPECT_THROW(checked_subtract(kLeast, 1), std::overflow_error);
  EXPECT_THROW(checked_multiply(kMost, 2), std::overflow_error);
  EXPECT_THROW(checked_negate(kLeast), std::overflow_error);
  EXPECT_THROW(checked_subtract(std::uint32_t{1}, std::uint32_t{2}), std::overflow_error);
}

TEST(Expression, DivisionNeverEndsTheProgram) {
  EXPECT_THROW(checked_divide(1, 0), std::overflow_error);
  EXPECT_THROW(checked_remainder(1, 0), std::overflow_error);
  EXPECT_THROW(checked_divide(kLeast, -1), std::overflow_error);
  EXPECT_EQ(checked_remainder(kLeast, -1), 0);
}

TEST(Expression, ListsAndJsonLiveInTheArena) {
  Arena arena;
  const List<std::int32_t> list = make_list<std::int32_t>(arena, {1, 2, 3});
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[2], 3);
  EXPECT_EQ(json_text(arena, list).view(), "[1,2,3]");
}

}  // namespace
}  // namespace zerver::flow
