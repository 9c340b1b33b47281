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

bool has_statuses(const plan::FailurePlan& failure) { return !failure.statuses.empty(); }
bool has_required(const plan::FailurePlan& failure) {
  return llvm::any_of(failure.answered, [](const auto& each) { return each.is_required; });
}

// The condition under which all that is required is there.
std::string complete(const plan::FailurePlan& failure) {
  std::vector<std::string> locals;
  for (const plan::FailurePlan::Answered& each : failure.answered)
    if (each.is_required) locals.push_back(each.local);
  return llvm::join(locals, " && ");
}

Data failure_data(const plan::FailurePlan& failure) {
  return object({{"has_statuses", flag(!failure.statuses.empty())},
                 {"statuses", list(failure.statuses)},
                 {"has_kinds", flag(!failure.kinds.empty())},
                 {"kinds", list(failure.kinds)},
                 {"has_answered", flag(!failure.answered.empty())},
                 {"answered", list(failure.answered,
                                   [](const plan::FailurePlan::Answered& each) {
                                     return object({{"local", each.local}, {"value", each.value}});
                                   })},
                 {"complete", when_set(complete(failure))},
                 {"statement", failure.statement}});
}

Data text_data(const plan::TextPlan& text) {
  return object({{"text_local", text.local}, {"lines", list(text.json)}, {"format", when_set(text.format)}});
}

std::string arguments_behind_exchange(const std::vector<std::string>& arguments) {
  return arguments.empty() ? std::string() : ", " + llvm::join(arguments, ", ");
}

Data hook_data(const plan::HookPlan& hook, const std::string& otherwise) {
  return object({{"comment", hook.comment},
                 {"else", otherwise},
                 {"condition", hook.condition},
                 {"taken", when_set(hook.taken)},
                 {"label", when_set(hook.label)},
                 {"body", body_data(hook.body)}});
}

Data hooks_data(const std::vector<plan::HookPlan>& hooks) {
  bool is_first = true;
  return list(hooks, [&](const plan::HookPlan& hook) {
    return hook_data(hook, std::exchange(is_first, false) ? "" : "} else ");
  });
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
                 {"has_parameters", flag(!call.parameters.empty() && call.rows_type.empty())},
                 {"rows_type", when_set(call.rows_type)},
                 {"parameters_local", call.parameters_local},
                 {"parameters", braced(call.parameters)},
                 {"shield", call.shield.empty() ? std::string() : ", " + call.shield},
                 {"key", when_set(call.key)},
                 {"transaction", when_set(call.transaction)}});
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

Data enqueue_data(const plan::EnqueuePlan& enqueue) {
  return object({{"job", enqueue.job},
                 {"site", enqueue.site},
                 {"arguments_type", enqueue.arguments_type},
                 {"arguments", braced(enqueue.arguments)},
                 {"settings", list(enqueue.settings)},
                 {"shield", enqueue.shield.empty() ? std::string() : ", " + enqueue.shield},
                 {"saga", when_set(enqueue.saga)},
                 {"failed", enqueue.failed}});
}

Data outcome_data(const plan::OutcomePlan& outcome) {
  return object({{"result", outcome.result.empty() ? outcome.local + ".result()" : outcome.result},
                 {"may_fail", flag(outcome.may_fail)},
                 {"takes_answer", flag(llvm::any_of(outcome.failures, has_required))},
                 {"has_failures", flag(!outcome.failures.empty())},
                 {"by_status", flag(llvm::any_of(outcome.failures, has_statuses))},
                 {"failures", list(outcome.failures, failure_data)},
                 {"uncovered", outcome.uncovered},
                 {"kept", list(outcome.kept, kept_data)}});
}

Data each_data(const plan::EachPlan& each) {
  return object({{"list_type", each.list_type},
                 {"list", each.list},
                 {"over", each.over},
                 {"too_many", each.too_many},
                 {"index", each.index},
                 {"element_type", each.element_type},
                 {"element", each.element},
                 {"unused", each.is_element_read ? "" : "[[maybe_unused]] "},
                 {"begin", list(each.begin, assign_data)},
                 {"has_results", flag(!each.results.empty())},
                 {"results_type", each.results_type},
                 {"results", each.results},
                 {"collect", when_set(each.collect)},
                 {"end", list(each.end, assign_data)},
                 {"is_side_by_side", flag(!each.parallel.empty())},
                 {"parallel", each.parallel}});
}

Data saga_use_data(const Operation& operation) {
  const plan::SagaUsePlan& use = *operation.saga;
  std::vector<std::string> calls;
  for (const plan::CallPlan& call : operation.calls)
    calls.push_back("&" + call.call);
  return object({{"saga", use.saga},
                 {"capture", use.capture},
                 {"constant", use.constant},
                 {"calls", braced(calls)},
                 {"is_last", use.is_last ? ", true" : ""},
                 {"before", object({{"assigns", assigns_data(use.before)}})},
                 {"after", object({{"assigns", assigns_data(use.after)}})},
                 {"unrecorded", use.unrecorded}});
}

// The step waits for the last of its members.
Data durable_use_data(const Operation& operation) {
  std::vector<std::string> members;
  for (const plan::CallPlan& call : operation.calls)
    members.push_back(call.call);
  for (const plan::GroupPlan& group : operation.groups)
    members.push_back(group.local);
  if (operation.kind == Operation::Kind::kEnqueue) members.emplace_back("call");
  return object({{"place", operation.durable->place},
                 {"members", llvm::join(members, ", ")},
                 {"goes_on", operation.durable->goes_on ? "true" : ""},
                 {"unkept", operation.durable->unkept}});
}

Data case_data(const plan::CasePlan& each) {
  return object({{"label", each.label},
                 {"is_statement", flag(!each.statement.empty())},
                 {"statement", each.statement},
                 {"body", body_data(each.body)},
                 {"goes_on", flag(!each.ends)}});
}

Data operation_data(const Operation& operation) {
  std::vector<std::string> branch_names;
  for (const Operation::Branch& branch : operation.branches)
    branch_names.push_back(branch.name);
  const auto is = [&](Operation::Kind kind) { return flag(operation.kind == kind); };
  std::string awaited;
  if (!operation.groups.empty())
    awaited = operation.groups.back().local;
  else if (!operation.calls.empty())
    awaited = operation.calls.front().call;
  if (!operation.commits.empty()) awaited = operation.commits + ".commit(" + awaited + ")";
  return object({
      {"has_comment", flag(!operation.comment.empty())},
      {"comment", operation.comment},
      {"flow_name", operation.flow_name},
      {"is_extract", is(Operation::Kind::kExtract)},
      {"is_assign", is(Operation::Kind::kAssign)},
      {"may_throw", flag(operation.may_throw)},
      {"is_calls", is(Operation::Kind::kCalls)},
      {"is_step", is(Operation::Kind::kStep)},
      {"is_when", is(Operation::Kind::kWhen)},
      {"is_rescue", is(Operation::Kind::kRescue)},
      {"is_answer", is(Operation::Kind::kAnswer)},
      {"is_block", is(Operation::Kind::kBlock)},
      {"is_parallel", is(Operation::Kind::kParallel)},
      {"is_each", is(Operation::Kind::kEach)},
      {"is_saga", is(Operation::Kind::kSaga)},
      {"is_idempotency", is(Operation::Kind::kIdempotency)},
      {"settings", list(operation.settings)},
      {"saga", operation.saga_local},
      {"is_transaction", is(Operation::Kind::kTransaction)},
      {"transaction", operation.transaction_local},
      {"repeats", flag(operation.kind == Operation::Kind::kTransaction && !operation.label.empty())},
      {"forgotten", list(operation.forgotten)},
      {"goes_on", flag(!operation.ends)},
      {"commit", when_set(operation.commit)},
      {"has_label", flag(!operation.label.empty())},
      {"parts", list(operation.parts,
                     [](const plan::PartPlan& part) {
                       return object({{"local", part.local}, {"type", part.type}, {"value", part.value}});
                     })},
      {"assigns", list(operation.assigns, assign_data)},
      {"has_failures", flag(!operation.failures.empty())},
      {"by_status", flag(llvm::any_of(operation.failures, has_statuses))},
      {"failures", list(operation.failures, failure_data)},
      {"uncovered", operation.uncovered},
      {"calls", list(operation.calls, call_data)},
      {"groups", list(operation.groups, group_data)},
      {"awaited", awaited},
      {"is_enqueue", is(Operation::Kind::kEnqueue)},
      {"enqueue", enqueue_data(operation.enqueue)},
      {"outcomes", list(operation.outcomes, outcome_data)},
      {"given_up", when_set(operation.given_up)},
      {"use", operation.saga ? saga_use_data(operation) : Data(false)},
      {"durable", operation.durable ? durable_use_data(operation) : Data(false)},
      {"taken", when_set(operation.taken)},
      {"step", operation.step},
      {"prefix", operation.prefix},
      {"arguments", separated(operation.arguments)},
      {"cases", list(operation.cases, [&](const plan::CasePlan& each) { return case_data(each); })},
      {"required_writes", list(operation.required_writes,
                               [](const plan::WrittenPlan& written) {
                                 return object({{"name", written.name}, {"statement", written.statement}});
                               })},
      {"condition", operation.condition},
      {"body", body_data(operation.body)},
      {"has_otherwise", flag(!operation.otherwise.empty())},
      {"otherwise", body_data(operation.otherwise)},
      {"label", operation.label},
      {"exit", operation.exit},
      {"has_on_error", flag(!operation.on_error.empty())},
      {"on_error", hooks_data(operation.on_error)},
      {"cancel_label", when_set(operation.cancel_label)},
      {"has_on_cancel", flag(!operation.on_cancel.empty())},
      {"on_cancel", hooks_data(operation.on_cancel)},
      {"pass_on", when_set(operation.pass_on)},
      {"branches", list(operation.branches,
                        [](const Operation::Branch& branch) {
                          return object({{"name", branch.name},
                                         {"call", branch.function + "(exchange" +
                                                      arguments_behind_exchange(branch.arguments) + ")"}});
                        })},
      {"branch_names", llvm::join(branch_names, ", ")},
      {"each", operation.each ? each_data(*operation.each) : Data(false)},
      {"before", when_set(operation.way.before)},
      {"leave", operation.way.leave},
      {"behind", when_set(operation.way.behind)},
      {"status", std::to_string(operation.status)},
      {"content_type", operation.content_type},
      {"json_type", when_set(operation.content_type)},
      {"text", operation.text},
      {"value", operation.value},
      {"json", list(operation.json)},
      {"stream", when_set(operation.stream)},
      {"leaves", flag(!operation.way.leave.empty())},
      {"is_json_value", flag(!operation.value.empty() && operation.stream.empty())},
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

Data branch_data(const plan::BranchPlan& branch) {
  return object({{"function", branch.function},
                 {"parameters", arguments_behind_exchange(branch.parameters)},
                 {"each", branch.each ? each_data(*branch.each) : Data(false)},
                 {"body", body_data(branch.body)},
                 {"goes_on", flag(!branch.ends)}});
}

Data body_data(const plan::Body& body) {
  return list(body, [&](const Operation& operation) { return operation_data(operation); });
}

}  // namespace zc::emit
