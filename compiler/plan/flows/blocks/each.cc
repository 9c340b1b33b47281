// `each`: a loop, or runs side by side.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::plan {

void FlowBuilder::each(const model::Statement& statement, Body& body) {
  const model::Each& each = *statement.each;
  const std::string number = std::to_string(++each_count_);
  Operation operation;
  operation.kind = Operation::Kind::kEach;
  const auto slot_name = [&](model::SlotId slot) {
    return builder_.written_name(builder_.program.slots[slot].origin);
  };
  operation.comment = "each " + slot_name(each.item) + " max " + std::to_string(each.most);
  if (each.parallel > 1) operation.comment += " parallel " + std::to_string(each.parallel);
  if (each.results.is_valid()) operation.comment += " -> " + slot_name(each.results);
  EachPlan& plan = operation.each.emplace();
  plan.list = "list_" + number;
  plan.list_type = builder_.writer.type(each.over.type);
  plan.over = builder_.writer.value(each.over, slots_);
  plan.too_many = "if (" + plan.list + ".size() > " + std::to_string(each.most) + ")" +
                  guarded(break_off_too_many(plan.list, each.most));
  plan.index = "index_" + number;
  plan.element = "element_" + number;
  builder_.require(each.over.type, builder_.source_packages);
  const model::SlotId made = plan_results(statement, number, plan);

  const Bindings outer = slots_;
  plan_element(statement, made, plan);
  if (made.is_valid())
    plan.collect = "if (" + slots_.presence.lookup(made) + ") " + plan.results + ".set(" + plan.index + ", " +
                   slots_.slots.lookup(made) + ");";
  loops_.push_back(plan.index);
  const bool side_by_side = each.parallel > 1 && each.most > 1 && waits(statement.branches[0]);
  if (side_by_side) {
    each_side_by_side(statement, outer, operation);
  } else {
    elements_.push_back({plan.element_type, plan.element});
    operation.body = block(statement.branches[0]).body;
    elements_.pop_back();
  }
  loops_.pop_back();
  slots_ = outer;

  if (made.is_valid())
    plan.end.push_back(assign({each.results, false, {}}, builder_.program.slots[each.results].type,
                              plan.results + ".list()"));
  body.push_back(std::move(operation));
}

// The slot whose values are collected: the last one of the elements' type that the body writes.
model::SlotId FlowBuilder::plan_results(const model::Statement& statement, const std::string& number,
                                        EachPlan& plan) {
  const model::Each& each = *statement.each;
  if (!each.results.is_valid()) return {};
  const model::TypeId element = type(builder_.program.slots[each.results].type).element;
  model::SlotId made;
  for (const model::SlotId slot : written(statement.branches[0]))
    if (slot != each.item && builder_.program.slots[slot].type == element) made = slot;
  if (!made.is_valid()) {
    builder_.unsupported(statement.span, "`each` with results that its body does not make");
    return {};
  }
  plan.results = "results_" + number;
  plan.results_type = "zerver::flow::EachResults<" + builder_.writer.type(element) + ">";
  return made;
}

// What a run has for itself: its element, and what it writes. Of the latter it sees what stood there before.
void FlowBuilder::plan_element(const model::Statement& statement, model::SlotId made, EachPlan& plan) {
  const model::Each& each = *statement.each;
  StoragePlan storage;
  storage.name = builder_.source_scope.claim(upper_camel(flow_.origin.name) + "Element" +
                                             plan.element.substr(plan.element.rfind('_') + 1));
  plan.element_type = storage.name;
  plan.is_element_read = made.is_valid() || reads_slots(statement.branches[0]);
  NameScope scope({storage.name});
  Bindings inner = slots_;
  const Slots own = element_slots(statement);
  for (const model::SlotId id : own) {
    const model::Slot& slot = builder_.program.slots[id];
    SlotPlan planned;
    planned.name = scope.claim(slot.origin.name);
    planned.type = builder_.writer.type(slot.type);
    planned.flow_name = builder_.written_name(slot.origin);
    builder_.require(slot.type, builder_.source_packages);
    inner.slots[id] = plan.element + "." + planned.name;
    inner.presence.erase(id);
    storage.slots.push_back(std::move(planned));
  }
  for (auto [id, planned] : llvm::zip(own, storage.slots)) {
    if (id != made && !is_maybe(id)) continue;
    planned.presence = scope.claim("has_" + planned.name);
    inner.presence[id] = plan.element + "." + planned.presence;
  }
  for (const model::SlotId id : own) {
    const std::string before = slots_.slots.lookup(id);
    if (id == each.item || before.empty()) continue;
    plan.begin.push_back({"", inner.slots.lookup(id), before, ""});
    const std::string presence = slots_.presence.lookup(id);
    // What the runs make is collected only from where they have written it.
    if (!presence.empty() && id != made) plan.begin.push_back({"", inner.presence.lookup(id), presence, ""});
  }
  slots_ = std::move(inner);
  plan.begin.push_back(
      assign({each.item, false, {}}, type(each.over.type).element, plan.list + "[" + plan.index + "]"));
  plan_.storages.push_back(std::move(storage));
}

void FlowBuilder::each_side_by_side(const model::Statement& statement, const Bindings& outer,
                                    Operation& operation) {
  EachPlan& plan = *operation.each;
  const std::string number = plan.list.substr(plan.list.rfind('_') + 1);
  plan.parallel = std::to_string(statement.each->parallel);
  operation.exit = "exit_" + std::to_string(++scope_count_);
  Arrivals arrivals;
  BranchPlan run = branch("each_" + number, statement.branches[0], &plan, arrivals);
  operation.branches.push_back({"", run.function, run.arguments});
  plan_.branches.push_back(std::move(run));
  suspensions_.push_back("each");
  const Bindings inner = std::exchange(slots_, outer);
  operation.pass_on = pass_on(operation.exit, arrivals);
  slots_ = inner;
}

}  // namespace zc::plan
