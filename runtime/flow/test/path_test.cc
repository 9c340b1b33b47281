#include <zerver/flow/path.h>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

TEST(PathCursor, SkipsWholeSegmentsOnly) {
  EXPECT_TRUE(PathCursor("/repos/x").skip("/repos"));
  EXPECT_TRUE(PathCursor("/repos").skip("/repos"));
  EXPECT_FALSE(PathCursor("/repository").skip("/repos"));
  EXPECT_FALSE(PathCursor("/rep").skip("/repos"));
  EXPECT_TRUE(PathCursor("/a/b/c").skip("/a/b"));
}

TEST(PathCursor, TakesASegmentOfAnyLength) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string segment(size, 'x');
    const std::string kept = "/" + segment + "/rest";
    PathCursor cursor{std::string_view(kept)};
    std::string_view value;
    ASSERT_TRUE(cursor.take(value)) << size;
    EXPECT_EQ(value, segment);
    EXPECT_TRUE(cursor.is("/rest"));
  }
}

TEST(PathCursor, AnEmptySegmentIsNoValue) {
  std::string_view value;
  EXPECT_FALSE(PathCursor("/").take(value));
  EXPECT_FALSE(PathCursor("//a").take(value));
  EXPECT_FALSE(PathCursor("").take(value));
}

TEST(PathCursor, TheRestMayBeEmpty) {
  std::string_view value = "x";
  EXPECT_TRUE(PathCursor("").rest(value));
  EXPECT_EQ(value, "");
  EXPECT_TRUE(PathCursor("/").rest(value));
  EXPECT_EQ(value, "");
  EXPECT_TRUE(PathCursor("/a/b").rest(value));
  EXPECT_EQ(value, "a/b");
}

TEST(PathCursor, PatternsTakeTheShortestValuesThatAreNotEmpty) {
  std::array<std::string_view, 2> values;
  PathCursor compare("/main...topic...x");
  ASSERT_TRUE(compare.take<3>(values.data(), {"", "...", ""}));
  EXPECT_EQ(values[0], "main");
  EXPECT_EQ(values[1], "topic...x");
  EXPECT_FALSE(PathCursor("/...topic").take<3>(values.data(), {"", "...", ""}));
  PathCursor file("/v1.json");
  ASSERT_TRUE(file.take<2>(values.data(), {"v", ".json"}));
  EXPECT_EQ(values[0], "1");
  EXPECT_FALSE(PathCursor("/v.json").take<2>(values.data(), {"v", ".json"}));
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
