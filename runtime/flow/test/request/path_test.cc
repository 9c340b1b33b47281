#include <zerver/flow/request/path.h>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

bool skips(std::string_view path, const char (&text)[7]) {
  const RoutePath route(path);
  const char* at = route.begin();
  return route.skip(at, text);
}

TEST(RoutePath, SkipsWholeSegmentsOnly) {
  EXPECT_TRUE(skips("/repos/x", "/repos"));
  EXPECT_TRUE(skips("/repos", "/repos"));
  EXPECT_FALSE(skips("/repository", "/repos"));
  EXPECT_FALSE(skips("/rep", "/repos"));
  EXPECT_TRUE(skips("/as/it/x", "/as/it"));
}

TEST(RoutePath, TakesASegmentOfAnyLength) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string segment(size, 'x');
    for (const std::string behind : {"", "/", "/rest"}) {
      const std::string text = "/" + segment + behind;
      const RoutePath path(text);
      const char* at = path.begin();
      std::string_view value;
      ASSERT_TRUE(path.take(at, value)) << text;
      EXPECT_EQ(value, segment);
      EXPECT_EQ(at, text.data() + 1 + size);
      EXPECT_EQ(path.at_end(at), behind.empty());
      EXPECT_EQ(path.is(at, "/rest"), behind == "/rest");
    }
  }
}

TEST(RoutePath, AnEmptySegmentIsNoValue) {
  for (const std::string_view text : {"/", "//a", ""}) {
    const RoutePath path(text);
    const char* at = path.begin();
    std::string_view value;
    EXPECT_FALSE(path.take(at, value)) << text;
  }
}

TEST(RoutePath, TheRestMayBeEmpty) {
  const auto rest = [](std::string_view text) {
    const RoutePath path(text);
    std::string_view value = "x";
    EXPECT_TRUE(path.rest(path.begin(), value));
    return value;
  };
  EXPECT_EQ(rest(""), "");
  EXPECT_EQ(rest("/"), "");
  EXPECT_EQ(rest("/a/b"), "a/b");
}

template <std::size_t N>
bool takes(std::string_view text, std::array<std::string_view, 2>& values,
           const std::array<std::string_view, N>& around) {
  const RoutePath path(text);
  const char* at = path.begin();
  return path.take(at, values.data(), around) && path.at_end(at);
}

TEST(RoutePath, PatternsTakeTheShortestValuesThatAreNotEmpty) {
  std::array<std::string_view, 2> values;
  ASSERT_TRUE(takes<3>("/main...topic...x", values, {"", "...", ""}));
  EXPECT_EQ(values[0], "main");
  EXPECT_EQ(values[1], "topic...x");
  EXPECT_FALSE(takes<3>("/...topic", values, {"", "...", ""}));
  ASSERT_TRUE(takes<2>("/v1.json", values, {"v", ".json"}));
  EXPECT_EQ(values[0], "1");
  EXPECT_FALSE(takes<2>("/v.json", values, {"v", ".json"}));
}

TEST(RoutePath, ABucketDependsOnTheSegmentOnly) {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;
  const auto bucket = [](std::string_view text) {
    const RoutePath path(text);
    return path.bucket<8>(path.begin(), kMultiplier);
  };
  EXPECT_EQ(bucket("/git"), bucket("/git/refs"));
  EXPECT_EQ(bucket("/git"), bucket("/git/"));
  EXPECT_EQ(bucket("/actions"), bucket("/actions/cache/usage"));
  EXPECT_NE(bucket("/git"), bucket("/gists"));
  EXPECT_EQ(bucket(""), 0U);
  EXPECT_EQ(bucket("/"), 0U);
}

TEST(NormalizePath, DecodesWhatNeedsNoEncoding) {
  Arena arena;
  std::string_view path;
  ASSERT_TRUE(normalize_path(arena, "/%74odos/%2f%c3%A9", path));
  EXPECT_EQ(path, "/todos/%2F%C3%A9");
}

TEST(NormalizePath, LeavesAPathWithoutEncodingsWhereItIs) {
  Arena arena;
  constexpr std::string_view kPath = "/todos/1";
  std::string_view path;
  ASSERT_TRUE(normalize_path(arena, kPath, path));
  EXPECT_EQ(path.data(), kPath.data());
}

TEST(NormalizePath, RefusesWhatIsNoEncoding) {
  Arena arena;
  std::string_view path;
  for (const std::string_view bad : {"/%", "/%4", "/%zz", "/a%2"})
    EXPECT_FALSE(normalize_path(arena, bad, path)) << bad;
}

}  // namespace
}  // namespace zerver::flow
