#include "compiler/emit/emit.h"

#include "compiler/base/source_manager.h"
#include "compiler/plan/program_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/JSON.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zc::emit {
namespace {

using plan::ProgramBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

class EmitTest : public testing::Test {
 protected:
  EmitTest() {
    const model::TypeId text = builder_.simple(model::TypeKind::kString);
    const model::SlotId name = builder_.slot("name", text);
    const model::SlotId greeting = builder_.slot("greeting", text);
    const model::StepId read =
        builder_.extract("read_name", {name, false, {}}, model::RequestPart::kPath, text, "name",
                         builder_.error("BadInput", 400, model::kInvalid, {builder_.field("why", text)}));
    const model::StepId greet = builder_.body_step("greet", {{name, false, {}}}, {{greeting, false, {}}});
    builder_.flow("hello", ProgramBuilder::route(model::Method::kGet, "/hello/{name}"),
                  {ProgramBuilder::run(read), ProgramBuilder::run(greet),
                   ProgramBuilder::answer(200, model::AnswerFormat::kText, builder_.read(greeting))},
                  {name, greeting});
  }

  std::vector<OutputFile> emit(const Products& products) {
    auto files = zc::emit::emit(builder_.program, products, Templates::built_in(), diagnostics_);
    EXPECT_TRUE(static_cast<bool>(files));
    return files ? std::move(*files) : std::vector<OutputFile>();
  }

  ProgramBuilder builder_;
  SourceManager sources_;
  diagnostics::DiagnosticEngine diagnostics_{sources_};
};

TEST_F(EmitTest, FilesAreNamedAfterThePackageAndOrdered) {
  std::vector<std::string> paths;
  for (const OutputFile& file : emit({true, true, true, true, true}))
    paths.push_back(file.path);
  EXPECT_THAT(paths, ElementsAre("sample.flow.cc", "sample.flow.dot", "sample.flow.h", "sample.flow.json",
                                 "sample.flow.svg", "sample.slots.dot", "zerver_main.cc"));
}

TEST_F(EmitTest, TheSameProgramGivesTheSameBytes) {
  const std::vector<OutputFile> first = emit({true, true, true, true, true});
  const std::vector<OutputFile> second = emit({true, true, true, true, true});
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(first[i].text, second[i].text) << first[i].path;
}

TEST_F(EmitTest, TheMainTakesAdaptersFromAHeader) {
  Products products{.main = true};
  const std::string without = emit(products).at(0).text;
  EXPECT_THAT(without, HasSubstr("run_main(argc, argv, packages);"));
  products.adapters = "shop/bank.h";
  const std::string with = emit(products).at(0).text;
  EXPECT_THAT(with, HasSubstr("#include \"shop/bank.h\"\n"));
  EXPECT_THAT(with, HasSubstr("run_main(argc, argv, packages, register_adapters);"));
}

TEST_F(EmitTest, WhatCannotBeGeneratedIsADiagnosticAndNoFile) {
  builder_.flow("tell", ProgramBuilder::route(model::Method::kPost, "/x"),
                {ProgramBuilder::answer(200, model::AnswerFormat::kEvents, builder_.text("news"))});
  EXPECT_TRUE(emit({true, false, false, false}).empty());
  const diagnostics::Report report = diagnostics_.finish();
  ASSERT_EQ(report.diagnostics.size(), 1U);
  EXPECT_EQ(report.diagnostics[0].kind, diagnostics::Kind::kNotGeneratedYet);
  EXPECT_EQ(report.diagnostics[0].message, "a streamed answer of `on overload` cannot be generated yet");
}

TEST_F(EmitTest, ASettingWithoutEffectIsAWarning) {
  builder_.program.flows[model::FlowId(0)].sample_percent = 10;
  EXPECT_EQ(emit({true, false, false, false}).size(), 2U);
  const diagnostics::Report report = diagnostics_.finish();
  EXPECT_EQ(report.warning_count, 1U);
  EXPECT_EQ(report.error_count, 0U);
}

TEST_F(EmitTest, TheJsonIsValidAndNamesEverything) {
  const std::vector<OutputFile> files = emit({false, false, false, true});
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(files.at(0).text);
  ASSERT_TRUE(static_cast<bool>(value));
  const llvm::json::Object& root = *value->getAsObject();
  EXPECT_EQ(root.getString("package"), "sample.v1");
  const llvm::json::Object& flow = *(*root.getArray("flows"))[0].getAsObject();
  EXPECT_EQ(flow.getString("path"), "/hello/{name}");
  EXPECT_EQ(flow.getArray("body")->size(), 3U);
  EXPECT_EQ((*root.getArray("steps"))[1].getAsObject()->getString("kind"), "body");
}

TEST_F(EmitTest, TheGraphHasANodeForEachStatement) {
  const std::string text = emit({false, false, true, false}).at(0).text;
  EXPECT_THAT(text, HasSubstr("digraph \"sample.v1\""));
  EXPECT_THAT(text, HasSubstr("<b>greet</b>"));
  EXPECT_THAT(text, HasSubstr("<b>return 200</b>"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '{'), std::count(text.begin(), text.end(), '}'));
}

TEST_F(EmitTest, NamesThatCppReservesCompileAsEscapedOnes) {
  builder_.slot("class", builder_.simple(model::TypeKind::kI32));
  builder_.body_step("delete", {{builder_.slot("int", builder_.simple(model::TypeKind::kI32)), false, {}}},
                     {});
  const std::vector<OutputFile> files = emit({true, false, false, false});
  const std::string& header = files.at(1).text;
  EXPECT_THAT(header, HasSubstr("namespace delete_ {"));
  EXPECT_THAT(header, HasSubstr("const std::int32_t& int_() const noexcept"));
}

}  // namespace
}  // namespace zc::emit
