// What is waited for together: effects and groups of them, and what becomes of their results.

#include "compiler/model/words.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>

#include <set>
#include <string>
#include <utility>

namespace zc::plan {
namespace {

using model::Join;

const char* spelling(Join join) {
  switch (join) {
    case Join::kAll:
      return "zerver::flow::Join::kAll";
    case Join::kAllRequired:
      return "zerver::flow::Join::kAllRequired";
    case Join::kAny:
      return "zerver::flow::Join::kAny";
    case Join::kFirstSuccess:
      return "zerver::flow::Join::kFirstSuccess";
    case Join::kRace:
      return "zerver::flow::Join::kRace";
    case Join::kQuorum:
      return "zerver::flow::Join::kQuorum";
    case Join::kHedge:  // one call: its policy starts it again
    case Join::kSequential:
      return "zerver::flow::Join::kSequential";
  }
  return "";
}

// Whether a member has succeeded when its group has.
bool succeeds_with(const model::Group& group, const model::GroupMember& member) {
  switch (group.join) {
    case Join::kAll:
    case Join::kAllRequired:
    case Join::kSequential:
      return member.required;
    case Join::kHedge:
      return true;
    case Join::kQuorum:
      return group.quorum == group.members.size();
    case Join::kAny:
    case Join::kFirstSuccess:
    case Join::kRace:
      return false;
  }
  return false;
}

// What stands for a member: a group of one required effect is that effect.
const model::GroupMember& stand_in(const model::GroupMember& member) {
  const bool is_one = member.group && member.group->members.size() == 1 &&
                      member.group->members.front().required && member.required;
  return is_one ? stand_in(member.group->members.front()) : member;
}

std::string both(const std::string& left, const std::string& right) {
  return left.empty() || right.empty() ? left + right : left + " && " + right;
}

}  // namespace

// Plans the calls, the groups and the outcome of one step.
class FlowBuilder::GroupPlanner {
 public:
  GroupPlanner(FlowBuilder& flow, const model::Step& step, Operation& operation)
      : flow_(flow), step_(step), operation_(operation) {}

  void run() {
    model::GroupMember whole;
    whole.group = *step_.group;
    outcome_.local = member(whole, "");
    outcome_.may_fail = !step_.never_fails;
    if (outcome_.may_fail) {
      outcome_.failures = flow_.failures(step_, "fault");
      outcome_.uncovered = flow_.break_off("fault", true);
    }
    operation_.outcomes.push_back(std::move(outcome_));
  }

 private:
  // Plans a member, and returns what holds its result. It has succeeded where `condition` holds; without one,
  // where the step has.
  std::string member(const model::GroupMember& written, const std::string& condition,
                     bool is_certain = true) {
    const model::GroupMember& member = stand_in(written);
    if (!member.group) return call(member, condition, is_certain);
    const model::Group& group = *member.group;
    GroupPlan plan;
    plan.local = (depth_ == 0 ? "" : claim(model::join_word(group.join))) + "group";
    plan.join = spelling(group.join);
    if (group.join == Join::kQuorum) plan.quorum = std::to_string(group.quorum);
    const std::string here = is_certain ? condition : both(condition, plan.local + ".result()");
    ++depth_;
    for (const model::GroupMember& each : group.members) {
      const std::string local = this->member(each, here, succeeds_with(group, each));
      plan.members.push_back("{&" + local + (each.required ? "}" : ", zerver::flow::kOptional}"));
    }
    --depth_;
    std::string local = plan.local;
    operation_.groups.push_back(std::move(plan));
    return local;
  }

  std::string call(const model::GroupMember& member, const std::string& condition, bool is_certain) {
    const bool has_slot = member.writes.slot.is_valid();
    const std::string prefix =
        claim(has_slot ? identifier(flow_.builder_.program.slots[member.writes.slot].origin.name)
                       : "effect_" + std::to_string(operation_.calls.size() + 1));
    CallPlan plan =
        flow_.call(step_, member.call, prefix, step_.origin.name + "_" + prefix.substr(0, prefix.size() - 1));
    const std::string result = plan.call + ".result()";
    if (has_slot) {
      keep(is_certain ? condition : both(condition, result),
           flow_.assign(member.writes, member.call.result, "*" + result));
    }
    operation_.calls.push_back(std::move(plan));
    return operation_.calls.back().call;
  }

  void keep(const std::string& condition, AssignPlan assign) {
    if (outcome_.kept.empty() || outcome_.kept.back().condition != condition)
      outcome_.kept.push_back({condition, {}});
    outcome_.kept.back().assigns.push_back(std::move(assign));
  }

  // A prefix of locals, no two alike: `wanted` with a `_` behind it.
  std::string claim(const std::string& wanted) {
    std::string name = wanted;
    for (unsigned number = 2; !prefixes_.insert(name).second; ++number)
      name = wanted + "_" + std::to_string(number);
    return name + "_";
  }

  FlowBuilder& flow_;
  const model::Step& step_;
  Operation& operation_;
  OutcomePlan outcome_;
  std::set<std::string> prefixes_;
  unsigned depth_ = 0;
};

void FlowBuilder::group(const model::Step& step, Operation& operation) {
  GroupPlanner(*this, step, operation).run();
}

void FlowBuilder::effect(const model::Step& step, const std::string& prefix, Operation& operation) {
  CallPlan plan = call(step, *step.call, prefix, step.origin.name);
  OutcomePlan outcome;
  outcome.local = plan.call;
  outcome.may_fail = !step.never_fails;
  if (outcome.may_fail) {
    outcome.failures = failures(step, "fault");
    outcome.uncovered = break_off("fault", true);
  }
  if (!step.writes.empty()) {
    const std::string result = plan.call + ".result()";
    outcome.kept.push_back(
        {outcome.may_fail ? "" : result, {assign(step.writes[0], step.call->result, "*" + result)}});
  }
  if (step.commits) {
    // With what was enqueued.
    operation.commits = transaction_;
    outcome.result = transaction_ + ".committed()";
  }
  operation.calls.push_back(std::move(plan));
  operation.outcomes.push_back(std::move(outcome));
}

}  // namespace zc::plan
