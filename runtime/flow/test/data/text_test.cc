#include <zerver/flow/data/text.h>
#include <zerver/flow/step.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

struct Id {
  using scalar_type = std::int64_t;
  std::int64_t value;
};

enum class Shade : std::uint8_t { kRed };
std::string_view to_string(Shade) noexcept { return "red"; }

TEST(Concat, FormatsEveryType) {
  Arena arena;
  EXPECT_EQ(concat(arena, {"a", String("b"), std::string("c"), -1, std::uint64_t{18446744073709551615U}, true,
                           false, 0.5}),
            "abc-118446744073709551615truefalse0.5");
  EXPECT_EQ(concat(arena, {Timestamp{}, Duration::from_seconds(1), Decimal{15, 1}, Id{7}, Shade::kRed}),
            "1970-01-01T00:00:00ZPT1S1.57red");
  EXPECT_EQ(concat(arena, {*Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")}),
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
  EXPECT_EQ(concat(arena, {}), "");
}

TEST(UrlEncode, LeavesOnlyTheUnreserved) {
  Arena arena;
  EXPECT_EQ(url_encode(arena, "aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(url_encode(arena, "a/b ?\xC3\xA4"), "a%2Fb%20%3F%C3%A4");
  EXPECT_EQ(url_encode(arena, 42), "42");
  EXPECT_EQ(url_encode(arena, ""), "");
}

class View final : public StepView {
 public:
  explicit View(Arena& arena) noexcept : StepView(arena) {}
};

TEST(StepView, CopiesIntoTheArena) {
  Arena arena;
  View view(arena);
  std::string gone = "text";
  const String text = view.text(gone, " ", 1);
  const Bytes bytes = view.bytes(gone);
  gone = "none";
  EXPECT_EQ(text, "text 1");
  EXPECT_EQ(bytes.view(), "text");
  EXPECT_EQ(view.list({1, 2, 3})[2], 3);
  const Map<int>::Entry entries[] = {{"a", 1}};
  EXPECT_EQ(*view.map<int>(entries).find("a"), 1);
}

TEST(OptionalRef, IsLikeAnOptional) {
  int number = 3;
  const OptionalRef<const int> set(&number);
  EXPECT_TRUE(set);
  EXPECT_EQ(*set, 3);
  EXPECT_EQ(set.value(), 3);
  EXPECT_EQ(set.value_or(1), 3);
  const OptionalRef<const int> unset(std::nullopt);
  EXPECT_FALSE(unset.has_value());
  EXPECT_EQ(unset.value_or(1), 1);
  EXPECT_THROW(static_cast<void>(unset.value()), std::bad_optional_access);
  const std::string text = "abc";
  EXPECT_EQ(OptionalRef<const std::string>(&text)->size(), 3U);
}

}  // namespace
}  // namespace zerver::flow
