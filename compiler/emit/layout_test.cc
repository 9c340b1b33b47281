#include "compiler/emit/layout.h"

#include <gtest/gtest.h>

#include <string>

namespace zc::emit {
namespace {

TEST(Layout, IndentsByNesting) {
  EXPECT_EQ(layout_cpp("namespace a {\n\f\nclass B {\npublic:\nvoid f();\n};\n\f\n}  // namespace a\n"),
            "namespace a {\n\nclass B {\n public:\n  void f();\n};\n\n}  // namespace a\n");
}

TEST(Layout, IndentsTheLabelsOfASwitch) {
  EXPECT_EQ(layout_cpp("switch (x) {\ncase 1:\nreturn 2;\ndefault: {\nf();\nbreak;\n}\n}\n"),
            "switch (x) {\n  case 1:\n    return 2;\n  default: {\n    f();\n    break;\n  }\n}\n");
}

TEST(Layout, ListsInBracesAreContinuations) {
  EXPECT_EQ(layout_cpp("constexpr T kX{\n.a = {\n.b = 1,\n},\n};\n"),
            "constexpr T kX{\n    .a = {\n        .b = 1,\n    },\n};\n");
}

TEST(Layout, JoinsShortFunctions) {
  EXPECT_EQ(layout_cpp("int f() {\nreturn 1;\n}\n"), "int f() { return 1; }\n");
  EXPECT_EQ(layout_cpp("if (x) {\nreturn 1;\n}\n"), "if (x) {\n  return 1;\n}\n");
}

TEST(Layout, EmptyLinesAreThoseThatAreMarked) {
  EXPECT_EQ(layout_cpp("a;\n\nb;\n\f\n\f\nc;\nd {\n\f\ne;\n\f\n}\n"), "a;\nb;\n\nc;\nd {\n  e;\n}\n");
}

TEST(Layout, BreaksLongLinesBehindTheLastCommaThatFits) {
  const std::string argument(40, 'x');
  EXPECT_EQ(layout_cpp("call(" + argument + ", " + argument + ", " + argument + ");\n"),
            "call(" + argument + ", " + argument + ",\n     " + argument + ");\n");
}

TEST(Layout, ALongConditionPutsItsStatementOnALineOfItsOwn) {
  const std::string name(60, 'x');
  EXPECT_EQ(layout_cpp("if (" + name + ") return " + name + ";\n"),
            "if (" + name + ")\n  return " + name + ";\n");
}

TEST(Layout, InitialisersOfAConstructorStayTogetherOrStandAlone) {
  const std::string name(30, 'x');
  const std::string member = "a(" + name + ")";
  EXPECT_EQ(layout_cpp("X(int " + name + ") noexcept : " + member + ", " + member + ", " + member + " {}\n"),
            "X(int " + name + ") noexcept\n    : " + member + ",\n      " + member + ",\n      " + member +
                " {}\n");
}

TEST(Layout, CommentsAreBrokenBetweenWords) {
  const std::string word(52, 'w');
  EXPECT_EQ(layout_cpp("/// " + word + " " + word + " end\n"), "/// " + word + " " + word + "\n/// end\n");
}

TEST(Layout, BracesInLiteralsAndCommentsDoNotCount) {
  EXPECT_EQ(layout_cpp("f(\"{\");  // {\ng('{');\nh(R\"({)\");\n"),
            "f(\"{\");  // {\ng('{');\nh(R\"({)\");\n");
}

}  // namespace
}  // namespace zc::emit
