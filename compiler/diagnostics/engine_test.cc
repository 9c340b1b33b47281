// Registry, engine, suppressions, did-you-mean.

#include "compiler/diagnostics/engine.h"

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace zc::diagnostics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Engine : public testing::Test {
 protected:
  Engine() : file_(sources_.add(llvm::MemoryBuffer::getMemBufferCopy("one\ntwo\nthree\n", "a.flow"))) {}

  [[nodiscard]] Span span(std::uint32_t begin, std::uint32_t end) const { return {file_, begin, end}; }
  [[nodiscard]] Suppression allow(std::uint32_t line, llvm::StringRef code) const {
    return {span(0, 3), span(0, 3), code.str(), true, line, line};
  }

  SourceManager sources_;
  FileId file_;
};

TEST(Kinds, HaveUniqueCodesAndExplanations) {
  std::set<llvm::StringRef> codes;
  for (std::size_t index = 0; index < kind_count(); ++index) {
    const auto kind = static_cast<Kind>(index);
    EXPECT_TRUE(codes.insert(info(kind).code).second) << info(kind).code.str();
    EXPECT_EQ(kind_of_code(info(kind).code), kind);
    EXPECT_TRUE(info(kind).family != Family::kSyntax || !explanation(kind).empty()) << info(kind).code.str();
    EXPECT_FALSE(family_name(info(kind).family).empty());
  }
  EXPECT_FALSE(kind_of_code("no-such-code").has_value());
}

TEST_F(Engine, OrdersAndRemovesDoubles) {
  DiagnosticEngine engine(sources_);
  engine.report(Kind::kInvalidEscape, span(8, 9), "b");
  engine.report(Kind::kInvalidEscape, span(0, 1), "a").label("here");
  engine.report(Kind::kInvalidEscape, span(8, 9), "b");
  engine.report(Kind::kInvalidEscape, {}, "c");
  EXPECT_TRUE(engine.has_errors());
  const Report report = engine.finish();
  ASSERT_THAT(report.diagnostics, SizeIs(3));
  EXPECT_EQ(report.diagnostics[0].primary_label, "here");
  EXPECT_EQ(report.diagnostics[1].message, "`b` is no escape sequence");
  EXPECT_FALSE(report.diagnostics[2].span.is_valid());
  EXPECT_EQ(report.error_count, 3U);
}

TEST_F(Engine, MakesWarningsErrorsOrIgnoresThem) {
  WarningOptions options;
  options.errors = {Kind::kDanglingDocComment};
  options.ignored = {Kind::kUnusedSuppression};
  DiagnosticEngine engine(sources_, options);
  engine.report(Kind::kDanglingDocComment, span(0, 1));
  engine.report(Kind::kUnusedSuppression, span(0, 1), "x");
  EXPECT_TRUE(engine.has_errors());
  const Report report = engine.finish();
  ASSERT_THAT(report.diagnostics, SizeIs(1));
  EXPECT_EQ(report.diagnostics[0].severity, Severity::kError);
}

TEST_F(Engine, SilencesWarningsOnTheCoveredLine) {
  WarningOptions options;
  options.all_are_errors = true;
  DiagnosticEngine engine(sources_, options);
  engine.add(allow(2, "dangling-doc-comment"));
  engine.report(Kind::kDanglingDocComment, span(4, 7));
  EXPECT_FALSE(engine.has_errors());
  engine.report(Kind::kDanglingDocComment, span(8, 9));
  EXPECT_TRUE(engine.has_errors());
  EXPECT_THAT(engine.finish().diagnostics, SizeIs(1));
}

TEST_F(Engine, ReportsSuppressionsThatAreUnusedOrMalformed) {
  DiagnosticEngine engine(sources_);
  engine.add(allow(1, "dangling-doc-comment"));
  engine.add(allow(1, "unexpected-token"));
  engine.add(allow(1, "dangling-doc-coment"));
  engine.add({span(0, 3), span(0, 3), "", false, 1, 1});
  const Report report = engine.finish();
  EXPECT_EQ(report.warning_count, 4U);
  EXPECT_THAT(report.diagnostics[2].helps, ElementsAre("did you mean `dangling-doc-comment`?"));
}

TEST_F(Engine, CountsWhatItDoesNotKeep) {
  DiagnosticEngine engine(sources_, {}, 2);
  DiagnosticEngine other(sources_);
  for (std::uint32_t index = 0; index < 3; ++index)
    other.report(Kind::kInvalidEscape, span(index, index + 1), "x");
  engine.absorb(std::move(other));
  engine.report(Kind::kInvalidEscape, span(4, 5), "y").note("goes nowhere");
  const Report report = engine.finish();
  EXPECT_THAT(report.diagnostics, SizeIs(2));
  EXPECT_EQ(report.error_count, 4U);
  EXPECT_EQ(report.dropped_count, 2U);
}

TEST(DidYouMean, FindsSlipsAndNothingElse) {
  EXPECT_EQ(did_you_mean("drfat", {"title", "draft"}), "draft");
  EXPECT_EQ(did_you_mean("Draft", {"draft"}), "draft");
  EXPECT_EQ(did_you_mean("in-flight", {"in_flight"}), "in_flight");
  EXPECT_EQ(did_you_mean("whne", {"when"}), "when");
  EXPECT_EQ(did_you_mean("reserve_item", {"reserved_time", "reserve_itme", "reserve_items"}), "reserve_itme");
  EXPECT_EQ(did_you_mean("reserve_item", {"reserved_time", "reserve_items_", "reserve_items"}),
            "reserve_items");
  EXPECT_FALSE(did_you_mean("draft", std::vector<llvm::StringRef>(1001, "drafts")).has_value());
  EXPECT_FALSE(did_you_mean("x", {"y"}).has_value());
  EXPECT_FALSE(did_you_mean("todo", {"order", ""}).has_value());
  EXPECT_FALSE(did_you_mean("", {"a"}).has_value());
}

}  // namespace
}  // namespace zc::diagnostics
