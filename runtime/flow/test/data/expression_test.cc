#include <zerver/core/decimal.h>
#include <zerver/core/random.h>
#include <zerver/flow/data/expression.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

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

TEST(Expression, ListsLiveInTheArena) {
  Arena arena;
  const List<std::int32_t> list = make_list<std::int32_t>(arena, {1, 2, 3});
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[2], 3);
}

class JsonInTheArena : public ::testing::Test {
 protected:
  struct Request final : Exchange {
    explicit Request(Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
  };

  zerver::testing::SimLoop loop_;
  SeededRandom random_{1};
  zerver::testing::MemoryLog log_;
  Worker worker_{{loop_, loop_.clock(), random_, log_}};
  Request exchange_{worker_};
};

TEST_F(JsonInTheArena, StaysWhenTheNextOneIsWritten) {
  const std::int64_t numbers[] = {1, 2, 3};
  const Json first = json_text(exchange_, List<std::int64_t>::borrowed(numbers));
  EXPECT_EQ(json_text(exchange_, true).view(), "true");
  EXPECT_EQ(first.view(), "[1,2,3]");
  EXPECT_TRUE(exchange_.body_buffer().empty());
}

TEST_F(JsonInTheArena, NestsAsCallsDo) {
  JsonBuilder builder(exchange_);
  JsonWriter json = builder.writer();
  json.begin_object();
  json.key("inner");
  write_json(json, json_text(exchange_, std::int32_t{7}));
  json.key("more");
  json.boolean(false);
  json.end_object();
  EXPECT_EQ(builder.take().view(), R"({"inner":7,"more":false})");
}

// --- Decimals ---

Decimal decimal(std::string_view text) { return *Decimal::parse(text); }
std::string text(const Decimal& number) {
  std::array<char, Decimal::kMaxText> buffer{};
  return {buffer.data(), number.write(buffer.data())};
}

TEST(Expression, SumsOfDecimalsAreExact) {
  EXPECT_EQ(text(checked_add(decimal("0.10"), decimal("0.2"))), "0.30");
  EXPECT_EQ(text(checked_add(decimal("-1.5"), decimal("1"))), "-0.5");
  EXPECT_EQ(text(checked_subtract(decimal("19.90"), decimal("20"))), "-0.10");
  EXPECT_EQ(text(checked_negate(decimal("12.50"))), "-12.50");
}

TEST(Expression, ProductsOfDecimalsAreExact) {
  EXPECT_EQ(text(checked_multiply(decimal("19.90"), decimal("3"))), "59.70");
  EXPECT_EQ(text(checked_multiply(decimal("0.19"), decimal("-1.5"))), "-0.285");
  // 28 places, of which only zeros are above 18.
  EXPECT_EQ(text(checked_multiply(decimal("0.50000000000000"), decimal("0.20000000000000"))),
            "0.100000000000000000");
}

TEST(Expression, ADecimalThatDoesNotFitIsRefused) {
  const Decimal most = {std::numeric_limits<std::int64_t>::max(), 0};
  EXPECT_THROW(checked_add(most, decimal("1")), std::overflow_error);
  EXPECT_THROW(checked_subtract(decimal("-2"), most), std::overflow_error);
  EXPECT_THROW(checked_multiply(most, most), std::overflow_error);
  EXPECT_THROW(checked_multiply(decimal("0.0000000001"), decimal("0.0000000001")), std::overflow_error);
  EXPECT_THROW(checked_negate(Decimal{std::numeric_limits<std::int64_t>::min(), 2}), std::overflow_error);
  // One more digit is there on a smaller scale.
  EXPECT_EQ(text(checked_add(most, decimal("0.0"))), "9223372036854775807");
}

}  // namespace
}  // namespace zerver::flow
