// Coverage of kinds by errors, and what fills the errors' fields.

#include "compiler/check/steps/raises.h"

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/types/traits.h"

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

constexpr model::Kind kAllKinds[] = {model::kInvalid,  model::kMissing,     model::kConflict,
                                     model::kRejected, model::kUnavailable, model::kTimeout};

std::optional<model::ErrorId> resolve_error(Context& context, model::PackageId package,
                                            const syntax::QualifiedName& name) {
  const auto symbol = context.resolve(package, NameSpace::kTypes, name, Kind::kUnknownError, "an error");
  if (!symbol) return std::nullopt;
  if (symbol->kind == SymbolKind::kError) return symbol->id<model::ErrorId>();
  context.engine.report(Kind::kWrongKindOfName, name.span, dotted(name), noun(symbol->kind), "an error")
      .secondary(origin_of(context.program, *symbol).span, "declared here");
  return std::nullopt;
}

void check_fillable(Context& context, const model::Step& step, const model::ErrorMapping& mapping) {
  const model::ErrorType& error = context.program.errors[mapping.error];
  for (const model::Field& field : error.fields) {
    if (field.default_value || context.types.is_optional(field.type)) continue;
    const bool is_why =
        field.origin.name == "why" && context.types.kind(field.type) == model::TypeKind::kString;
    if (is_why) continue;
    const auto read = std::find_if(step.reads.begin(), step.reads.end(), [&](const model::SlotUse& use) {
      return context.program.slots[use.slot].origin.name == field.origin.name;
    });
    if (read == step.reads.end()) {
      context.engine.report(Kind::kUnfillableField, mapping.span, field.origin.name, error.origin.name)
          .secondary(field.origin.span, "the field is declared here")
          .note(
              "fields of an error are filled from the step's reads of the same name, and `why` from what "
              "went wrong")
          .help("read a slot called `" + field.origin.name + "`, or make the field optional");
      continue;
    }
    const model::TypeId type = context.program.slots[read->slot].type;
    if (read->optional || !can_convert(context, type, field.type)) {
      context.engine.report(Kind::kUnfillableField, mapping.span, field.origin.name, error.origin.name)
          .secondary(field.origin.span, "the field is a `" + context.text(field.type) + "`")
          .secondary(read->span, read->optional ? llvm::Twine("the slot may be unset")
                                                : "the slot is a `" + context.text(type) + "`");
    }
  }
}

}  // namespace

std::vector<model::ErrorId> resolve_errors(Context& context, model::PackageId package,
                                           llvm::ArrayRef<syntax::QualifiedName> names) {
  std::vector<model::ErrorId> errors;
  for (const syntax::QualifiedName& name : names) {
    const std::optional<model::ErrorId> error = resolve_error(context, package, name);
    if (!error) continue;
    if (std::find(errors.begin(), errors.end(), *error) != errors.end()) {
      context.engine.report(Kind::kDuplicateEntry, name.span, "error", dotted(name));
      continue;
    }
    errors.push_back(*error);
  }
  return errors;
}

void resolve_body_failures(Context& context, model::Step& step, llvm::ArrayRef<syntax::FailsClause> written) {
  for (const syntax::FailsClause& clause : written) {
    const std::optional<model::ErrorId> error = resolve_error(context, step.origin.package, clause.error);
    if (!error) continue;
    if (!clause.kinds.empty()) {
      context.engine.report(Kind::kBadClause, clause.span, "a C++ step fails with errors, not with kinds")
          .note("kinds are what operations of adapters fail with");
    }
    if (std::find(step.fails.begin(), step.fails.end(), *error) != step.fails.end()) {
      context.engine.report(Kind::kDuplicateEntry, clause.span, "error", dotted(clause.error));
      continue;
    }
    step.fails.push_back(*error);
  }
}

namespace {

// Errors as written, with the kinds that each stands for among those that can happen.
class FailureCover {
 public:
  FailureCover(Context& context, model::Step& step, model::Kinds raised)
      : context_(context), step_(step), raised_(raised) {}

  void add(const syntax::FailsClause& clause) {
    const std::optional<model::ErrorId> error = resolve_error(context_, step_.origin.package, clause.error);
    if (!error) {
      is_broken_ = true;
      return;
    }
    const model::ErrorType& declared = context_.program.errors[*error];
    const model::Kinds named = clause.kinds.empty() ? declared.kinds : kinds_of(context_, clause.kinds);
    const auto covered = static_cast<model::Kinds>(named & raised_);
    if (covered == 0) {
      auto& diagnostic = context_.engine.report(Kind::kErrorNeverRaised, clause.span, dotted(clause.error),
                                                step_.origin.name);
      diagnostic.note(raised_ == 0 ? llvm::Twine("what the step does cannot fail")
                                   : "it can fail with " + kinds_text(raised_));
      if (named == 0)
        diagnostic.help("say which kinds it stands for: `@kind(...)` at the error, or `on kind` here");
      if (named == 0) is_broken_ = true;
      return;
    }
    report_twice(clause, covered);
    for (const model::Kind kind : kAllKinds) {
      if ((covered & kind) != 0 && (covered_ & kind) == 0) places_.emplace_back(kind, clause.span);
    }
    covered_ = static_cast<model::Kinds>(covered_ | covered);
    step_.mappings.push_back({*error, covered, clause.span});
    if (std::find(step_.fails.begin(), step_.fails.end(), *error) == step_.fails.end())
      step_.fails.push_back(*error);
  }

  void finish(Span place) {
    const auto missing = static_cast<model::Kinds>(raised_ & ~covered_);
    if (missing == 0 || is_broken_) return;
    auto& diagnostic =
        context_.engine.report(Kind::kUncoveredKind, place, step_.origin.name, kinds_text(missing));
    std::string names;
    for (const model::Kind kind : kAllKinds) {
      const model::ErrorId standard =
          (missing & kind) != 0 ? context_.standard_error(kind) : model::ErrorId();
      if (standard.is_valid())
        names += (names.empty() ? "`" : ", `") + context_.program.errors[standard].origin.name + "`";
    }
    if (!names.empty())
      diagnostic.help("add to `fails`: " + names + " of the prelude, or errors of your own");
  }

 private:
  void report_twice(const syntax::FailsClause& clause, model::Kinds covered) {
    const auto twice = static_cast<model::Kinds>(covered & covered_);
    if (twice == 0) return;
    auto& diagnostic =
        context_.engine.report(Kind::kKindCoveredTwice, clause.span, kinds_text(twice), step_.origin.name);
    for (const auto& [kind, place] : places_) {
      if ((twice & kind) == 0) continue;
      diagnostic.secondary(place, "first covered here");
      break;
    }
    diagnostic.help("say with `on` which error stands for which kind");
  }

  Context& context_;
  model::Step& step_;
  model::Kinds raised_;
  model::Kinds covered_ = 0;
  std::vector<std::pair<model::Kind, Span>> places_;
  bool is_broken_ = false;
};

}  // namespace

void resolve_effect_failures(Context& context, model::Step& step, llvm::ArrayRef<syntax::FailsClause> written,
                             model::Kinds raised, Span place) {
  if (written.empty()) {
    for (const model::Kind kind : kAllKinds) {
      if ((raised & kind) == 0) continue;
      const model::ErrorId error = context.standard_error(kind);
      if (!error.is_valid()) continue;
      context.mark_used({SymbolKind::kError, error.raw()});
      step.fails.push_back(error);
      step.mappings.push_back({error, kind, place});
    }
  } else {
    FailureCover cover(context, step, raised);
    for (const syntax::FailsClause& clause : written)
      cover.add(clause);
    cover.finish(place);
  }
  for (const model::ErrorMapping& mapping : step.mappings)
    check_fillable(context, step, mapping);
}

}  // namespace zc::check
