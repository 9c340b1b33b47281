// Tokens, names, literals and comments.

#include "compiler/syntax/lexer/declaration_keywords.h"
#include "compiler/syntax/lexer/escapes.h"
#include "compiler/syntax/lexer/numbers.h"
#include "compiler/syntax/test_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/Casting.h>

namespace zc::syntax {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Lexer, KeepsEveryTokenAndComment) {
  EXPECT_EQ(
      Parsed("/// Doc.\nstep a -> x = \"b{c}\\n\" + 1.5; // end").tokens(),
      "1:1 doc-comment /// Doc.\n2:1 keyword step\n2:6 identifier a\n2:8 punctuation ->\n2:11 identifier x\n"
      "2:13 punctuation =\n2:15 string-begin \\\"\n2:16 string-text b\n2:17 interpolation-begin {\n"
      "2:18 identifier c\n2:19 interpolation-end }\n2:20 string-escape \\\\n\n2:22 string-end \\\"\n"
      "2:24 punctuation +\n2:26 number 1.5\n2:29 punctuation ;\n2:31 comment // end\n");
}

TEST(Lexer, ReportsARunOfForeignCharactersOnce) {
  const Parsed parsed("step a = \xE2\x82\xAC\xE2\x82\xAC b;\nstep c = 'x';\n# comment\n");
  EXPECT_THAT(parsed.findings().front(),
              "1:10 invalid-character: `\xE2\x82\xAC\xE2\x82\xAC` has no meaning here");
}

TEST(Lexer, SkipsBlockCommentsAsAWhole) {
  EXPECT_THAT(findings_of("/* one\n two */\nstep a; /* open\nstep b;\n"),
              ElementsAre("1:1 block-comment: `/*` begins no comment here",
                          "3:9 block-comment: `/*` begins no comment here"));
}

TEST(Lexer, LeavesBracesAndBackslashesOfRawStringsAlone) {
  const Parsed parsed("struct S { @pattern(re\"^[a-z]{2}\\d$\") x: string; }");
  EXPECT_THAT(parsed.findings(), IsEmpty());
  const auto& type = llvm::cast<StructDeclaration>(*parsed.tree.declarations.front());
  const auto& text = llvm::cast<StringExpr>(*type.fields.front().traits.front().arguments.front().value);
  EXPECT_EQ(text.tag.text, "re");
  EXPECT_EQ(text.plain_text(), "^[a-z]{2}\\d$");
}

TEST(Lexer, ResolvesEscapes) {
  EXPECT_EQ(resolve_escape("\\n"), "\n");
  EXPECT_EQ(resolve_escape("\\r"), "\r");
  EXPECT_EQ(resolve_escape("\\t"), "\t");
  EXPECT_EQ(resolve_escape("\\{"), "{");
  EXPECT_EQ(resolve_escape("\\u{41}"), "A");
  EXPECT_EQ(resolve_escape("\\u{1F600}"), "\xF0\x9F\x98\x80");
  for (const char* wrong : {"", "\\", "\\x", "\\u{D800}", "\\u{110000}", "\\u{1234567}", "\\nn"}) {
    EXPECT_FALSE(resolve_escape(wrong).has_value()) << wrong;
  }
}

TEST(Lexer, JoinsTextAndEscapesOfAString) {
  const Parsed parsed("step a = \"x\\ny{b}\\u{41}\";");
  const auto& declaration = llvm::cast<StepDeclaration>(*parsed.tree.declarations.front());
  const auto& text = llvm::cast<StringExpr>(*declaration.body.expression);
  ASSERT_EQ(text.parts.size(), 3U);
  EXPECT_EQ(text.parts[0].text, "x\ny");
  EXPECT_TRUE(text.has_interpolation());
  EXPECT_EQ(text.parts[2].text, "A");
}

struct NumberCase {
  const char* text;
  LiteralKind kind;
  std::uint64_t value;
  NumberProblem problem = NumberProblem::kNone;
};

TEST(Numbers, HaveExactValues) {
  for (const NumberCase& expected : {
           NumberCase{"0", LiteralKind::kInteger, 0},
           NumberCase{"1_000", LiteralKind::kInteger, 1000},
           NumberCase{"18446744073709551615", LiteralKind::kInteger, UINT64_MAX},
           NumberCase{"3.14", LiteralKind::kDecimal, 0},
           NumberCase{"50ms", LiteralKind::kDuration, 50'000'000},
           NumberCase{"1.5s", LiteralKind::kDuration, 1'500'000'000},
           NumberCase{"2d", LiteralKind::kDuration, 172'800'000'000'000},
           NumberCase{"1KiB", LiteralKind::kSize, 1024},
           NumberCase{"0.5KiB", LiteralKind::kSize, 512},
           NumberCase{"64KB", LiteralKind::kSize, 64'000},
           NumberCase{"50%", LiteralKind::kPercent, 500'000},
           NumberCase{"0.10%", LiteralKind::kPercent, 1'000},
           NumberCase{"1__", LiteralKind::kInteger, 0, NumberProblem::kMalformed},
           NumberCase{"1.2.3", LiteralKind::kInteger, 0, NumberProblem::kMalformed},
           NumberCase{"5sec", LiteralKind::kInteger, 0, NumberProblem::kUnknownUnit},
           NumberCase{"18446744073709551616", LiteralKind::kInteger, 0, NumberProblem::kOutOfRange},
           NumberCase{"999999999999d", LiteralKind::kDuration, 0, NumberProblem::kOutOfRange},
           NumberCase{"0.5ns", LiteralKind::kDuration, 0, NumberProblem::kNotWhole},
           NumberCase{"0.0000000000000000000000001s", LiteralKind::kDuration, 0, NumberProblem::kNotWhole},
       }) {
    const Number number = read_number(expected.text);
    EXPECT_EQ(number.problem, expected.problem) << expected.text;
    if (expected.problem != NumberProblem::kNone) continue;
    EXPECT_EQ(number.kind, expected.kind) << expected.text;
    EXPECT_EQ(number.value, expected.value) << expected.text;
  }
}

TEST(DeclarationKeywords, RecogniseDeclarationsAndNothingElse) {
  for (const char* text :
       {"step load(id)", "step a;", "step load\n  -> x", "slots {", "edition 2026;", "schema \"x\";",
        "extern type T = ", "import a.b;", "cron n \"* * * * *\"", "flow f on GET", "step x"}) {
    EXPECT_TRUE(begins_declaration(text)) << text;
  }
  for (const char* text : {"error: string;", "policy fast;", "slots: i32;", "steps a;", "", "  step a;",
                           "struct A;", "edition x;", "extern x y", "step 1"}) {
    EXPECT_FALSE(begins_declaration(text)) << text;
  }
}

TEST(Names, MayBeKeywords) {
  const Parsed parsed(R"(struct Words { step: i32; true: i32; return: i32; list: list<type>; }
slots { key: string; with: string; fails: string; }
step retry(key, with?) -> fails = on.header(return: when, null: with.true) with policy key key fails error;
chain flow = retry, all.any;
flow job on GET "/" { retry; policy.when; parallel { max; } return 200 header header header key; }
)");
  EXPECT_THAT(parsed.findings(), IsEmpty());
}

TEST(Suppressions, AreHandedToTheEngine) {
  EXPECT_THAT(
      findings_of("// zerver: allow(dangling-doc-comment): comes later\n/// Nothing.\n"),
      ElementsAre("1:1 unused-suppression: nothing on the covered line is reported as `dangling-doc-comment`",
                  "2:1 dangling-doc-comment: this doc comment describes nothing"));
  EXPECT_THAT(findings_of("step a; /// Behind. // zerver: allow(dangling-doc-comment): no\n"),
              ElementsAre("1:9 dangling-doc-comment: this doc comment describes nothing"));
}

}  // namespace
}  // namespace zc::syntax
