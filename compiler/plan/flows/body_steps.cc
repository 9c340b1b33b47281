// Steps whose bodies are C++ functions: their views, and what becomes of each decision.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::plan {

std::vector<std::string> FlowBuilder::view_arguments(const model::Statement& statement,
                                                     const model::Step& step) const {
  std::vector<std::string> result = {"exchange.arena()"};
  const std::vector<AccessPlan> accesses = accesses_of(builder_, step);
  std::vector<model::SlotId> order;
  for (const auto* uses : {&step.reads, &step.writes})
    for (const model::SlotUse& use : *uses)
      if (!llvm::is_contained(order, use.slot)) order.push_back(use.slot);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::string name = slots_.slots.lookup(order[i]);
    const std::string presence = slots_.presence.lookup(order[i]);
    if (accesses[i].reads && accesses[i].optional_read) {
      const auto read =
          llvm::find_if(step.reads, [&](const model::SlotUse& use) { return use.slot == order[i]; });
      const auto index = static_cast<std::size_t>(read - step.reads.begin());
      const model::Presence known =
          index < statement.read_presence.size() ? statement.read_presence[index] : model::Presence::kMaybe;
      if (known == model::Presence::kUnset)
        result.emplace_back("nullptr");
      else if (known == model::Presence::kSet || presence.empty())
        result.push_back("&" + name);
      else
        result.push_back(presence + " ? &" + name + " : nullptr");
    } else if (accesses[i].reads && !accesses[i].writes) {
      result.push_back(name);
    }
    if (accesses[i].writes) result.push_back(name);
  }
  return result;
}

void FlowBuilder::body_step(const model::Statement& statement, const model::Step& step,
                            Operation& operation) {
  operation.step = builder_.names.spelled(statement.step, step.origin.package, builder_.package);
  builder_.source_packages.insert(step.origin.package);
  operation.arguments = view_arguments(statement, step);
  if (nesting_ != 0)
    operation.prefix = identifier(step.origin.name) + "_";  // inside the block of another step

  const std::vector<DecisionPlan> decisions = decisions_of(builder_, step);
  const std::string kind = operation.step + "::Decision::Kind::";
  std::size_t next = 0;
  for (const model::ErrorId id : step.fails) {
    const DecisionPlan& decision = decisions[next++];
    operation.cases.push_back({kind + decision.enumerator,
                               raise(id, operation.prefix + "decision." + decision.member + "()", ""),
                               {},
                               true});
  }
  if (step.may_done) {
    const AnswerWay way = answer_way();
    const std::string answer = "zerver::flow::answer(exchange, " + operation.prefix + "decision.answer());";
    operation.cases.push_back(
        {kind + decisions[next++].enumerator,
         way.before + way.leave + answer + (way.behind.empty() ? "" : "\n") + way.behind,
         {},
         true});
  }
  for (; next < decisions.size(); ++next) {
    const DecisionPlan& decision = decisions[next];
    CasePlan plan{kind + decision.enumerator, "", {}, false};
    const std::size_t first_insert = step.fails.size() + (step.may_done ? 1 : 0) + step.may_need.size();
    const bool is_need = decision.kind == DecisionPlan::Kind::kNeed;
    const std::size_t index = is_need ? next - (first_insert - step.may_need.size()) : next - first_insert;
    const model::Alternative* found = nullptr;
    for (const std::uint32_t alternative : statement.alternatives) {
      const model::Alternative& candidate = flow_.alternatives[alternative];
      const bool matches = is_need ? candidate.kind == model::Alternative::Kind::kNeed &&
                                         candidate.need == step.may_need[index]
                           : index < step.may_insert.size()
                               ? candidate.kind == model::Alternative::Kind::kInsert &&
                                     candidate.chain == step.may_insert[index]
                               : candidate.kind == model::Alternative::Kind::kReplace &&
                                     candidate.chain == step.may_replace[index - step.may_insert.size()];
      if (matches) found = &candidate;
    }
    if (found != nullptr) {
      ++nesting_;
      Result alternative = block(found->body);
      --nesting_;
      plan.body = std::move(alternative.body);
      plan.ends = alternative.ends;
    }
    operation.cases.push_back(std::move(plan));
  }
  const std::vector<AccessPlan> accesses = accesses_of(builder_, step);
  for (const model::SlotUse& use : step.writes) {
    const AccessPlan& access = *llvm::find_if(accesses, [&](const AccessPlan& candidate) {
      return candidate.writes &&
             candidate.flow_name == builder_.written_name(builder_.program.slots[use.slot].origin);
    });
    if (!use.optional)
      operation.required_writes.push_back({access.name, guarded(break_off_unwritten(access.name))});
    const std::string presence = slots_.presence.lookup(use.slot);
    if (presence.empty()) continue;
    operation.assigns.push_back(
        use.optional ? AssignPlan{operation.prefix + "view.wrote_" + access.name + "()", "", "", presence}
                     : AssignPlan{"", "", "", presence});
  }
}

}  // namespace zc::plan
