#include <zerver/core/string.h>

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_set>

namespace zerver {
namespace {

static_assert(!std::is_constructible_v<String, std::string>,
              "a std::string would be gone before the answer is written");
static_assert(!std::is_convertible_v<std::string_view, String>);
static_assert(std::is_trivially_copyable_v<String> && std::is_trivially_copyable_v<Json> &&
              std::is_trivially_copyable_v<Bytes>);

TEST(String, ComparesWithEveryText) {
  constexpr String kText = "abc";
  EXPECT_EQ(kText, "abc");
  EXPECT_EQ(kText, std::string("abc"));
  EXPECT_EQ(std::string_view("abc"), kText);
  EXPECT_NE(kText, String("abd"));
  EXPECT_LT(kText, String("abd"));
  EXPECT_GT(kText, "abb");
}

TEST(String, IsARangeOfCharacters) {
  constexpr String kText = "abc";
  EXPECT_EQ(std::string(kText.begin(), kText.end()), "abc");
  EXPECT_EQ(kText[1], 'b');
  EXPECT_EQ(kText.size(), 3U);
  EXPECT_TRUE(String().empty());
  std::ostringstream out;
  out << kText;
  EXPECT_EQ(out.str(), "abc");
  EXPECT_TRUE(std::unordered_set<String>{kText}.contains("abc"));
}

TEST(Bytes, AreAnyBytes) {
  const Bytes bytes = Bytes::borrowed(std::string_view("\0\xFF", 2));
  EXPECT_EQ(bytes.size(), 2U);
  EXPECT_EQ(bytes.span()[1], std::byte{0xFF});
  EXPECT_FALSE(bytes.empty());
  EXPECT_EQ(bytes, Bytes::borrowed(std::string_view("\0\xFF", 2)));
}

TEST(Json, IsNullAtFirst) {
  EXPECT_EQ(Json().view(), "null");
  EXPECT_EQ(Json::borrowed("[1]"), Json::borrowed("[1]"));
}

}  // namespace
}  // namespace zerver
