// No input crashes, hangs or overflows the stack.

#include "compiler/syntax/test_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace zc::syntax {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kMany = 100'000;

std::string repeat(llvm::StringRef text, std::size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (std::size_t index = 0; index < times; ++index)
    result += text;
  return result;
}

std::string step(const std::string& expression) { return "step a -> x = " + expression + ";\nstep b;\n"; }

TEST(Robustness, BoundsNesting) {
  for (const std::string& text : {
           step(repeat("!", kMany) + "b"),
           step(repeat("(", kMany) + "b" + repeat(")", kMany)),
           step(repeat("[", kMany) + repeat("]", kMany)),
           step(repeat("{a: ", kMany) + "b" + repeat("}", kMany)),
           step(repeat("f(", kMany) + repeat(")", kMany)),
           "struct S { a: " + repeat("list<", kMany) + "i32" + repeat(">", kMany) + "; }\nstep b;\n",
           "flow f { " + repeat("when a { ", kMany) + repeat("}", kMany) + "}\nstep b;\n",
       }) {
    const Parsed parsed(text);
    EXPECT_THAT(parsed.findings(), ElementsAre(HasSubstr("nesting-too-deep")));
    EXPECT_THAT(parsed.tree.declarations, SizeIs(2));
  }
}

TEST(Robustness, BoundsChains) {
  for (const std::string& text : {
           step("a" + repeat(" + a", kMany)),
           step("a" + repeat(".a", kMany)),
           step("a" + repeat("()", kMany)),
           "flow f { when a { } " + repeat("else when a { } ", kMany) + "}\nstep b;\n",
       }) {
    EXPECT_THAT(findings_of(text), ElementsAre(HasSubstr("chain-too-long")));
  }
}

TEST(Robustness, AcceptsWhatIsJustWithinTheBounds) {
  const std::size_t deep = kMaxNesting;
  EXPECT_THAT(findings_of(step(repeat("(", deep) + "b" + repeat(")", deep))), IsEmpty());
  EXPECT_THAT(findings_of(step(repeat("!", deep) + "b")), IsEmpty());
  EXPECT_THAT(findings_of(step("a" + repeat(" + a", kMaxChain))), IsEmpty());
  EXPECT_THAT(findings_of(step("a" + repeat("[0]", kMaxSuffixes))), IsEmpty());
  EXPECT_THAT(findings_of(step("[" + repeat("a.b + 1, ", kMany) + "a]")), IsEmpty());
}

TEST(Robustness, BoundsInterpolations) {
  const Parsed parsed(step(repeat("\"{", kMany) + "a" + repeat("}\"", kMany)));
  ASSERT_FALSE(parsed.report.diagnostics.empty());
  EXPECT_THAT(parsed.findings().front(), HasSubstr("an interpolation is nested deeper than 32 levels"));
}

TEST(Robustness, RefusesBytesThatAreNoText) {
  EXPECT_THAT(findings_of(llvm::StringRef("package a;\0\0\0", 13)), ElementsAre(HasSubstr("a NUL byte")));
  EXPECT_THAT(findings_of("// caf\xE9\nstep a;\n"), ElementsAre(HasSubstr("byte 0xE9")));
  EXPECT_THAT(findings_of("\xFF\xFE"),
              ElementsAre(HasSubstr("invalid-utf8"), HasSubstr("invalid-character")));
}

TEST(Robustness, AcceptsAByteOrderMarkAndForeignLineBreaks) {
  const Parsed parsed("\xEF\xBB\xBFpackage a;\r\n// comment\r\n/// Doc.\r\nstep b;\r\n");
  EXPECT_THAT(parsed.findings(), IsEmpty());
  EXPECT_EQ(parsed.dump(), "package a @1:4\nstep b @4:1\n  /// Doc.\n");
}

TEST(Robustness, AcceptsAnEmptyFile) {
  EXPECT_THAT(findings_of(""), IsEmpty());
  EXPECT_THAT(findings_of("  \n\t\r\n"), IsEmpty());
  EXPECT_THAT(findings_of("// only a comment"), IsEmpty());
}

TEST(Robustness, ReadsALineOfMegabytes) {
  const std::string line = "step a -> x = \"" + std::string(4U << 20U, 'x') + "\" + ;";
  const Parsed parsed(line);
  EXPECT_THAT(parsed.findings(), SizeIs(1));
  std::string text;
  llvm::raw_string_ostream out(text);
  diagnostics::render_text(parsed.report, parsed.sources, {}, out);
  EXPECT_LT(text.size(), 1000U);
}

TEST(Robustness, CapsDiagnostics) {
  const Parsed parsed(repeat("struct A { x y; }\n", 3000));
  EXPECT_EQ(parsed.report.diagnostics.size(), diagnostics::DiagnosticEngine::kDefaultLimit);
  EXPECT_EQ(parsed.report.error_count, 3000U);
  EXPECT_EQ(parsed.report.dropped_count, 2000U);
}

TEST(Robustness, ReadsEveryPrefixOfAFile) {
  const llvm::StringRef text = R"(package a; /// Doc.
@http(404) @kind(missing) error E { id: list<i64?> = [1, 2]; }
target t = sql(env.X ?? "s") { breaker 50% of 20 open 5s; }
step s(a, b?) -> c = all { optional c = t.op(sql"x {a.b}", { k: "v{a}" }) with p key a; } fails E on missing | timeout;
flow f on POST "/x/{id...}" before g { deadline 1s; when a == 1 { s; } else { each x in y max 3 { s; } -> z }
  return 201 c header location "/{c.id}"; }
cron n "* * * * *" UTC { s; }
)";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const Parsed prefix(text.take_front(size));
    EXPECT_LE(prefix.report.error_count, 4U) << text.take_front(size).str();
    const Parsed suffix(text.drop_front(size));
    EXPECT_LE(suffix.report.error_count, 10U) << text.drop_front(size).str();
  }
}

}  // namespace
}  // namespace zc::syntax
