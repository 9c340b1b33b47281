// `parallel`: effects under one join, or branches that are coroutines.

#include "compiler/model/effects.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <set>
#include <utility>

namespace zc::plan {

// When every branch is one effect, it is a group of them: nothing has to be kept for each branch.
bool FlowBuilder::parallel_effects(const model::Statement& statement, Body& body) {
  if (is_durable()) return false;  // each is written down when it has ended
  std::vector<const model::Step*> steps;
  for (const model::Block& branch : statement.branches) {
    if (branch.size() != 1 || branch[0].kind != model::StatementKind::kStep) return false;
    const model::Step& step = builder_.program.steps[branch[0].step];
    if (step.kind != model::StepKind::kEffect) return false;
    if (!saga_.empty() && model::is_write(step)) return false;
    if (llvm::is_contained(steps, &step)) return false;  // their locals would have one name
    steps.push_back(&step);
  }
  Operation operation;
  operation.kind = Operation::Kind::kCalls;
  std::vector<std::string> comments;
  for (const model::Step* step : steps) {
    effect(*step, identifier(step->origin.name) + "_", operation);
    comments.push_back(comment(*step));
  }
  operation.comment = "parallel: " + llvm::join(comments, "; ");
  if (operation.calls.size() > 1) {
    GroupPlan all{"all", "zerver::flow::Join::kAll", "", {}};
    for (const CallPlan& each : operation.calls)
      all.members.push_back("{&" + each.call + "}");
    operation.groups.push_back(std::move(all));
  }
  check_given_up(operation);
  suspensions_.push_back("parallel");
  body.push_back(std::move(operation));
  return true;
}

void FlowBuilder::parallel(const model::Statement& statement, Body& body) {
  if (!llvm::any_of(statement.branches, [&](const model::Block& branch) { return waits(branch); })) {
    // Nothing to wait for: one after the other.
    for (const model::Block& branch : statement.branches) {
      Result result = block(branch);
      llvm::append_range(body, std::move(result.body));
    }
    return;
  }
  if (parallel_effects(statement, body)) return;
  Operation operation;
  operation.kind = Operation::Kind::kParallel;
  operation.comment = "parallel";
  const std::string number = std::to_string(++scope_count_);
  operation.exit = "exit_" + number;
  Arrivals arrivals;
  for (const model::Block& branch : statement.branches) {
    const std::string name = "branch_" + std::to_string(++branch_count_);
    BranchPlan plan = this->branch(name, branch, nullptr, arrivals);
    operation.branches.push_back({name, plan.function, plan.arguments});
    plan_.branches.push_back(std::move(plan));
  }
  suspensions_.push_back("parallel");
  operation.pass_on = pass_on(operation.exit, arrivals);
  body.push_back(std::move(operation));
}

BranchPlan FlowBuilder::branch(const std::string& name, llvm::ArrayRef<model::Statement> statements,
                               const EachPlan* each, Arrivals& arrivals) {
  BranchPlan plan;
  plan.function = builder_.source_scope.claim("run_" + flow_.origin.name + "_" + name);
  const bool uses_path = std::exchange(uses_path_, false);
  const bool uses_outer_saga = std::exchange(uses_outer_saga_, false);
  const bool is_saga_here = std::exchange(is_saga_here_, false);
  const bool uses_journal = std::exchange(uses_journal_, false);
  std::vector<Scope> outer = std::exchange(scopes_, {});
  scopes_.push_back({Scope::Kind::kBranch});
  const std::size_t around = elements_.size();
  if (each != nullptr) elements_.push_back({each->element_type, each->element});
  Result body = block(statements);
  elements_.resize(around);
  arrivals.add(scopes_.back().arrivals);
  arrivals.broken = true;  // an exception
  scopes_ = std::move(outer);
  plan.body = std::move(body.body);
  plan.ends = body.ends;

  const auto add = [&](const std::string& type, const std::string& argument) {
    plan.parameters.push_back(type + " " + argument);
    plan.arguments.push_back(argument);
  };
  std::set<std::string> owners;
  const auto add_owner = [&](llvm::StringRef place) { owners.insert(place.split('.').first.str()); };
  for (const model::SlotId slot : used(statements))
    add_owner(slots_.slots.lookup(slot));
  if (each != nullptr)
    for (const AssignPlan& assign : each->begin)
      add_owner(assign.value);
  if (owners.contains("slots")) add(plan_.storage + "&", "slots");
  for (const Element& element : elements_)
    if (owners.contains(element.local)) add(element.type + "&", element.local);
  if (uses_path_) add("const std::array<std::string_view, " + std::to_string(plan_.captures) + ">&", "path");
  if (uses_outer_saga_) add("zerver::flow::Saga&", saga_);
  if (uses_journal_) {
    add("zerver::flow::DurableRun&", "durable");
    for (const std::string& index : loops_)
      if (each == nullptr || index != each->index) add("std::size_t", index);
  }
  uses_journal_ = uses_journal_ || uses_journal;
  is_saga_here_ = is_saga_here;
  uses_outer_saga_ = uses_outer_saga || (uses_outer_saga_ && !is_saga_here);
  uses_path_ = uses_path_ || uses_path;
  if (each == nullptr) return plan;
  plan.each = *each;
  add("const " + each->list_type + "&", each->list);
  add("std::size_t", each->index);
  if (!each->results.empty()) add(each->results_type + "&", each->results);
  return plan;
}

}  // namespace zc::plan
