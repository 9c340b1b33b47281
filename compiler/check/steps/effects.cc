// Resolves effects: the operation that is called, its arguments, and what becomes of its result.

#include "compiler/check/steps/effects.h"

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/check/steps/bulk_insert.h"
#include "compiler/check/steps/settings.h"
#include "compiler/check/steps/sql_facts.h"
#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/model/effects.h"

#include <algorithm>
#include <utility>

namespace zc::check {

using model::TypeKind;

namespace {

// Type parameters of an operation, bound by its arguments and its destination.
class Bindings {
 public:
  Bindings(Context& context, std::size_t count) : context_(context), bound_(count) {}

  // Makes `pattern` equal to `actual` where that is possible by binding.
  void unify(model::TypeId pattern, model::TypeId actual) {
    const model::Type from = context_.types[pattern];
    if (from.kind == TypeKind::kVariable) {
      if (!bound_[from.declaration].is_valid()) bound_[from.declaration] = actual;
      return;
    }
    if (from.element.is_valid() && context_.types.kind(actual) == from.kind) {
      unify(from.element, context_.types[actual].element);
    }
  }

  // `pattern` with what is bound; nothing when something in it is not.
  model::TypeId substitute(model::TypeId pattern) {
    const model::Type from = context_.types[pattern];
    if (from.kind == TypeKind::kVariable) {
      return bound_[from.declaration].is_valid() ? bound_[from.declaration]
                                                 : context_.types.simple(TypeKind::kVoid);
    }
    if (!from.element.is_valid()) return pattern;
    const model::TypeId element = substitute(from.element);
    if (context_.types.kind(element) == TypeKind::kVoid) return element;
    switch (from.kind) {
      case TypeKind::kOptional:
        return context_.types.optional(element);
      case TypeKind::kList:
        return context_.types.list(element);
      case TypeKind::kStream:
        return context_.types.stream(element);
      default:
        return context_.types.map(element);
    }
  }

  [[nodiscard]] bool is_bound(model::TypeId pattern) {
    return context_.types.kind(substitute(pattern)) != TypeKind::kVoid;
  }
  [[nodiscard]] bool has_variable(model::TypeId pattern) const {
    const model::Type& type = context_.types[pattern];
    return type.kind == TypeKind::kVariable || (type.element.is_valid() && has_variable(type.element));
  }

 private:
  Context& context_;
  std::vector<model::TypeId> bound_;
};

std::string statement_text(const model::Expression& expression) {
  std::string text;
  for (const model::Expression& operand : expression.operands) {
    text += operand.kind == model::ExpressionKind::kConstant &&
                    operand.constant.kind == model::Constant::Kind::kString
                ? operand.constant.text
                : std::string(" ");
  }
  return text;
}

class EffectResolver {
 public:
  EffectResolver(Context& context, const ExpressionScope& scope, const syntax::Effect& effect)
      : context_(context), scope_(scope), effect_(effect) {
    scope_.is_effect = true;
  }

  std::optional<model::EffectCall> resolve(Destination destination) {
    if (!find_operation()) return std::nullopt;
    const model::Operation& operation = this->operation();
    call_.span = effect_.call->span;
    call_.whole = effect_.span;
    call_.policy_span = effect_.clauses.policy.span;
    call_.key_span = effect_.clauses.key_span;
    Bindings bindings(context_, operation.type_parameters.size());
    resolve_arguments(bindings);
    resolve_result(bindings, destination);
    resolve_kinds();
    resolve_policy();
    if (context_.types.kind(operation.result) == TypeKind::kStream) check_stream();
    check_taken_streams();
    if (effect_.clauses.key != nullptr) resolve_key(*effect_.clauses.key);
    return std::move(call_);
  }

 private:
  [[nodiscard]] const model::Adapter& adapter() const {
    return context_.program.adapters[context_.program.targets[call_.target].adapter];
  }
  [[nodiscard]] const model::Operation& operation() const { return adapter().operations[call_.operation]; }

  bool find_operation() {
    const syntax::QualifiedName& callee = effect_.call->callee;
    if (callee.segments.size() < 2) {
      if (!callee.is_missing() && !effect_.call->erroneous) {
        context_.engine.report(Kind::kNotAnExpression, callee.span)
            .note("an effect is written `target.operation(arguments)`");
      }
      return false;
    }
    const llvm::ArrayRef<syntax::Name> front = callee.segments.drop_back();
    const syntax::QualifiedName target{front, cover(front.front().span, front.back().span)};
    const auto symbol =
        context_.resolve(scope_.package, NameSpace::kTargets, target, Kind::kUnknownTarget, "a target");
    if (!symbol) return false;
    call_.target = symbol->id<model::TargetId>();
    if (!context_.program.targets[call_.target].adapter.is_valid()) return false;  // reported at the target
    const syntax::Name& name = callee.segments.back();
    const std::vector<model::Operation>& operations = adapter().operations;
    const auto found =
        std::find_if(operations.begin(), operations.end(),
                     [&](const model::Operation& candidate) { return candidate.origin.name == name.text; });
    if (found == operations.end()) {
      auto& diagnostic =
          context_.engine.report(Kind::kUnknownOperation, name.span, adapter().origin.name, name.text);
      std::vector<llvm::StringRef> known;
      for (const model::Operation& candidate : operations)
        known.push_back(candidate.origin.name);
      if (const auto guess = diagnostics::did_you_mean(name.text, known)) {
        diagnostic.fix("write `" + *guess + "`", name.span, *guess);
      } else if (!known.empty()) {
        diagnostic.note("its operations are " + alternatives_text(known));
      }
      return false;
    }
    if (found->commits) {
      context_.engine
          .report(Kind::kBadClause, effect_.call->span,
                  "`" + name.text.str() + "` ends a transaction, and no step does that")
          .help("put the steps that belong together into `tx " + dotted(target) + " { }`");
      return false;
    }
    call_.operation = static_cast<std::uint32_t>(found - operations.begin());
    if (found->origin.deprecated) {
      auto& diagnostic = context_.engine.report(Kind::kDeprecated, name.span, "operation", name.text);
      if (!found->origin.deprecated->empty()) diagnostic.help(*found->origin.deprecated);
    }
    return true;
  }

  void resolve_arguments(Bindings& bindings) {
    const model::Operation& operation = this->operation();
    const auto matched =
        match_arguments(context_, effect_.call->arguments, operation.parameters, effect_.call->callee.span,
                        operation.origin.name, operation.origin.span);
    if (!matched) {
      is_broken_ = true;
      return;
    }
    ExpressionChecker checker(context_, scope_);
    for (std::size_t i = 0; i < operation.parameters.size(); ++i) {
      const model::TypeId type = operation.parameters[i].type;
      if ((*matched)[i] == nullptr) {
        call_.arguments.push_back(
            constant_expression(*operation.parameters[i].default_value, type, call_.span));
        continue;
      }
      const syntax::Expr& written = *(*matched)[i];
      if (!bindings.has_variable(type)) {
        call_.arguments.push_back(checker.argument(written, type));
        continue;
      }
      model::Expression value = checker.infer(written);
      bindings.unify(type, value.type);
      call_.arguments.push_back(convert(context_, std::move(value), bindings.substitute(type)));
    }
  }

  void resolve_result(Bindings& bindings, Destination destination) {
    const model::Operation& operation = this->operation();
    const model::TypeId nothing = context_.types.simple(TypeKind::kVoid);
    call_.result = nothing;
    if (!destination.slot.is_valid()) return;
    const model::Slot& slot = context_.program.slots[destination.slot];
    if (operation.result == nothing) {
      context_.engine
          .report(
              Kind::kResultType, effect_.call->callee.span,
              "`" + operation.origin.name + "` has no result that slot `" + slot.origin.name + "` could hold")
          .secondary(operation.origin.span, "declared without a result");
      return;
    }
    const TypeKind slot_kind = context_.types.kind(slot.type);
    if (slot_kind == TypeKind::kError) return;
    const bool is_maybe = context_.types.is_optional(operation.result);
    const bool leaves_unset = is_maybe && destination.optional && !context_.types.is_optional(slot.type);
    const model::TypeId wanted = leaves_unset ? context_.types.optional(slot.type) : slot.type;
    bindings.unify(operation.result, wanted);
    if (is_maybe && !context_.types.is_optional(wanted))
      bindings.unify(context_.types[operation.result].element, wanted);
    call_.result = bindings.substitute(operation.result);
    if (!can_convert(context_, call_.result, wanted) || !bindings.is_bound(operation.result)) {
      report_result(slot, destination, is_maybe);
      return;
    }
    check_decodable(operation, slot);
  }

  // The result, with type parameters by name where nothing bound them.
  [[nodiscard]] std::string result_text() const {
    const bool is_bound = context_.types.kind(call_.result) != TypeKind::kVoid;
    return context_.text(is_bound ? call_.result : operation().result);
  }

  void report_result(const model::Slot& slot, Destination destination, bool is_maybe) {
    const model::Operation& operation = this->operation();
    auto& diagnostic =
        context_.engine.report(Kind::kResultType, effect_.call->callee.span,
                               "`" + operation.origin.name + "` makes a `" + result_text() + "`, slot `" +
                                   slot.origin.name + "` is a `" + context_.text(slot.type) + "`");
    diagnostic.secondary(slot.origin.span, "the slot is declared here");
    if (is_maybe && !destination.optional) {
      diagnostic.help("write `" + slot.origin.name + "?`: the slot stays unset when there is no result");
    } else if (call_.result == strip_scalar(context_, slot.type)) {
      diagnostic.help("declare a slot of that type, and let a C++ step make the `" +
                      context_.text(slot.type) + "` of it");
    }
  }

  void check_decodable(const model::Operation& operation, const model::Slot& slot) {
    model::TypeId element = context_.types.strip_optional(call_.result);
    const model::Type& result = context_.types[element];
    const bool is_body = result.kind == TypeKind::kStream &&
                         operation.format != model::ResultFormat::kTyped &&
                         context_.types.kind(result.element) == TypeKind::kBytes;
    if (is_body) {
      context_.engine
          .report(Kind::kResultType, effect_.call->callee.span,
                  "`" + operation.origin.name + "` has elements, a `stream<bytes>` has none")
          .secondary(slot.origin.span, "the slot is declared here");
      return;
    }
    if (operation.format == model::ResultFormat::kRow) {
      const model::TypeId declared = context_.types.strip_optional(operation.result);
      const TypeKind kind = context_.types.kind(declared);
      if (kind == TypeKind::kList || kind == TypeKind::kStream) element = context_.types[element].element;
      const bool is_row = context_.types.kind(element) == TypeKind::kStruct || is_column(context_, element);
      if (!is_row) {
        context_.engine
            .report(Kind::kResultType, effect_.call->callee.span,
                    "no row can be read into a `" + context_.text(element) + "`")
            .secondary(slot.origin.span, "the slot is declared here");
      }
    }
  }

  void resolve_kinds() {
    const model::Operation& operation = this->operation();
    call_.access = operation.access;
    call_.raises = operation.fails;
    if (operation.access != model::Access::kByStatement) return;
    call_.access = model::Access::kWrite;
    for (model::Expression& argument : call_.arguments) {
      if (argument.kind != model::ExpressionKind::kStatement) continue;
      const SqlFacts facts = sql_facts(statement_text(argument));
      call_.bulk = resolve_bulk_insert(context_, operation, argument);
      call_.access = facts.writes() ? model::Access::kWrite : model::Access::kRead;
      call_.raises = facts.narrow(operation.fails);
    }
  }

  void resolve_policy() {
    const syntax::EffectClauses& clauses = effect_.clauses;
    if (clauses.policy.is_missing()) {
      apply(model::default_policy(context_.program, scope_.package, call_.target));
    } else if (const auto symbol = context_.resolve(scope_.package, NameSpace::kPolicies, clauses.policy,
                                                    Kind::kUnknownPolicy, "a policy")) {
      call_.policy = symbol->id<model::PolicyId>();
      apply(call_.policy);
    }
    report_double_settings(context_, clauses.overrides);
    static constexpr llvm::StringRef kKnown[] = {"timeout", "retry", "backoff", "on", "hedge", "rate"};
    for (const syntax::Setting& setting : clauses.overrides) {
      if (!read_policy_setting(context_, scope_.package, setting, call_.settings)) {
        report_unknown_setting(context_, setting, "an effect", kKnown);
      }
    }
  }

  void check_stream() {
    if (operation().access == model::Access::kByStatement && call_.access == model::Access::kWrite)
      context_.engine.report(Kind::kMisplacedStream, effect_.call->span,
                             "a statement that writes does not stream its rows");
    if (call_.settings.hedge)
      context_.engine.report(Kind::kMisplacedStream, effect_.call->span, "what streams cannot be hedged")
          .note("a copy would be opened only to be closed again");
  }

  // A stream is read once, whoever fails behind that.
  void check_taken_streams() {
    const bool is_retried = call_.settings.retry && call_.settings.retry->times != 0;
    if (!is_retried && !call_.settings.hedge) return;
    model::for_each_whole_argument(call_, [&](const model::Expression& argument) {
      if (context_.types.kind(argument.type) != TypeKind::kStream) return;
      context_.engine
          .report(Kind::kMisplacedStream, argument.span,
                  std::string("what takes a stream cannot be ") + (is_retried ? "tried again" : "hedged"))
          .note("a stream is read once: nothing of it is left for another attempt")
          .help(is_retried ? "say `retry 0` at the effect, or send a value"
                           : "give the effect a policy without `hedge`, or send a value");
    });
  }

  void apply(model::PolicyId policy) {
    if (policy.is_valid()) call_.settings = context_.program.policies[policy].settings;
  }

  void resolve_key(const syntax::Expr& key) {
    ExpressionScope scope = scope_;
    scope.allows_request = true;
    model::Expression value = ExpressionChecker(context_, scope).infer(key);
    if (!is_formattable(context_, value.type)) {
      const bool may_be_absent = context_.types.is_optional(value.type);
      context_.engine.report(Kind::kNotFormattable, key.span, context_.text(value.type), "used as a key")
          .help(may_be_absent ? "say behind it with `??` what counts when it is not there"
                              : "name the field that is meant");
    }
    refuse_parts(value);
    call_.key = std::move(value);
  }

  // Parts of a request may be missing, and a step with an effect has no error for that. A key of its own is
  // drawn for a request that brings none.
  void refuse_parts(const model::Expression& key) {
    const bool is_other =
        key.kind == model::ExpressionKind::kRequest && key.part != model::RequestPart::kIdempotencyKey;
    if (is_other) {
      context_.engine
          .report(Kind::kMisplacedExpression, key.span,
                  "a part of the request other than its idempotency key")
          .help("read it in a step, and use the slot that the step writes");
    }
    for (const model::Expression& operand : key.operands)
      refuse_parts(operand);
  }

  Context& context_;
  ExpressionScope scope_;
  const syntax::Effect& effect_;
  model::EffectCall call_;
  bool is_broken_ = false;
};

}  // namespace

std::optional<model::EffectCall> resolve_effect(Context& context, const ExpressionScope& scope,
                                                const syntax::Effect& effect, Destination destination) {
  if (effect.call == nullptr) return std::nullopt;
  return EffectResolver(context, scope, effect).resolve(destination);
}

}  // namespace zc::check
