#include <zerver/core/decimal.h>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace zerver {
namespace {

std::string written(const Decimal& number) {
  char out[Decimal::kMaxText];
  return std::string(out, number.write(out));
}

TEST(Decimal, KeepsItsText) {
  for (const char* const text :
       {"0", "7", "-7", "1.50", "0.05", "-0.000000000000000001", "9223372036854775807",
        "-9223372036854775808", "-9.223372036854775808", "1234567.89"}) {
    const auto number = Decimal::parse(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(written(*number), text);
  }
}

TEST(Decimal, RefusesWhatIsNone) {
  for (const char* const text :
       {"", "-", ".", "1.", ".5", "+1", "1e3", "1.2.3", " 1", "1 ", "0x1", "--1", "NaN",
        "9223372036854775808", "-9223372036854775809", "0.0000000000000000001"}) {
    EXPECT_FALSE(Decimal::parse(text)) << text;
  }
}

TEST(Decimal, ComparesByValue) {
  EXPECT_EQ(*Decimal::parse("1.50"), *Decimal::parse("1.5"));
  EXPECT_LT(*Decimal::parse("-2"), *Decimal::parse("-1.999"));
  EXPECT_GT(*Decimal::parse("9223372036854775807"), *Decimal::parse("0.999999999999999999"));
  EXPECT_LT((Decimal{std::numeric_limits<std::int64_t>::min(), 0}), (Decimal{1, 18}));
}

}  // namespace
}  // namespace zerver
