#include "compiler/check/test/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace zc::check {
namespace {

using test::check_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Routes, ATemplateBecomesSegments) {
  const auto checked = check_text(R"(package shop;
flow compare on GET "/repos/{owner}/compare/{base}...{head}" public { return 204; }
flow files on ANY "/a%20b/{path...}" public { return 204; }
)");
  const auto& compare = test::flow_named(checked.program, "compare").route->segments;
  ASSERT_EQ(compare.size(), 4U);
  EXPECT_EQ(compare[1].text, "owner");
  EXPECT_EQ(compare[3].text, "base");
  EXPECT_EQ(compare[3].suffix, "...");
  ASSERT_EQ(compare[3].more.size(), 1U);
  EXPECT_EQ(compare[3].more[0].name, "head");
  const model::Route& files = *test::flow_named(checked.program, "files").route;
  EXPECT_EQ(files.method, model::Method::kAny);
  EXPECT_EQ(files.segments[0].text, "a b");
  EXPECT_EQ(files.segments[1].kind, model::PathSegment::Kind::kRest);
}

TEST(Routes, PatternsThatCannotOverlapStandSideBySide) {
  const auto checked = check_text(R"(package shop;
flow zip on GET "/{name}.zip" public { return 204; }
flow tar on GET "/{name}.tar" public { return 204; }
flow same on GET "/{other}.zip" public { return 204; }
)");
  EXPECT_THAT(checked.found(), ::testing::Contains("ambiguous-route 4"));
  EXPECT_THAT(checked.found(), ::testing::Not(::testing::Contains("ambiguous-route 3")));
}

TEST(Routes, TheRootIsARoute) {
  EXPECT_THAT(check_text("package shop;\nflow a on GET \"/\" public { return 204; }\n").found(), IsEmpty());
  EXPECT_THAT(check_text("package shop;\nflow a on GET \"/\" public { return 204; }\nflow b on GET \"/\" "
                         "public { return 204; }\n")
                  .found(),
              ElementsAre("ambiguous-route 3"));
}

TEST(Routes, ManyRoutesAreComparedQuickly) {
  std::string text = "package shop;\n";
  for (int i = 0; i < 3000; ++i) {
    text += "flow f" + std::to_string(i) + " on GET \"/a/{x...}\" public { return 204; }\n";
    text.replace(text.rfind("/a/"), 3, "/a" + std::to_string(i) + "/");
  }
  EXPECT_THAT(check_text(text).found(), IsEmpty());
}

}  // namespace
}  // namespace zc::check
