#include "compiler/plan/make_plan.h"

#include "compiler/plan/dump.h"
#include "compiler/plan/program_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace zc::plan {
namespace {

using testing::HasSubstr;

model::SlotUse use(model::SlotId slot, bool optional = false) { return {slot, optional, {}}; }

TEST(MakePlan, SlotsAndStepsMayBeCalledLikeKeywords) {
  ProgramBuilder builder;
  const model::TypeId i32 = builder.simple(model::TypeKind::kI32);
  const model::SlotId slot = builder.slot("class", i32);
  const model::StructId structure =
      builder.structure("Point", {builder.field("int", i32), builder.field("delete", i32)});
  const model::StepId step = builder.body_step("delete", {use(slot)}, {});
  const Plan plan = make_plan(builder.program, builder.package);
  ASSERT_EQ(plan.steps.size(), 1U);
  EXPECT_EQ(plan.steps[0].name, "delete_");
  EXPECT_EQ(plan.steps[0].slots[0].name, "class_");
  EXPECT_EQ(plan.types[0].fields[0].name, "int_");
  EXPECT_EQ(plan.types[0].codec[0].json, "\"int\"");
  EXPECT_TRUE(step.is_valid() && structure.is_valid());
}

TEST(MakePlan, APresenceBitExistsOnlyWherePresenceIsNotKnown) {
  ProgramBuilder builder;
  const model::TypeId text = builder.simple(model::TypeKind::kString);
  const model::SlotId surely = builder.slot("surely", text);
  const model::SlotId maybe = builder.slot("maybe", text);
  const model::FlowId flow = builder.flow("show", ProgramBuilder::route(model::Method::kGet, "/x"),
                                          {ProgramBuilder::answer(204)}, {surely, maybe});
  builder.program.flows[flow].maybe_slots = {maybe};
  const Plan plan = make_plan(builder.program, builder.package);
  for (const SlotPlan& slot : plan.flows[0].slots)
    EXPECT_EQ(slot.presence, slot.name == "maybe" ? "has_maybe" : "");
}

TEST(MakePlan, StorageHasNoGapsThatAnOrderAvoids) {
  ProgramBuilder builder;
  const model::SlotId flag = builder.slot("flag", builder.simple(model::TypeKind::kBool));
  const model::SlotId text = builder.slot("text", builder.simple(model::TypeKind::kString));
  const model::SlotId count = builder.slot("count", builder.simple(model::TypeKind::kI32));
  builder.flow("show", ProgramBuilder::route(model::Method::kGet, "/x"), {ProgramBuilder::answer(204)},
               {flag, count, text});
  const Plan plan = make_plan(builder.program, builder.package);
  ASSERT_EQ(plan.flows[0].slots.size(), 3U);
  EXPECT_EQ(plan.flows[0].slots[0].name, "text");
  EXPECT_EQ(plan.flows[0].slots[1].name, "count");
  EXPECT_EQ(plan.flows[0].slots[2].name, "flag");
}

TEST(MakePlan, StructsStandBehindThoseTheyHold) {
  ProgramBuilder builder;
  const model::TypeId i32 = builder.simple(model::TypeKind::kI32);
  // `Outer` is declared first and holds `Inner`.
  const model::StructId outer = builder.structure("Outer", {});
  const model::StructId inner = builder.structure("Inner", {builder.field("x", i32)});
  builder.program.structs[outer].fields = {builder.field("inner", builder.types.structure(inner))};
  const Plan plan = make_plan(builder.program, builder.package);
  EXPECT_EQ(plan.types[0].name, "Inner");
  EXPECT_EQ(plan.types[1].name, "Outer");
  EXPECT_FALSE(plan.types[1].has_row) << "a struct does not fit into a column";
}

TEST(MakePlan, WhatCannotBeGeneratedIsListedWithItsPlace) {
  ProgramBuilder builder;
  const model::FlowId flow =
      builder.flow("buy", ProgramBuilder::route(model::Method::kPost, "/x"),
                   {ProgramBuilder::answer(200, model::AnswerFormat::kEvents, builder.text("news"))});
  builder.program.flows[flow].sample_percent = 5;
  const Plan plan = make_plan(builder.program, builder.package);
  ASSERT_EQ(plan.unsupported.size(), 2U);
  EXPECT_TRUE(plan.unsupported[0].is_hint);
  EXPECT_EQ(plan.unsupported[1].what, "a streamed answer of `on overload`");
}

TEST(DumpPlan, ShowsWhatWasDecided) {
  ProgramBuilder builder;
  const model::TypeId text = builder.simple(model::TypeKind::kString);
  const model::ErrorId bad = builder.error("BadInput", 400, model::kInvalid, {builder.field("why", text)});
  const model::SlotId name = builder.slot("name", text);
  const model::StepId read =
      builder.extract("read_name", use(name), model::RequestPart::kPath, text, "name", bad);
  builder.flow("hello", ProgramBuilder::route(model::Method::kGet, "/hello/{name}"),
               {ProgramBuilder::run(read),
                ProgramBuilder::answer(200, model::AnswerFormat::kText, builder.read(name))},
               {name});
  std::string dump;
  llvm::raw_string_ostream out(dump);
  dump_plan(builder.program, out);
  EXPECT_THAT(dump, HasSubstr("package sample.v1 -> namespace sample::v1, sample.flow.h"));
  EXPECT_THAT(dump, HasSubstr("flow hello on GET \"/hello/{name}\": function run_hello"));
  EXPECT_THAT(dump, HasSubstr("on zerver::FaultKind::kInvalid: return answer_error(exchange, BadInput{.why = "
                              "fault.why}, fault);"));
  EXPECT_THAT(dump, HasSubstr("/hello/* -> hello"));
}

}  // namespace
}  // namespace zc::plan
