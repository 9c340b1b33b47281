// One error does not hide the next, and does not cause others.

#include "compiler/syntax/test_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/Casting.h>

namespace zc::syntax {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Recovery, WhatIsExpectedIsAlwaysSaid) {
  EXPECT_THAT(findings_of(R"(package shop;
flow index on GET "/" public { when a = 5 { return 204; } return 200; }
)"),
              ElementsAre("2:39 unexpected-token: expected something else, found `=`"));
}

TEST(Recovery, ReportsIndependentErrorsOnceEach) {
  EXPECT_THAT(
      findings_of(R"(package shop;
struct Item { title string; price: decimal }
strukt Order { items: list<Item>; }
flow index on GET "/" public {
  deadline 5sec;
  return 200 "50\% off" as text;
}
scalar Id i64;
step load(id -> todo;
flow other on GET "/other" public {
  when a { x; } else { y; ]; }
  retrun 200 "other";
  return "other";
}
step last = ;
)"),
      ElementsAre("2:21 unexpected-token: expected `:`, found `string`",
                  "2:43 missing-token: missing `;` after `decimal`",
                  "3:1 unknown-declaration: no declaration begins with `strukt`",
                  "5:13 unknown-unit: no unit is called `sec`",
                  "6:17 invalid-escape: `\\%` is no escape sequence",
                  "8:11 unexpected-token: expected `:`, found `i64`",
                  "9:10 unclosed-bracket: `(` is never closed", "11:27 unmatched-bracket: `]` closes nothing",
                  "11:28 unexpected-token: expected a statement or `}`, found `;`",
                  "12:3 unexpected-token: expected a statement, found `retrun`",
                  "13:10 unexpected-token: expected a number, found a string",
                  "15:13 unexpected-token: expected an expression, found `;`"));
}

TEST(Recovery, KeepsWhatIsRightBesideWhatIsWrong) {
  const Parsed parsed(R"(struct Item { title string; price: decimal; }
step load(id) -> todo = db.one(+) with fast;
flow show on GET "/x" { load; 5; return 204; }
)");
  EXPECT_TRUE(parsed.tree.has_errors);
  EXPECT_EQ(parsed.dump(), R"(! struct Item @1:1
  ! title: <missing> @1:15
  price: decimal @1:29
! step load (id) -> todo @2:1
  <error>
! flow show on GET "/x" @3:1
  use load @3:25
  return 204 @3:34
)");
}

TEST(Recovery, PutsAMissingSemicolonAtTheEndOfTheLine) {
  const Parsed parsed(R"(flow show {
  deadline 300ms
  load
  check;
  return 200 todo
}
policy fast {
  timeout 50ms
  retry 1
}
scalar Id: i64
scalar Other: i64;
)");
  EXPECT_THAT(parsed.findings(), ElementsAre("2:17 missing-token: missing `;` before the next line",
                                             "5:18 missing-token: missing `;` after `todo`",
                                             "8:15 missing-token: missing `;` before the next line",
                                             "9:10 missing-token: missing `;` after `1`",
                                             "11:15 missing-token: missing `;` after `i64`"));
  EXPECT_THAT(parsed.report.diagnostics.front().fixes, SizeIs(1));
}

TEST(Recovery, EndsADeclarationWhereTheNextOneBegins) {
  const Parsed parsed(R"(struct Open {
  title: string;

@http(404)
error NotFound { id: i64; }

flow show on GET "/" {
  when a {
    load;

step last;
)");
  EXPECT_THAT(parsed.findings(), ElementsAre("1:13 unclosed-bracket: `{` is never closed",
                                             "7:22 unclosed-bracket: `{` is never closed"));
  EXPECT_THAT(parsed.tree.declarations, SizeIs(4));
}

TEST(Recovery, LooksIntoTheBlocksOfAStatementWithAWrongHead) {
  const Parsed parsed(
      "flow show {\n  when a > > 3 {\n    load now then;\n  } else {\n    return;\n  }\n  check;\n}\n");
  EXPECT_THAT(parsed.findings(), ElementsAre("2:12 unexpected-token: expected an expression, found `>`",
                                             "3:5 misplaced-setting: the setting `load` has no meaning here",
                                             "5:11 unexpected-token: expected a number, found `;`"));
}

TEST(Recovery, ReportsBracketsOnce) {
  EXPECT_THAT(
      findings_of("step a(b = c;\nstep d = [1, 2;\nstep e = (1 + 2));\n};\n"),
      ElementsAre("1:7 unclosed-bracket: `(` is never closed", "2:10 unclosed-bracket: `[` is never closed",
                  "3:17 unmatched-bracket: `)` closes nothing", "4:1 unmatched-bracket: `}` closes nothing",
                  "4:2 unexpected-token: expected a declaration, found `;`"));
}

TEST(Recovery, ClosesStringsAtTheEndOfTheLine) {
  EXPECT_THAT(
      findings_of("flow f { return 200 \"abc;\n}\nstep a = db.one(\"select {id);\nstep b = x.y(sql\"select\n"
                  "  1 from t);\n\nstep c;\nstep d = \"open"),
      ElementsAre("1:21 unterminated-string: this string is never closed",
                  "3:17 unterminated-string: this string is never closed",
                  "4:14 unterminated-string: this string is never closed",
                  "8:10 unterminated-string: this string is never closed"));
}

TEST(Recovery, KeepsErrorsOfAnInterpolationInIt) {
  EXPECT_THAT(
      findings_of("step a = \"x{}y{b c}z{d}\";\nstep b = \"{f(} {g)} {h;}\";\nstep c = \"{x...}\";\n"),
      ElementsAre(
          "1:13 invalid-interpolation: an interpolation holds one expression: expected an expression, "
          "found `}`",
          "1:18 invalid-interpolation: an interpolation holds one expression: expected "
          "`}`, found `c`",
          "2:13 unclosed-bracket: `(` is never closed", "2:18 unmatched-bracket: `)` closes nothing",
          "2:23 invalid-interpolation: an interpolation holds one expression: expected "
          "`}`, found `;`",
          "3:13 unexpected-token: expected `}`, found `...`"));
}

TEST(Recovery, SaysWhatWasProbablyMeant) {
  const Parsed parsed("step load -> x = a.b() fials NotFound;\nstrcut A { }\nflow f { retrun 204; }\n");
  ASSERT_THAT(parsed.report.diagnostics, SizeIs(3));
  EXPECT_THAT(parsed.report.diagnostics[0].helps, ElementsAre("did you mean `fails`?"));
  EXPECT_THAT(parsed.report.diagnostics[1].helps, ElementsAre("did you mean `struct`?"));
  EXPECT_THAT(parsed.report.diagnostics[2].helps, ElementsAre("did you mean `return`?"));
  // Its uses are known.
  EXPECT_EQ(parsed.tree.declarations[1]->name.text, "A");
}

TEST(Recovery, ReportsClausesThatAreWrittenTwice) {
  EXPECT_THAT(
      findings_of(
          "step a = t.op() with p with q key x key y timeout 1s timeout 2s fails A fails B pivot pivot "
          "undo t.a() undo t.b() then x then y;\n"
          "flow f on GET \"/a\" on PUT \"/b\" public public {\n"
          "  each x in y max 1 max 2 parallel 1 parallel 2 { }\n"
          "  enqueue j after 1s after 2s;\n  return 200 a as text as html;\n}\n"
          "edition 2026;\npackage a;\npackage b;\n"),
      ElementsAre(HasSubstr("`with`"), HasSubstr("`key`"), HasSubstr("`timeout`"), HasSubstr("`fails`"),
                  HasSubstr("`pivot`"), HasSubstr("`undo`"), HasSubstr("`then`"), HasSubstr("`on`"),
                  HasSubstr("`public`"), HasSubstr("`max`"), HasSubstr("`parallel`"), HasSubstr("`after`"),
                  HasSubstr("`as`"), HasSubstr("misplaced"), HasSubstr("misplaced"), HasSubstr("misplaced")));
}

TEST(Recovery, ReportsWhatTheGrammarAloneDoesNotSee) {
  EXPECT_THAT(
      findings_of("edition 1999;\nstep a = b < c < d;\nstep e = (f)(1);\nstep g = x { y(); };\n"
                  "flow h {\n  load;\n  deadline 1s;\n  saga { deadline 2s; }\n  return 99;\n}\n"
                  "enum E { a b }\nstruct S { @pattern(\"[a]{2}\") x: string; }\n"
                  "step may may a, done, need b;\nstep n = 12_ + 1.0001KB + 99999999999999999999 + 1.2.3;\n"),
      ElementsAre("1:1 unknown-edition: edition 1999 is not known",
                  "2:16 chained-comparison: comparisons do not chain",
                  "3:13 not-callable: only a name can be called", testing::_,
                  "7:3 misplaced-setting: the setting `deadline` comes after a statement",
                  "8:10 misplaced-setting: the setting `deadline` has no meaning here",
                  "9:10 invalid-status: `99` is no status of HTTP",
                  "11:11 missing-token: missing `,` between members",
                  "12:25 invalid-interpolation: an interpolation has no meaning here",
                  "13:14 unexpected-token: expected `done`, `need`, `insert` or `replace`, found `a`",
                  "14:10 invalid-number: `12_` is no number", "14:16 invalid-number: `1.0001KB` is no number",
                  "14:27 number-out-of-range: `99999999999999999999` does not fit into 64 bits",
                  "14:50 invalid-number: `1.2.3` is no number"));
}

TEST(Recovery, ReportsATreeWithoutErrorsForAMissingSemicolon) {
  const Parsed parsed("scalar Id: i64\n");
  EXPECT_FALSE(parsed.tree.has_errors);
  EXPECT_EQ(parsed.report.error_count, 1U);
}

}  // namespace
}  // namespace zc::syntax
