// Views and decisions of the steps that are C++ functions.

#include "compiler/plan/build.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <set>
#include <string>

namespace zc::plan {
namespace {

std::string list_of_slots(const Builder& builder, const std::vector<model::SlotUse>& uses) {
  std::vector<std::string> names;
  for (const model::SlotUse& use : uses)
    names.push_back(builder.written_name(builder.program.slots[use.slot].origin) + (use.optional ? "?" : ""));
  return llvm::join(names, ", ");
}

template <typename Ids, typename Table>
std::string list_of_names(const Builder& builder, const Ids& ids, const Table& table) {
  std::vector<std::string> names;
  for (const auto id : ids)
    names.push_back(builder.written_name(table[id].origin));
  return llvm::join(names, ", ");
}

// The step's declaration in one line.
std::string signature(const Builder& builder, const model::Step& step) {
  const model::Program& program = builder.program;
  std::string text = "step " + step.origin.name;
  if (!step.reads.empty()) text += "(" + list_of_slots(builder, step.reads) + ")";
  if (!step.writes.empty()) text += " -> " + list_of_slots(builder, step.writes);
  if (!step.fails.empty()) text += " fails " + list_of_names(builder, step.fails, program.errors);
  std::vector<std::string> may;
  if (step.may_done) may.emplace_back("done");
  if (!step.may_need.empty()) may.push_back("need " + list_of_names(builder, step.may_need, program.steps));
  if (!step.may_insert.empty())
    may.push_back("insert " + list_of_names(builder, step.may_insert, program.chains));
  if (!step.may_replace.empty())
    may.push_back("replace " + list_of_names(builder, step.may_replace, program.chains));
  if (!may.empty()) text += " may " + llvm::join(may, ", ");
  if (step.then.is_valid()) text += " then " + builder.written_name(program.steps[step.then].origin);
  return text;
}

void deprecate(AccessPlan& access, const model::Origin& origin) {
  access.is_deprecated = origin.deprecated.has_value();
  if (origin.deprecated) access.deprecated = string_literal(*origin.deprecated);
}

std::string file_name(llvm::StringRef path) {
  return path.rsplit('/').second.empty() ? path.str() : path.rsplit('/').second.str();
}

}  // namespace

std::vector<AccessPlan> accesses_of(const Builder& builder, const model::Step& step) {
  std::vector<AccessPlan> result;
  llvm::DenseMap<model::SlotId, std::size_t> known;
  // Own slots keep their names; an imported one gives way to them.
  llvm::DenseSet<llvm::StringRef> own;
  std::set<std::string> beside;  // what the class has besides a function for each slot
  for (const auto* uses : {&step.reads, &step.writes})
    for (const model::SlotUse& use : *uses) {
      const model::Slot& slot = builder.program.slots[use.slot];
      const std::string name = identifier(slot.origin.name);
      beside.insert({"set_" + name, "wrote_" + name, name + "_storage"});
      if (slot.origin.package == step.origin.package) own.insert(slot.origin.name);
    }
  NameScope scope({"View", "Decision", "run", "proceed", "fail", "done"});
  const auto access = [&](const model::SlotUse& use) -> AccessPlan& {
    const auto [entry, is_new] = known.try_emplace(use.slot, result.size());
    if (!is_new) return result[entry->second];
    const model::Slot& slot = builder.program.slots[use.slot];
    AccessPlan plan;
    plan.flow_name = builder.written_name(slot.origin);
    const bool is_foreign = slot.origin.package != step.origin.package;
    std::string name = is_foreign && own.contains(slot.origin.name) ? plan.flow_name : slot.origin.name;
    if (beside.contains(identifier(name))) name += "_value";
    plan.name = scope.claim(name);
    plan.type = builder.writer.type(slot.type);
    plan.doc = lines_of(slot.origin.doc);
    plan.is_struct = builder.program.types[slot.type].kind == model::TypeKind::kStruct;
    plan.member = plan.name + (llvm::StringRef(plan.name).ends_with("_") ? "slot_" : "_");
    deprecate(plan, slot.origin);
    result.push_back(std::move(plan));
    return result.back();
  };
  for (const model::SlotUse& use : step.reads) {
    AccessPlan& plan = access(use);
    plan.reads = true;
    plan.optional_read = use.optional;
  }
  for (const model::SlotUse& use : step.writes) {
    AccessPlan& plan = access(use);
    plan.writes = true;
    plan.optional_write = use.optional;
  }
  for (AccessPlan& plan : result)
    plan.setter = scope.claim("set_" + plan.name);
  return result;
}

// The member of a decision that holds an error. It has a `_` behind it where the class keeps it, so that
// names that are taken get a number.
std::string error_member(NameScope& members, const std::string& name) {
  std::string member = name;
  for (int number = 2; members.is_taken(member); ++number)
    member = name + std::to_string(number);
  return members.claim(member);
}

std::vector<DecisionPlan> decisions_of(const Builder& builder, const model::Step& step) {
  std::vector<DecisionPlan> result;
  NameScope enumerators({"kProceed"});
  NameScope members({"kind", "kind_", "none", "none_", "answer", "answer_"});
  using Kind = DecisionPlan::Kind;
  for (const model::ErrorId id : step.fails) {
    const model::ErrorType& error = builder.program.errors[id];
    result.push_back({Kind::kFail, enumerators.claim(constant("fail_" + error.origin.name)), "fail",
                      builder.names.spelled(id, error.origin.package, builder.package),
                      error_member(members, snake(error.origin.name))});
  }
  if (step.may_done) result.push_back({Kind::kDone, enumerators.claim("kDone"), "done", "", "answer"});
  const auto add = [&](Kind kind, const char* verb, llvm::StringRef name) {
    result.push_back({kind, enumerators.claim(constant((verb + ("_" + name)).str())),
                      identifier((verb + ("_" + name)).str()), "", ""});
  };
  for (const model::StepId id : step.may_need)
    add(Kind::kNeed, "need", builder.program.steps[id].origin.name);
  for (const model::ChainId id : step.may_insert)
    add(Kind::kInsert, "insert", builder.program.chains[id].origin.name);
  for (const model::ChainId id : step.may_replace)
    add(Kind::kReplace, "replace", builder.program.chains[id].origin.name);
  return result;
}

void plan_steps(Builder& builder) {
  for (std::size_t i = 0; i < builder.program.steps.size(); ++i) {
    const model::StepId id(i);
    const model::Step& step = builder.program.steps[id];
    if (!builder.is_own(step.origin) || step.kind != model::StepKind::kBody) continue;
    for (const auto* uses : {&step.reads, &step.writes})
      for (const model::SlotUse& use : *uses)
        builder.require(builder.program.slots[use.slot].type, builder.header_packages);
    for (const model::ErrorId error : step.fails)
      builder.header_packages.insert(builder.program.errors[error].origin.package);
    StepPlan plan;
    plan.name = builder.names.name(id);
    plan.flow_name = builder.flow_name(step.origin);
    plan.short_name = step.origin.name;
    plan.file = file_name(builder.program.packages[builder.package].output_path) + ".flow";
    plan.signature = signature(builder, step);
    plan.doc = lines_of(step.origin.doc);
    plan.is_deprecated = step.origin.deprecated.has_value();
    if (step.origin.deprecated) plan.deprecated = string_literal(*step.origin.deprecated);
    plan.slots = accesses_of(builder, step);
    plan.decisions = decisions_of(builder, step);
    plan.may_done = step.may_done;
    builder.plan.steps.push_back(std::move(plan));
  }
}

}  // namespace zc::plan
