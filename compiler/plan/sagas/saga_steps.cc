// Steps that write inside a saga: what they leave for their undo, and how that runs without their flow.

#include "compiler/model/effects.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/model/sagas/capture.h"
#include "compiler/model/sagas/saga.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>

#include <memory>
#include <utility>

namespace zc::plan {
namespace {

bool reads_request(const model::Expression& expression) {
  return expression.kind == model::ExpressionKind::kRequest ||
         llvm::any_of(expression.operands, reads_request);
}

const model::SlotUse* use_of(const std::vector<model::SlotUse>& uses, model::SlotId slot) {
  const auto found = llvm::find_if(uses, [slot](const model::SlotUse& use) { return use.slot == slot; });
  return found == uses.end() ? nullptr : &*found;
}

// As a policy's `on` names errors, and an undo has none of its own: they stand for the kinds that they have
// by declaration.
model::Step with_kinds_of(const model::Program& program, const model::Step& step,
                          const model::EffectCall& undo) {
  model::Step result = step;
  result.mappings.clear();
  for (std::size_t i = 0; i < program.errors.size(); ++i) {
    const model::ErrorType& error = program.errors[model::ErrorId(i)];
    if ((error.kinds & undo.raises) != 0)
      result.mappings.push_back(
          {model::ErrorId(i), static_cast<model::Kinds>(error.kinds & undo.raises), undo.span});
  }
  return result;
}

}  // namespace

// --- The step, once for the package ---

std::size_t FlowBuilder::plan_saga_step(model::StepId id) {
  if (const auto known = builder_.saga_steps.find(id); known != builder_.saga_steps.end())
    return known->second;
  const model::Step& step = builder_.program.steps[id];
  const model::Capture capture = model::capture_of(builder_.program, step);
  const bool has_redo = capture.has_redo;

  SagaStepPlan plan;
  const std::string& name = step.origin.name;
  plan.capture = builder_.source_scope.claim(upper_camel(name) + "Capture");
  plan.constant = builder_.source_scope.claim(constant(name + "_saga"));
  plan.step = string_literal(builder_.flow_name(step.origin));
  plan.written = builder_.written_name(step.origin);
  plan.role = step.pivot ? "kPivot" : step.undo ? "kCompensated" : "kUncompensated";
  plan.repeatable = has_redo;
  plan.undo_repeatable = step.undo && model::is_repeatable(builder_.program, *step.undo);
  plan.undo_needs_result = capture.needs_result;

  NameScope scope({plan.capture});
  Bindings captured;
  for (const model::SlotId slot : capture.slots) {
    const model::Slot& declared = builder_.program.slots[slot];
    const bool is_optional = type(declared.type).kind == model::TypeKind::kOptional;
    const std::string spelled = builder_.writer.type(declared.type);
    builder_.require(declared.type, builder_.source_packages);
    SagaFieldPlan field;
    field.slot = slot;
    field.name = scope.claim(declared.origin.name);
    field.type = is_optional ? spelled : "std::optional<" + spelled + ">";
    field.json = string_literal(builder_.written_name(declared.origin));
    field.is_written = use_of(step.writes, slot) != nullptr;
    const std::string member = "captured." + field.name;
    captured.slots[slot] = is_optional ? member : member + ".value()";
    const model::SlotUse* const read = use_of(step.reads, slot);
    const model::SlotUse* const write = use_of(step.writes, slot);
    const bool may_be_unset = (write != nullptr ? write->optional : read != nullptr && read->optional);
    if (may_be_unset) captured.presence[slot] = member + ".has_value()";
    plan.fields.push_back(std::move(field));
  }
  // A key that is a part of the request is known only while there is one.
  if (has_redo && step.call->key && reads_request(*step.call->key)) {
    plan.key = scope.claim("key");
    plan.fields.push_back(
        {model::SlotId(), plan.key, "std::optional<zerver::String>", string_literal("request.key"), false});
  }

  // The same calls as in a flow, over what was captured.
  const Bindings flow_slots = std::exchange(slots_, captured);
  if (step.undo) {
    if (step.undo->key && reads_request(*step.undo->key))
      builder_.unsupported(step.undo->key_span, "a key of an `undo` that is a part of the request");
    plan.undo = builder_.source_scope.claim("undo_" + name);
    plan.undo_text = model::call_name(builder_.program, *step.undo);
    plan.undo_calls.push_back(
        call(with_kinds_of(builder_.program, step, *step.undo), *step.undo, "", name + "_undo"));
  }
  if (has_redo) {
    plan.redo = builder_.source_scope.claim("redo_" + name);
    plan.redo_text = model::call_name(builder_.program, *step.call);
    plan.redo_calls.push_back(call(step, *step.call, "", name));
    if (!plan.key.empty()) plan.redo_calls.back().key = "captured." + plan.key + ".value()";
    for (const model::SlotUse& write : step.writes) {
      if (!llvm::is_contained(capture.slots, write.slot)) continue;
      const auto field =
          llvm::find_if(plan.fields, [&](const SagaFieldPlan& each) { return each.slot == write.slot; });
      slots_.slots[write.slot] = "captured." + field->name;
      slots_.presence.erase(write.slot);
      plan.redo_assigns.push_back(assign(write, step.call->result, "*call.result()"));
    }
  }
  slots_ = flow_slots;

  const std::size_t index = builder_.plan.saga_steps.size();
  builder_.saga_steps[id] = index;
  builder_.plan.saga_steps.push_back(std::move(plan));
  return index;
}

// --- Its use in a flow ---

std::optional<SagaUsePlan> FlowBuilder::saga_use(const model::Statement& statement) {
  const model::Step& step = builder_.program.steps[statement.step];
  if (!model::is_write(step)) return std::nullopt;
  const SagaStepPlan& plan = builder_.plan.saga_steps[plan_saga_step(statement.step)];
  SagaUsePlan result{plan.capture, plan.constant, is_last_write(statement), {}, {}};
  const Bindings bindings = bindings_of(step);
  for (const SagaFieldPlan& field : plan.fields) {
    const std::string target = "saga_step.captured." + field.name;
    if (!field.slot.is_valid()) {
      const std::string text = key(*step.call->key, bindings);
      result.before.push_back({"", target, "exchange.arena().text(" + text + ")", ""});
      continue;
    }
    const bool is_read = use_of(step.reads, field.slot) != nullptr;
    const AssignPlan copy{"", target, bindings.slots.lookup(field.slot), ""};
    const std::string presence = bindings.presence.lookup(field.slot);
    if (is_read) {
      result.before.push_back(copy);
      result.before.back().condition = presence;
    }
    if (field.is_written) {
      const bool may_be_unset = use_of(step.writes, field.slot)->optional;
      result.after.push_back(copy);
      if (may_be_unset) result.after.back().condition = presence;
    }
  }
  return result;
}

// Whether no other write of the saga can come behind this one.
bool FlowBuilder::is_last_write(const model::Statement& statement) {
  if (!graph_) {
    graph_ = std::make_unique<model::Cfg>(model::build_cfg(builder_.program, id_));
    sagas_ = model::find_sagas(builder_.program, *graph_);
  }
  const model::Cfg& cfg = *graph_;
  for (const model::Saga& saga : sagas_) {
    // Outer ones come first.
    const auto found = llvm::find_if(saga.steps, [&](const model::SagaStep& each) {
      return cfg.statements[cfg.nodes[each.node].statement] == &statement;
    });
    if (found == saga.steps.end()) continue;
    if (!found->branches.empty()) return false;
    const llvm::DenseSet<model::NodeIndex> inside(saga.nodes.begin(), saga.nodes.end());
    llvm::DenseSet<model::NodeIndex> writes;
    for (const model::SagaStep& each : saga.steps)
      if (each.writes) writes.insert(each.node);
    llvm::DenseSet<model::NodeIndex> seen;
    std::vector<model::NodeIndex> open;
    const auto follow = [&](model::NodeIndex node, bool has_completed) {
      for (const model::Edge& edge : cfg.nodes[node].out) {
        if (has_completed && model::is_before_writes(edge.kind)) continue;
        if (inside.contains(edge.to) && seen.insert(edge.to).second) open.push_back(edge.to);
      }
    };
    follow(found->node, true);
    while (!open.empty()) {
      const model::NodeIndex node = open.back();
      open.pop_back();
      if (writes.contains(node)) return false;
      follow(node, false);
    }
    return true;
  }
  return false;
}

}  // namespace zc::plan
