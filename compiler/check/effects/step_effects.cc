// The effects of a step by themselves: what is repeated, keyed and joined.

#include "compiler/check/effects/effect_checks.h"
#include "compiler/model/effects.h"

#include <algorithm>
#include <string>

namespace zc::check {

namespace {

// Whether it differs from one request to the other.
bool varies(const model::Expression& expression) {
  switch (expression.kind) {
    case model::ExpressionKind::kError:
    case model::ExpressionKind::kSlot:
    case model::ExpressionKind::kParameter:
    case model::ExpressionKind::kRequest:
      return true;
    default:
      return std::any_of(expression.operands.begin(), expression.operands.end(), varies);
  }
}

bool has_required(const model::Group& group) {
  return std::any_of(group.members.begin(), group.members.end(), [](const model::GroupMember& member) {
    return member.required && (!member.group || has_required(*member.group));
  });
}

// The join's keyword when it picks among its effects.
llvm::StringRef choice_word(model::Join join) {
  switch (join) {
    case model::Join::kAny:
      return "any";
    case model::Join::kFirstSuccess:
      return "first_success";
    case model::Join::kRace:
      return "race";
    case model::Join::kQuorum:
      return "quorum";
    default:
      return {};
  }
}

class StepEffects {
 public:
  StepEffects(Context& context, const model::Step& step) : context_(context), step_(step) {}

  void check() {
    model::for_each_call(step_, [this](const model::EffectCall& call) { check_call(call, ""); });
    if (step_.undo) check_call(*step_.undo, "the `undo` ");
    if (step_.group) check_group(*step_.group);
  }

 private:
  void check_call(const model::EffectCall& call, llvm::StringRef role) {
    const std::string name = (role + "`" + model::call_name(context_.program, call) + "`").str();
    if (call.key) check_key(call, name);
    if (model::is_repeatable(context_.program, call)) return;
    const model::PolicySettings& settings = call.settings;
    if (settings.retry && settings.retry->times > 0) {
      auto& diagnostic = report_repeat(Kind::kUnsafeRetry, call, name, settings.retry->span, "retried here");
      const bool is_in_place = call.whole.contains(settings.retry->span);
      if (is_in_place) {
        diagnostic.fix("do not retry it", settings.retry->span, "retry 0");
      } else if (call.policy_span.is_valid()) {
        diagnostic.fix("do not retry it", call.policy_span.end_point(), " retry 0");
      } else {
        diagnostic.fix("do not retry it", call.span.end_point(), " with retry 0");
      }
    }
    if (settings.hedge)
      report_repeat(Kind::kUnsafeHedge, call, name, settings.hedge->span, "started again here");
  }

  diagnostics::Diagnostic& report_repeat(Kind kind, const model::EffectCall& call, llvm::StringRef name,
                                         Span policy, llvm::StringRef what) {
    const model::Operation& operation = model::operation_of(context_.program, call);
    const bool by_statement = operation.access == model::Access::kByStatement;
    return context_.engine.report(kind, call.span, name, step_.origin.name)
        .label(by_statement ? "the statement writes, and has no `key`" : "a write without a `key`")
        .secondary(policy, what)
        .secondary(operation.origin.span,
                   by_statement ? "the statement decides whether it writes" : "not declared as `@idempotent`")
        .help(
            "give it a `key` by which the other side knows the second attempt, such as `key "
            "request.idempotency_key`");
  }

  void check_key(const model::EffectCall& call, llvm::StringRef name) {
    if (call.access == model::Access::kRead) {
      context_.engine.report(Kind::kPointlessKey, call.key_span, name, step_.origin.name)
          .secondary(call.span, "reads, so it can be repeated anyway")
          .fix("leave the key out", call.key_span, "");
    } else if (!varies(*call.key)) {
      context_.engine.report(Kind::kConstantKey, call.key->span, name)
          .secondary(call.span, "only the first request would do this")
          .help("make the key of something that the request has, such as `request.idempotency_key`");
    }
  }

  void check_group(const model::Group& group) {
    const std::size_t size = group.members.size();
    if (size == 0) return;
    if (group.join == model::Join::kAllRequired && !has_required(group)) {
      context_.engine.report(Kind::kNoRequiredEffect, group.join_span, step_.origin.name)
          .note("`all_required` goes on when the required effects have finished, and drops what is late")
          .fix("wait for all of them", group.join_span, "all");
    }
    const llvm::StringRef word = choice_word(group.join);
    if (!word.empty() && size == 1) {
      auto& diagnostic = context_.engine.report(Kind::kPointlessJoin, group.join_span, word);
      diagnostic.secondary(model::span_of(group.members.front()), "the only effect");
      diagnostic.help("add what it has to choose from, or write the effect without a group");
    }
    if (group.join == model::Join::kRace && size > 1) check_race(group);
    for (const model::GroupMember& member : group.members)
      if (member.group) check_group(*member.group);
  }

  // The losers of a race are cancelled, wherever they are.
  void check_race(const model::Group& group) {
    model::for_each_member(group, [&](const model::GroupMember& member) {
      if (model::is_repeatable(context_.program, member.call)) return;
      context_.engine
          .report(Kind::kRacedWrite, member.call.span,
                  "`" + model::call_name(context_.program, member.call) + "`", step_.origin.name)
          .secondary(group.join_span, "cancels what is not first")
          .help("race only what reads, or write in a step behind the race");
    });
  }

  Context& context_;
  const model::Step& step_;
};

}  // namespace

void check_step_effects(Context& context) {
  for (const model::Step& step : context.program.steps)
    StepEffects(context, step).check();
}

}  // namespace zc::check
