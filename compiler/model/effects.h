// What effects are: calls of operations, alone or in groups.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::model {

[[nodiscard]] inline const Operation& operation_of(const Program& program, const EffectCall& call) {
  return program.adapters[program.targets[call.target].adapter].operations[call.operation];
}

// Of the effects on `target` that name no policy: that of the target, else that of the service of the package
// `from`. May be none.
[[nodiscard]] inline PolicyId default_policy(const Program& program, PackageId from, TargetId target) {
  const PolicyId of_target = program.targets[target].default_policy;
  const ServiceId service = program.packages[from].service;
  return of_target.is_valid() || !service.is_valid() ? of_target : program.services[service].default_policy;
}

// "pay.post"
[[nodiscard]] inline std::string call_name(const Program& program, const EffectCall& call) {
  return program.targets[call.target].origin.name + "." + operation_of(program, call).origin.name;
}

// Whether doing it twice is doing it once: it reads, is declared as @idempotent, or has a key.
[[nodiscard]] inline bool is_repeatable(const Program& program, const EffectCall& call) {
  return call.access == Access::kRead || call.key.has_value() || operation_of(program, call).idempotent;
}

// Whether the flow waits for it: `clock` and `random` answer at once.
[[nodiscard]] inline bool waits(const Program& program, const EffectCall& call) {
  return !program.targets[call.target].builtin;
}

template <typename Visit> void for_each_member(const Group& group, const Visit& visit);

// Calls `visit(member)` for the member when it is an effect, else for those of its group.
template <typename Visit> void for_each_effect(const GroupMember& member, const Visit& visit) {
  if (member.group) {
    for_each_member(*member.group, visit);
  } else {
    visit(member);
  }
}
// Calls `visit(member)` for the effects of a group and of the groups inside it, in the order of the text.
template <typename Visit> void for_each_member(const Group& group, const Visit& visit) {
  for (const GroupMember& member : group.members)
    for_each_effect(member, visit);
}

// Where a member stands.
[[nodiscard]] inline Span span_of(const GroupMember& member) {
  return member.group ? member.group->span : member.call.span;
}

// Calls `visit(call)` for each effect of a step, its `undo` left out.
template <typename Visit> void for_each_call(const Step& step, const Visit& visit) {
  if (step.call) visit(*step.call);
  if (step.group) for_each_member(*step.group, [&visit](const GroupMember& member) { visit(member.call); });
}

// Calls `visit(value)` for each value that the operation gets as it is: its arguments, and the rows that its
// statement inserts.
template <typename Visit> void for_each_whole_argument(const EffectCall& call, const Visit& visit) {
  for (const Expression& argument : call.arguments) {
    if (argument.kind != ExpressionKind::kStatement) {
      visit(argument);
    } else if (call.bulk) {
      visit(argument.operands[BulkInsert::kRows]);
    }
  }
}

// Whether the step changes something outside.
[[nodiscard]] inline bool is_write(const Step& step) {
  bool writes = false;
  for_each_call(step,
                [&writes](const EffectCall& call) { writes = writes || call.access == Access::kWrite; });
  return writes;
}

// Whether the other side's answer has fields for the error, in JSON. An answer without them is none.
[[nodiscard]] inline bool answers_fields(const Program& program, const Step& step,
                                         const ErrorMapping& mapping) {
  bool is_answered = false;
  for_each_call(step, [&](const EffectCall& call) {
    const Operation& operation = operation_of(program, call);
    const bool has_document = operation.status && operation.method.empty();
    is_answered = is_answered || (has_document && (operation.fails & kUnavailable) != 0);
  });
  return is_answered && !mapping.statuses.empty();
}

}  // namespace zc::model
