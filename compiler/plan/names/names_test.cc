#include "compiler/plan/names/names.h"

#include <gtest/gtest.h>

namespace zc::plan {
namespace {

TEST(Names, KeywordsAndReservedSpellingsAreEscaped) {
  EXPECT_EQ(identifier("title"), "title");
  for (const char* keyword : {"class", "delete", "int", "co_await", "xor", "errno", "requires"})
    EXPECT_EQ(identifier(keyword), std::string(keyword) + "_");
  EXPECT_EQ(identifier("a__b"), "a_b");
  EXPECT_EQ(identifier("_x"), "n_x");
  EXPECT_EQ(identifier("x-left"), "x_left");
  EXPECT_EQ(identifier("2fa"), "n2fa");
}

TEST(Names, CaseFollowsTheStyleOfTheProject) {
  EXPECT_EQ(upper_camel("in_progress"), "InProgress");
  EXPECT_EQ(upper_camel("todoPage"), "TodoPage");
  EXPECT_EQ(constant("in_progress"), "kInProgress");
  EXPECT_EQ(snake("TodoPage"), "todo_page");
  EXPECT_EQ(snake("HTTPError"), "http_error");
  EXPECT_EQ(snake("Delete"), "delete_");
}

TEST(Names, PackagesBecomeNamespacesThatHideNothing) {
  EXPECT_EQ(cpp_namespace("todo.v1"), "todo::v1");
  EXPECT_EQ(cpp_namespace("index"), "index_");
  EXPECT_EQ(cpp_namespace("std.v1"), "std_::v1");
  EXPECT_EQ(cpp_namespace("zerver"), "zerver");
  EXPECT_EQ(cpp_namespace("shop.zerver"), "shop::zerver_");
  EXPECT_EQ(cpp_namespace("new.class"), "new_::class_");
}

TEST(Names, LiteralsReadBackAsTheSameText) {
  EXPECT_EQ(string_literal("a \"b\" \\ \n\t"), R"("a \"b\" \\ \n\t")");
  EXPECT_EQ(string_literal(llvm::StringRef("\0"
                                           "1",
                                           2)),
            R"("\0001")");
  EXPECT_EQ(string_literal("what?"
                           "?!"),
            R"("what?\?!")");
  EXPECT_EQ(string_literal("Grüße"), "\"Grüße\"");
}

TEST(Names, ALongTextIsALiteralForEachLine) {
  EXPECT_EQ(string_literals("a\n  b\n"), (std::vector<std::string>{"\"a\\n\"", "\"  b\\n\""}));
  EXPECT_EQ(string_literals(""), (std::vector<std::string>{"\"\""}));
}

TEST(Names, AScopeHasEachNameOnce) {
  NameScope scope({"run"});
  EXPECT_EQ(scope.claim("run"), "run_");
  EXPECT_EQ(scope.claim("run"), "run_2");
  EXPECT_EQ(scope.claim("class"), "class_");
  EXPECT_EQ(scope.claim("left"), "left");
  EXPECT_TRUE(scope.is_taken("left"));
}

}  // namespace
}  // namespace zc::plan
