// What the renderers write.

#include "compiler/diagnostics/render.h"

#include "compiler/base/source_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/JSON.h>

#include <string>

namespace zc::diagnostics {
namespace {

using testing::HasSubstr;
using testing::Not;

class Render : public testing::Test {
 protected:
  FileId add(llvm::StringRef name, llvm::StringRef text) {
    return sources_.add(llvm::MemoryBuffer::getMemBufferCopy(text, name));
  }

  // One error with everything that a diagnostic can have.
  Report full_report() {
    const FileId first = add("a.flow", "package a;\n\tstep \xE4\xB8\x96 b;\n");
    const FileId second = add("b.flow", "slots { }\n");
    DiagnosticEngine engine(sources_);
    engine.report(Kind::kInvalidEscape, {first, 17, 20}, "x")
        .label("here")
        .secondary({first, 0, 7}, "the package")
        .secondary({second, 0, 5}, "elsewhere")
        .note("a fact\nin two lines")
        .help("a hint")
        .fix("write `y`", {first, 17, 20}, "y");
    return engine.finish();
  }

  std::string text(const Report& report, bool color = false) {
    std::string result;
    llvm::raw_string_ostream out(result);
    render_text(report, sources_, {color, 4}, out);
    return result;
  }

  SourceManager sources_;
};

TEST_F(Render, TextShowsCaretsLabelsAndHints) {
  EXPECT_EQ(text(full_report()),
            "error[invalid-escape]: `x` is no escape sequence\n"
            " --> a.flow:2:7\n"
            "  |\n"
            "1 | package a;\n"
            "  | ------- the package\n"
            "2 |     step \xE4\xB8\x96 b;\n"
            "  |          ^^ here\n"
            " ::: b.flow:1:1\n"
            "  |\n"
            "1 | slots { }\n"
            "  | ----- elsewhere\n"
            "  = note: a fact\n"
            "          in two lines\n"
            "  = help: a hint\n"
            "  = fix: write `y`\n"
            "\n"
            "1 error\n");
}

TEST_F(Render, ColorsOnlyWhenTold) {
  const Report report = full_report();
  EXPECT_THAT(text(report, true), HasSubstr("\x1b[1;31merror[invalid-escape]\x1b[0m"));
  EXPECT_THAT(text(report), Not(HasSubstr("\x1b")));
}

TEST_F(Render, TextHidesWhatATerminalWouldObey) {
  const FileId file = add("c.flow", "a \x1b[2J \xFF b");
  DiagnosticEngine engine(sources_);
  engine.report(Kind::kInvalidEscape, {file, 2, 3}, "\x1b[2J");
  EXPECT_THAT(text(engine.finish()), Not(HasSubstr("\x1b")));
}

TEST_F(Render, JsonHoldsEverythingInALine) {
  const Report report = full_report();
  std::string result;
  llvm::raw_string_ostream out(result);
  render_json(report, sources_, out);
  EXPECT_EQ(llvm::StringRef(result).count('\n'), 1U);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(result);
  ASSERT_TRUE(static_cast<bool>(value));
  const llvm::json::Object& object = *value->getAsObject();
  EXPECT_EQ(object.getString("code"), "invalid-escape");
  EXPECT_EQ(object.getString("severity"), "error");
  EXPECT_EQ(object.getString("family"), "syntax");
  EXPECT_EQ(object.getString("file"), "a.flow");
  EXPECT_EQ(object.getObject("begin")->getInteger("line"), 2);
  EXPECT_EQ(object.getObject("begin")->getInteger("offset"), 17);
  EXPECT_EQ(object.getArray("labels")->size(), 2U);
  EXPECT_EQ(object.getArray("fixes")->size(), 1U);
}

TEST_F(Render, SarifHoldsRulesResultsAndFixes) {
  const Report report = full_report();
  std::string result;
  llvm::raw_string_ostream out(result);
  render_sarif(report, sources_, "1.2.3", out);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(result);
  ASSERT_TRUE(static_cast<bool>(value));
  EXPECT_EQ(value->getAsObject()->getString("version"), "2.1.0");
  const llvm::json::Object& run = *(*value->getAsObject()->getArray("runs"))[0].getAsObject();
  const llvm::json::Object& driver = *run.getObject("tool")->getObject("driver");
  EXPECT_EQ(driver.getString("version"), "1.2.3");
  EXPECT_EQ(driver.getArray("rules")->size(), 1U);
  const llvm::json::Object& finding = *(*run.getArray("results"))[0].getAsObject();
  EXPECT_EQ(finding.getString("ruleId"), "invalid-escape");
  EXPECT_EQ(finding.getArray("relatedLocations")->size(), 2U);
  EXPECT_EQ(finding.getArray("fixes")->size(), 1U);
}

TEST_F(Render, CountsAtTheEnd) {
  Report report;
  EXPECT_EQ(text(report), "");
  report.error_count = 2;
  report.warning_count = 1;
  report.dropped_count = 3;
  EXPECT_EQ(text(report), "2 errors, 1 warning (3 not shown)\n");
}

}  // namespace
}  // namespace zc::diagnostics
