// Choosing among fixes.

#include "compiler/driver/fix/select_fixes.h"

#include <gtest/gtest.h>

namespace zc::driver {
namespace {

using diagnostics::Edit;
using diagnostics::Kind;

class ChooseFixes : public testing::Test {
 protected:
  Span span(std::uint32_t begin, std::uint32_t end) const { return {file_, begin, end}; }

  // A finding whose only fix makes `edits`.
  void add(std::vector<Edit> edits) {
    engine_.report(Kind::kUnknownSlot, edits.front().span, "x").fix("repair", std::move(edits));
  }

  // The text after one round, and how many findings it settles.
  std::pair<std::string, std::size_t> choose(bool may_change = true) {
    const diagnostics::Report report = engine_.finish();
    const ChosenFixes chosen = choose_fixes(report, sources_, [&](FileId) { return may_change; });
    return {chosen.texts.empty() ? sources_.text(file_).str() : chosen.texts.front().second,
            chosen.diagnostics.size()};
  }

  SourceManager sources_;
  FileId file_ = cantFail(sources_.add("a.flow", "abcdef"));
  diagnostics::DiagnosticEngine engine_{sources_};
};

TEST_F(ChooseFixes, AppliesEditsInTheOrderOfTheText) {
  add({{span(4, 5), "E"}});
  add({{span(0, 1), ""}, {span(6, 6), "!"}});
  EXPECT_EQ(choose(), std::pair(std::string("bcdEf!"), std::size_t{2}));
}

TEST_F(ChooseFixes, EditsThatOnlyMeetAreApart) {
  add({{span(1, 2), "B"}});
  add({{span(2, 3), "C"}});
  EXPECT_EQ(choose(), std::pair(std::string("aBCdef"), std::size_t{2}));
}

TEST_F(ChooseFixes, TakesTheFirstOfTwoThatOverlap) {
  add({{span(1, 4), "-"}});
  add({{span(3, 5), "+"}});
  EXPECT_EQ(choose(), std::pair(std::string("a-ef"), std::size_t{1}));
}

TEST_F(ChooseFixes, TakesTheFirstOfTwoInsertionsAtOnePlace) {
  add({{span(2, 2), "1"}});
  engine_.report(Kind::kUnknownStep, span(2, 2), "x").fix("repair", span(2, 2), "2");
  EXPECT_EQ(choose(), std::pair(std::string("ab1cdef"), std::size_t{1}));
}

TEST_F(ChooseFixes, LeavesOutAWholeFixWhenOneEditTouchesAnother) {
  add({{span(1, 2), "B"}});
  engine_.report(Kind::kUnknownStep, span(2, 3), "x")
      .fix("repair", std::vector<Edit>{{span(5, 6), "F"}, {span(0, 2), ""}});
  EXPECT_EQ(choose(), std::pair(std::string("aBcdef"), std::size_t{1}));
}

TEST_F(ChooseFixes, LeavesAChoiceToTheUser) {
  engine_.report(Kind::kUnknownSlot, span(0, 1), "x")
      .fix("one way", span(0, 1), "1")
      .fix("another", span(0, 1), "2");
  EXPECT_EQ(choose(), std::pair(std::string("abcdef"), std::size_t{0}));
}

TEST_F(ChooseFixes, ChangesNoFileThatIsNotNamed) {
  add({{span(0, 1), "A"}});
  EXPECT_EQ(choose(false), std::pair(std::string("abcdef"), std::size_t{0}));
}

}  // namespace
}  // namespace zc::driver
