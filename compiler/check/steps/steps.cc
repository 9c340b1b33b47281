// Resolves steps.

#include "compiler/check/steps/steps.h"

#include "compiler/check/expressions/expressions.h"
#include "compiler/check/steps/effects.h"
#include "compiler/check/steps/raises.h"
#include "compiler/check/types/traits.h"
#include "compiler/model/effects.h"
#include "compiler/model/outcome/outcome.h"

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

bool mentions_request(const model::Expression& expression) {
  return expression.kind == model::ExpressionKind::kRequest ||
         std::any_of(expression.operands.begin(), expression.operands.end(), mentions_request);
}

class StepResolver {
 public:
  StepResolver(Context& context, model::StepId id)
      : context_(context), id_(id), package_(step().origin.package) {}

  // `has_effect`: what it reads may be streams, which its effects take.
  void resolve_view(llvm::ArrayRef<syntax::SlotUse> reads, llvm::ArrayRef<syntax::SlotUse> writes,
                    bool has_effect) {
    has_effect_ = has_effect;
    step().reads = uses(reads, /*is_write=*/false);
    step().writes = uses(writes, /*is_write=*/true);
    context_.broken_steps[id_.index()] =
        step().reads.size() != reads.size() || step().writes.size() != writes.size();
  }

  void resolve_continuation(const model::Step& parent) {
    step().fails = parent.fails;
    step().drops = parent.drops;
  }

  void resolve(const syntax::StepDeclaration& source) {
    step().auth = find_trait(source.traits, "auth") != nullptr;
    step().limit = find_trait(source.traits, "limit") != nullptr;
    step().pivot = source.is_pivot;
    step().pivot_span = source.pivot_span;
    resolve_drops(source);
    switch (source.body.kind) {
      case syntax::StepBodyKind::kNone:
        resolve_body(source);
        break;
      case syntax::StepBodyKind::kRequest:
      case syntax::StepBodyKind::kExpression:
        resolve_value(source);
        break;
      case syntax::StepBodyKind::kEffect:
        resolve_effect_body(source);
        break;
      case syntax::StepBodyKind::kGroup:
        resolve_group_body(source);
        break;
      case syntax::StepBodyKind::kError:
        resolve_body_failures(context_, step(), source.fails);
        break;
    }
    if (source.undo != nullptr) resolve_undo(source);
    resolve_decisions(source);
  }

 private:
  model::Step& step() { return context_.program.steps[id_]; }

  ExpressionScope scope() {
    ExpressionScope scope;
    scope.package = package_;
    scope.step = &step();
    return scope;
  }

  std::vector<model::SlotUse> uses(llvm::ArrayRef<syntax::SlotUse> written, bool is_write) {
    std::vector<model::SlotUse> result;
    for (const syntax::SlotUse& use : written) {
      const auto symbol =
          context_.resolve(package_, NameSpace::kSlots, use.name, Kind::kUnknownSlot, "a slot");
      if (!symbol) continue;
      const auto slot = symbol->id<model::SlotId>();
      const auto twice =
          std::find_if(result.begin(), result.end(), [&](const auto& other) { return other.slot == slot; });
      if (twice != result.end()) {
        context_.engine.report(Kind::kDuplicateEntry, use.span, "slot", dotted(use.name))
            .secondary(twice->span, "first named here");
        continue;
      }
      check_access(slot, use, is_write);
      if (!is_write && !has_effect_) check_read(slot, use);
      result.push_back({slot, use.is_optional, use.span});
    }
    return result;
  }

  void check_read(model::SlotId slot, const syntax::SlotUse& use) {
    const model::Slot& declared = context_.program.slots[slot];
    if (context_.types.kind(declared.type) != model::TypeKind::kStream) return;
    context_.engine
        .report(Kind::kMisplacedStream, use.span, "step `" + step().origin.name + "` cannot read a stream")
        .secondary(declared.origin.span, "the slot is declared here")
        .help("an answer sends it: `return 200 stream " + declared.origin.name +
              ";`, or an operation takes it");
  }

  void check_access(model::SlotId slot, const syntax::SlotUse& use, bool is_write) {
    const model::Slot& declared = context_.program.slots[slot];
    if (declared.origin.package == package_) return;
    const std::string& owner = context_.program.packages[declared.origin.package].name;
    if (declared.is_private) {
      context_.engine.report(Kind::kPrivateSlot, use.span, declared.origin.name, owner)
          .secondary(declared.origin.span, "declared as private here");
    } else if (is_write) {
      context_.engine.report(Kind::kForeignWrite, use.span, declared.origin.name, owner)
          .secondary(declared.origin.span, "declared here")
          .help("use a step of `" + owner + "` that writes it, or a slot of your own");
    }
  }

  void resolve_drops(const syntax::StepDeclaration& source) {
    const bool computes = source.body.kind == syntax::StepBodyKind::kNone ||
                          source.body.kind == syntax::StepBodyKind::kExpression ||
                          source.body.kind == syntax::StepBodyKind::kError;
    if (!computes && !source.drops.empty()) {
      context_.engine
          .report(Kind::kBadClause, source.drops.front().span,
                  "`drops` belongs to a step that computes something from what it reads")
          .note("what comes from outside has the labels that its slot and its type declare");
      return;
    }
    const Span clause = source.drops.size() == 1 ? source.drops_span : Span();
    for (const syntax::Name& label : source.drops) {
      if (label.text == "pii") {
        step().drops.push_back({model::kPii, {}, label.span, clause});
      } else if (label.text == "secret") {
        step().drops.push_back({model::kSecret, {}, label.span, clause});
      } else if (!label.is_missing()) {
        context_.engine.report(Kind::kUnknownWord, label.span, label.text, "label of data")
            .note("the labels are `pii` and `secret`");
      }
    }
  }

  void refuse_effect_clauses(const syntax::StepDeclaration& source) {
    if (source.clauses.policy.is_missing() && source.clauses.overrides.empty() &&
        source.clauses.key == nullptr)
      return;
    const Span place = source.clauses.key != nullptr ? source.clauses.key->span : source.clauses.policy.span;
    context_.engine.report(Kind::kBadClause, place.is_valid() ? place : source.name.span,
                           "`with` and `key` belong to an effect");
  }

  void resolve_body(const syntax::StepDeclaration& source) {
    step().kind = model::StepKind::kBody;
    refuse_effect_clauses(source);
    resolve_body_failures(context_, step(), source.fails);
  }

  // The slot that the only result goes to; reports more or less than one.
  Destination destination(const syntax::StepDeclaration& source, bool is_needed) {
    const std::vector<model::SlotUse>& writes = step().writes;
    if (writes.size() > 1 || (writes.empty() && is_needed && source.writes.empty())) {
      context_.engine.report(Kind::kWriteCount, source.name.span, source.name.text, writes.size())
          .note("a request part, an expression and an effect make one value");
    }
    return writes.empty() ? Destination{} : Destination{writes.front().slot, writes.front().optional};
  }

  void resolve_value(const syntax::StepDeclaration& source) {
    refuse_effect_clauses(source);
    const Destination target = destination(source, /*is_needed=*/true);
    ExpressionScope where = scope();
    where.allows_request = true;
    ExpressionChecker checker(context_, where);
    model::TypeId wanted;
    if (target.slot.is_valid()) {
      wanted = context_.program.slots[target.slot].type;
      if (target.optional) wanted = context_.types.optional(wanted);
    } else {
      wanted = context_.types.error();
    }
    step().value = source.body.kind == syntax::StepBodyKind::kRequest
                       ? checker.request_part(*source.body.request, wanted)
                       : checker.check(*source.body.expression, wanted);
    const bool extracts = mentions_request(*step().value);
    step().kind = extracts ? model::StepKind::kExtract : model::StepKind::kPure;
    if (source.body.expression != nullptr && source.body.expression->erroneous) return;
    resolve_effect_failures(context_, step(), source.fails,
                            extracts ? model::Kinds{model::kInvalid} : model::Kinds{0}, source.body.span);
  }

  void resolve_effect_body(const syntax::StepDeclaration& source) {
    step().kind = model::StepKind::kEffect;
    const Destination target = destination(source, /*is_needed=*/false);
    std::optional<model::EffectCall> call = resolve_effect(context_, scope(), *source.body.effect, target);
    if (!call) return resolve_body_failures(context_, step(), source.fails);
    const model::Kinds raised = call->raises;
    step().call = std::move(*call);
    const bool may_stay_unset = !step().writes.empty() && step().writes.front().optional;
    if (may_stay_unset && source.fails.empty()) {
      step().never_fails = true;
      return;
    }
    resolve_effect_failures(context_, step(), source.fails, raised, source.body.span);
  }

  void resolve_group_body(const syntax::StepDeclaration& source) {
    step().kind = model::StepKind::kGroup;
    model::Group group = resolve_group(context_, scope(), *source.body.group);
    const model::Kinds raised = model::raised_by(group);
    for (const model::SlotUse& use : step().writes) {
      if (writes_slot(group, use.slot)) continue;
      context_.engine.report(
          Kind::kBadGroup, use.span,
          "no effect of the group writes `" + context_.program.slots[use.slot].origin.name + "`");
    }
    step().group = std::move(group);
    resolve_effect_failures(context_, step(), source.fails, raised, source.body.span);
  }

  static bool writes_slot(const model::Group& group, model::SlotId slot) {
    bool writes = false;
    model::for_each_member(
        group, [&](const model::GroupMember& member) { writes = writes || member.writes.slot == slot; });
    return writes;
  }

  void resolve_undo(const syntax::StepDeclaration& source) {
    ExpressionScope where = scope();
    where.sees_writes = true;
    std::optional<model::EffectCall> call = resolve_effect(context_, where, *source.undo, Destination{});
    if (call) step().undo = std::move(*call);
  }

  void resolve_decisions(const syntax::StepDeclaration& source) {
    bool needs = false;
    for (const syntax::MayClause& clause : source.may) {
      if (source.body.kind != syntax::StepBodyKind::kNone) {
        context_.engine.report(Kind::kBadClause, clause.span, "`may` belongs to a step whose body is C++")
            .note("only a step with a C++ function decides");
        continue;
      }
      if (clause.kind == syntax::DecisionKind::kDone) step().may_done = true;
      needs = needs || clause.kind == syntax::DecisionKind::kNeed;
      for (const syntax::QualifiedName& name : clause.names)
        resolve_decision(clause.kind, name);
    }
    if (source.then == nullptr || source.then->name.is_missing()) return;
    if (!needs) {
      context_.engine.report(Kind::kBadClause, source.then->span, "`then` belongs to `may need`")
          .note("`then` names the function that runs after what was needed");
      return;
    }
    const Symbol* then = context_.names.find(package_, NameSpace::kSteps, source.then->name.text);
    if (then == nullptr || then->kind != SymbolKind::kStep) return;
    context_.mark_used(*then);
    step().then = then->id<model::StepId>();
    const syntax::StepDeclaration* named = context_.declarations.steps[then->index];
    if (named != nullptr && named->body.kind != syntax::StepBodyKind::kNone) {
      context_.engine.report(
          Kind::kBadClause, source.then->name.span,
          "`" + source.then->name.text.str() + "` has a body here, `then` names a C++ step");
    }
  }

  void resolve_decision(syntax::DecisionKind kind, const syntax::QualifiedName& name) {
    const bool is_need = kind == syntax::DecisionKind::kNeed;
    const auto symbol = context_.resolve(package_, NameSpace::kSteps, name, Kind::kUnknownStep,
                                         is_need ? "a step" : "a chain");
    if (!symbol) return;
    if ((symbol->kind == SymbolKind::kStep) != is_need) {
      context_.engine
          .report(Kind::kWrongKindOfName, name.span, dotted(name), noun(symbol->kind),
                  is_need ? "a step" : "a chain")
          .secondary(origin_of(context_.program, *symbol).span, "declared here");
      return;
    }
    if (is_need) {
      const auto needed = symbol->id<model::StepId>();
      step().may_need.push_back(needed);
      const syntax::StepDeclaration* declaration = context_.declarations.steps[needed.index()];
      const bool is_effect =
          declaration != nullptr && (declaration->body.kind == syntax::StepBodyKind::kEffect ||
                                     declaration->body.kind == syntax::StepBodyKind::kGroup ||
                                     declaration->body.kind == syntax::StepBodyKind::kError);
      if (!is_effect) {
        context_.engine
            .report(Kind::kBadClause, name.span,
                    "`" + dotted(name) + "` is no effect: a step can need effects only")
            .secondary(context_.program.steps[needed].origin.span, "declared here")
            .help("let the flow run it");
      }
    } else if (kind == syntax::DecisionKind::kInsert) {
      step().may_insert.push_back(symbol->id<model::ChainId>());
    } else {
      step().may_replace.push_back(symbol->id<model::ChainId>());
    }
  }

  Context& context_;
  model::StepId id_;
  model::PackageId package_;
  bool has_effect_ = false;
};

}  // namespace

void resolve_steps(Context& context) {
  const Declarations& table = context.declarations;
  context.broken_steps.resize(context.program.steps.size());
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    StepResolver resolver(context, model::StepId(i));
    if (table.steps[i] != nullptr) {
      const syntax::StepBodyKind kind = table.steps[i]->body.kind;
      resolver.resolve_view(table.steps[i]->reads, table.steps[i]->writes,
                            kind == syntax::StepBodyKind::kEffect || kind == syntax::StepBodyKind::kGroup);
    } else {
      resolver.resolve_view(table.continuations[i]->reads, table.continuations[i]->writes, false);
    }
  }
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    if (table.steps[i] != nullptr) StepResolver(context, model::StepId(i)).resolve(*table.steps[i]);
  }
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    if (table.steps[i] != nullptr) continue;
    StepResolver(context, model::StepId(i)).resolve_continuation(context.program.steps[table.continued[i]]);
  }
}

}  // namespace zc::check
