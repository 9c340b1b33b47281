#include <zerver/flow/data/expression.h>

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

TEST(Expression, TimesAreReckonedExactly) {
  const Timestamp noon = *Timestamp::parse("2026-11-20T12:00:00Z");
  const Duration hour = Duration::from_seconds(3'600);
  EXPECT_EQ(checked_subtract(checked_add(noon, hour), noon), hour);
  EXPECT_EQ(checked_subtract(noon, hour), noon - hour);
  EXPECT_EQ(checked_add(hour, checked_negate(hour)), Duration{});
  EXPECT_EQ(checked_subtract(checked_multiply(hour, 3), hour), checked_multiply(hour, std::uint64_t{2}));
  EXPECT_EQ(checked_divide(hour, -60), checked_negate(Duration::from_seconds(60)));
  EXPECT_EQ(checked_divide(hour, std::numeric_limits<std::uint64_t>::max()), Duration{});
}

TEST(Expression, TimesOutOfRangeThrow) {
  EXPECT_THROW(checked_add(Duration::max(), Duration{1}), std::overflow_error);
  EXPECT_THROW(checked_multiply(Duration::max(), 2), std::overflow_error);
  EXPECT_THROW(checked_divide(Duration{1}, 0), std::overflow_error);
  EXPECT_THROW(checked_subtract(Timestamp{}, Duration{std::numeric_limits<std::int64_t>::min()}),
               std::overflow_error);
  const Timestamp first = *Timestamp::parse("0000-01-01T00:00:00Z");
  const Timestamp last = *Timestamp::parse("9999-12-31T23:59:59Z");
  EXPECT_THROW(checked_subtract(last, first), std::overflow_error);
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
