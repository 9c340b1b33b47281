// Which slots a part of a flow uses, and whether it waits.

#include "compiler/model/effects.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::plan {
namespace {

using model::StatementKind;

template <typename Slots> void add_expression(const model::Expression& expression, Slots& slots) {
  std::vector<model::SlotUse> uses;
  model::collect_slots(expression, uses);
  for (const model::SlotUse& use : uses)
    slots.insert(use.slot);
}

// What the statement itself says, without its steps and branches.
template <typename Slots> void add_expressions(const model::Statement& statement, Slots& slots) {
  if (statement.condition) add_expression(*statement.condition, slots);
  if (statement.answer) {
    if (statement.answer->body) add_expression(*statement.answer->body, slots);
    for (const model::AnswerHeader& header : statement.answer->headers)
      add_expression(header.value, slots);
  }
  if (statement.enqueue) {
    for (const model::Expression& argument : statement.enqueue->arguments)
      add_expression(argument, slots);
    if (statement.enqueue->unique) add_expression(*statement.enqueue->unique, slots);
  }
}

}  // namespace

FlowBuilder::Slots FlowBuilder::used(llvm::ArrayRef<model::Statement> statements) const {
  Slots result;
  for (const model::Statement& statement : statements) {
    if (statement.kind == StatementKind::kOnOverload) continue;  // a part of its own
    if (statement.step.is_valid()) {
      const model::Step& step = builder_.program.steps[statement.step];
      for (const auto* uses : {&step.reads, &step.writes})
        for (const model::SlotUse& use : *uses)
          result.insert(use.slot);
    }
    add_expressions(statement, result);
    Slots own;
    if (statement.each) {
      add_expression(statement.each->over, result);
      if (statement.each->results.is_valid()) result.insert(statement.each->results);
      own = element_slots(statement);
      // A run begins with what the flow's slots of that name hold.
      for (const model::SlotId slot : own)
        if (slot != statement.each->item && stored_.contains(slot)) result.insert(slot);
    }
    for (const model::Block& branch : statement.branches)
      for (const model::SlotId slot : used(branch))
        if (!own.contains(slot)) result.insert(slot);
    for (const std::uint32_t index : statement.alternatives)
      for (const model::SlotId slot : used(flow_.alternatives[index].body))
        result.insert(slot);
  }
  return result;
}

FlowBuilder::Slots FlowBuilder::written(llvm::ArrayRef<model::Statement> statements) const {
  Slots result;
  for (const model::Statement& statement : statements) {
    if (statement.step.is_valid())
      for (const model::SlotUse& use : builder_.program.steps[statement.step].writes)
        result.insert(use.slot);
    if (statement.each) {
      if (statement.each->results.is_valid()) result.insert(statement.each->results);
      continue;
    }
    for (const model::Block& branch : statement.branches)
      for (const model::SlotId slot : written(branch))
        result.insert(slot);
    for (const std::uint32_t index : statement.alternatives)
      for (const model::SlotId slot : written(flow_.alternatives[index].body))
        result.insert(slot);
  }
  return result;
}

FlowBuilder::Slots FlowBuilder::element_slots(const model::Statement& statement) const {
  Slots result;
  result.insert(statement.each->item);
  for (const model::SlotId slot : written(statement.branches[0]))
    result.insert(slot);
  return result;
}

bool FlowBuilder::reads_slots(llvm::ArrayRef<model::Statement> statements) const {
  for (const model::Statement& statement : statements) {
    if (statement.kind == StatementKind::kOnOverload) continue;  // a part of its own
    if (statement.step.is_valid()) {
      const model::Step& step = builder_.program.steps[statement.step];
      if (!step.reads.empty() || step.kind == model::StepKind::kBody) return true;
    }
    if (statement.each) return true;
    Slots mentioned;
    add_expressions(statement, mentioned);
    if (!mentioned.empty()) return true;
    if (llvm::any_of(statement.branches, [&](const model::Block& branch) { return reads_slots(branch); }))
      return true;
  }
  return false;
}

bool FlowBuilder::waits(llvm::ArrayRef<model::Statement> statements) const {
  return llvm::any_of(statements, [&](const model::Statement& statement) {
    if (statement.kind == StatementKind::kEnqueue) return true;
    if (statement.step.is_valid()) {
      const model::Step& step = builder_.program.steps[statement.step];
      if (step.call || step.group) return true;
    }
    return llvm::any_of(statement.branches, [&](const model::Block& branch) { return waits(branch); }) ||
           llvm::any_of(statement.alternatives,
                        [&](std::uint32_t index) { return waits(flow_.alternatives[index].body); });
  });
}

}  // namespace zc::plan
