// What the templates of a flow's body are filled with.

#include "compiler/emit/data.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::emit {
namespace {

using plan::Operation;

Data assign_data(const plan::AssignPlan& assign) {
  return object({{"condition", when_set(assign.condition)},
                 {"target", when_set(assign.target)},
                 {"value", assign.value},
                 {"presence", when_set(assign.presence)}});
}

Data failure_data(const plan::FailurePlan& failure) {
  return object({{"kinds", list(failure.kinds)}, {"statement", failure.statement}});
}

Data text_data(const plan::TextPlan& text) {
  return object({{"text_local", text.local}, {"lines", list(text.json)}});
}

}  // namespace

Data call_data(const plan::CallPlan& call) {
  return object({{"site", call.site},
                 {"call", call.call},
                 {"call_type", call.call_type},
                 {"arguments_type", call.arguments_type},
                 {"arguments_local", call.arguments_local},
                 {"arguments", braced(call.arguments)},
                 {"texts", list(call.texts, text_data)},
                 {"has_parameters", flag(!call.parameters.empty())},
                 {"parameters_local", call.parameters_local},
                 {"parameters", braced(call.parameters)},
                 {"key", when_set(call.key)}});
}

Data assigns_data(const std::vector<plan::AssignPlan>& assigns) { return list(assigns, assign_data); }

namespace {

Data group_data(const plan::GroupPlan& group) {
  return object({{"group", group.local},
                 {"join", group.join},
                 {"quorum", group.quorum.empty() ? std::string() : ", " + group.quorum},
                 {"count", std::to_string(group.members.size())},
                 {"members", braced(group.members)}});
}

Data kept_data(const plan::OutcomePlan::Kept& kept) {
  // An `if` of an own around each assignment with a condition would not end where this one ends.
  return object({{"only_if", when_set(kept.condition)}, {"assigns", list(kept.assigns, assign_data)}});
}

Data outcome_data(const plan::OutcomePlan& outcome) {
  return object({{"result", outcome.local + ".result()"},
                 {"may_fail", flag(outcome.may_fail)},
                 {"has_failures", flag(!outcome.failures.empty())},
                 {"failures", list(outcome.failures, failure_data)},
                 {"kept", list(outcome.kept, kept_data)}});
}

Data case_data(const plan::CasePlan& each, const std::string& leave) {
  return object({{"label", each.label},
                 {"is_statement", flag(!each.statement.empty())},
                 {"statement", each.statement},
                 {"body", body_data(each.body, leave)},
                 {"goes_on", flag(!each.ends)}});
}

Data operation_data(const Operation& operation, const std::string& leave) {
  const auto is = [&](Operation::Kind kind) { return flag(operation.kind == kind); };
  // Optional effects hide failures: that the flow was given up must still be seen.
  const bool checks_given_up =
      operation.calls.size() > 1 ||
      llvm::any_of(operation.outcomes, [](const plan::OutcomePlan& outcome) { return !outcome.may_fail; });
  std::string awaited;
  if (!operation.groups.empty())
    awaited = operation.groups.back().local;
  else if (!operation.calls.empty())
    awaited = operation.calls.front().call;
  return object({
      {"leave", leave},
      {"has_comment", flag(!operation.comment.empty())},
      {"comment", operation.comment},
      {"flow_name", operation.flow_name},
      {"is_extract", is(Operation::Kind::kExtract)},
      {"is_assign", is(Operation::Kind::kAssign)},
      {"is_calls", is(Operation::Kind::kCalls)},
      {"is_step", is(Operation::Kind::kStep)},
      {"is_when", is(Operation::Kind::kWhen)},
      {"is_rescue", is(Operation::Kind::kRescue)},
      {"is_answer", is(Operation::Kind::kAnswer)},
      {"parts", list(operation.parts,
                     [](const plan::PartPlan& part) {
                       return object({{"local", part.local}, {"type", part.type}, {"value", part.value}});
                     })},
      {"assigns", list(operation.assigns, assign_data)},
      {"has_failures", flag(!operation.failures.empty())},
      {"failures", list(operation.failures, failure_data)},
      {"calls", list(operation.calls, call_data)},
      {"groups", list(operation.groups, group_data)},
      {"awaited", awaited},
      {"outcomes", list(operation.outcomes, outcome_data)},
      {"checks_given_up", flag(checks_given_up)},
      {"step", operation.step},
      {"prefix", operation.prefix},
      {"arguments", separated(operation.arguments)},
      {"cases", list(operation.cases, [&](const plan::CasePlan& each) { return case_data(each, leave); })},
      {"required_writes",
       list(operation.required_writes, [](const std::string& name) { return object({{"name", name}}); })},
      {"condition", operation.condition},
      {"body", body_data(operation.body, leave)},
      {"has_otherwise", flag(!operation.otherwise.empty())},
      {"otherwise", body_data(operation.otherwise, leave)},
      {"label", operation.label},
      {"status", std::to_string(operation.status)},
      {"content_type", operation.content_type},
      {"text", operation.text},
      {"value", operation.value},
      {"json", list(operation.json)},
      {"is_json_value", flag(!operation.value.empty())},
      {"is_json", flag(!operation.json.empty())},
      {"is_text", flag(!operation.text.empty())},
      {"is_empty", flag(operation.value.empty() && operation.json.empty() && operation.text.empty())},
      {"headers", list(operation.headers,
                       [](const plan::HeaderPlan& header) {
                         return object({{"name", header.name}, {"value", header.value}});
                       })},
  });
}

}  // namespace

Data body_data(const plan::Body& body, const std::string& leave) {
  return list(body, [&](const Operation& operation) { return operation_data(operation, leave); });
}

}  // namespace zc::emit
