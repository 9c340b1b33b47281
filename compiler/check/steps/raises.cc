// Coverage of kinds by errors, and what fills the errors' fields.

#include "compiler/check/steps/raises.h"

#include "compiler/check/errors/error_names.h"
#include "compiler/check/expressions/conversions.h"
#include "compiler/check/types/traits.h"
#include "compiler/model/effects.h"
#include "compiler/model/outcome/status_text.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

constexpr model::Kind kAllKinds[] = {model::kInvalid,  model::kMissing,     model::kConflict,
                                     model::kRejected, model::kUnavailable, model::kTimeout};

void check_fillable(Context& context, const model::Step& step, const model::ErrorMapping& mapping) {
  const model::ErrorType& error = context.program.errors[mapping.error];
  for (const model::Field& field : error.fields) {
    if (field.default_value || context.types.is_optional(field.type)) continue;
    const bool is_why =
        field.origin.name == "why" && context.types.kind(field.type) == model::TypeKind::kString;
    if (is_why) continue;
    const bool is_answered = model::answers_fields(context.program, step, mapping);
    const auto read = std::find_if(step.reads.begin(), step.reads.end(), [&](const model::SlotUse& use) {
      return context.program.slots[use.slot].origin.name == field.origin.name;
    });
    if (read == step.reads.end()) {
      // Every failure that it stands for is an answer then.
      if (is_answered && mapping.kinds == 0) continue;
      auto& diagnostic =
          context.engine.report(Kind::kUnfillableField, mapping.span, field.origin.name, error.origin.name)
              .secondary(field.origin.span, "the field is declared here")
              .note(
                  "fields of an error are filled from the step's reads of the same name, and `why` from what "
                  "went wrong");
      if (is_answered)
        diagnostic.note("an answer has it for the statuses, but " + kinds_text(mapping.kinds) +
                        " can come without an answer");
      diagnostic.help("read a slot called `" + field.origin.name + "`, or make the field optional");
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

void resolve_body_failures(Context& context, model::Step& step, llvm::ArrayRef<syntax::FailsClause> written) {
  for (const syntax::FailsClause& clause : written) {
    const std::optional<model::ErrorId> error = resolve_error(context, step.origin.package, clause.error);
    if (!error) continue;
    if (clause.names_causes()) {
      context.engine
          .report(Kind::kBadClause, clause.span, "a C++ step fails with errors, not with kinds or statuses")
          .note("kinds and statuses are what operations of adapters fail with");
    }
    if (std::find(step.fails.begin(), step.fails.end(), *error) != step.fails.end()) {
      context.engine.report(Kind::kDuplicateEntry, clause.span, "error", dotted(clause.error));
      continue;
    }
    step.fails.push_back(*error);
  }
}

namespace {

bool any_operation(const Context& context, const model::Step& step,
                   llvm::function_ref<bool(const model::Operation&)> is_one) {
  bool any = false;
  model::for_each_call(step, [&](const model::EffectCall& call) {
    any = any || is_one(model::operation_of(context.program, call));
  });
  return any;
}

// A status that an error stands for, or a code of gRPC, which is below them.
struct NamedStatus {
  std::uint16_t value = 0;
  std::string text;  // as it is written
  Span span;
};

// Errors as written, with the kinds and statuses that each stands for among those that can happen.
class FailureCover {
 public:
  FailureCover(Context& context, model::Step& step, llvm::ArrayRef<syntax::FailsClause> written,
               model::Kinds raised)
      : context_(context),
        step_(step),
        written_(written),
        raised_(raised),
        has_status_(any_operation(
            context, step, [](const model::Operation& each) { return each.status && each.method.empty(); })),
        has_code_(any_operation(context, step,
                                [](const model::Operation& each) { return !each.method.empty(); })) {}

  void cover(Span place) {
    for (std::size_t i = 0; i < written_.size(); ++i)
      add(i);
    const auto missing = static_cast<model::Kinds>(raised_ & ~covered_);
    if (missing != 0 && !is_broken_) {
      report_uncovered(place, missing);
    } else {
      for (const std::size_t kindless : kindless_)
        report_vain(kindless).help(
            "say which kinds it stands for: `@kind(...)` at the error, or `on kind` here");
    }
  }

 private:
  void add(std::size_t index) {
    const syntax::FailsClause& clause = written_[index];
    const std::optional<model::ErrorId> error = resolve_error(context_, step_.origin.package, clause.error);
    if (!error) {
      is_broken_ = true;
      return;
    }
    const model::ErrorType& declared = context_.program.errors[*error];
    const auto [kinds, codes] = split(clause);
    const model::Kinds named =
        clause.names_causes()
            ? kinds_of(context_, kinds,
                       has_code_ ? "codes of gRPC such as `resource_exhausted` can stand there too" : "")
            : declared.kinds;
    const auto covered = static_cast<model::Kinds>(named & raised_);
    std::vector<std::uint16_t> statuses = this->statuses(clause, codes);
    if (covered == 0 && statuses.empty()) {
      context_.errors_in_vain.insert(*error);
      // An unknown kind, or a status, was reported.
      if ((named == 0 && !kinds.empty()) || !codes.empty() || !clause.statuses.empty()) {
        is_broken_ = true;
      } else if (named == 0) {
        kindless_.push_back(index);
      } else {
        add_removal(report_vain(index), index);
      }
      return;
    }
    report_twice(clause, covered);
    for (const model::Kind kind : kAllKinds) {
      if ((covered & kind) != 0 && (covered_ & kind) == 0) places_.emplace_back(kind, clause.span);
    }
    covered_ = static_cast<model::Kinds>(covered_ | covered);
    step_.mappings.push_back({*error, covered, clause.span, std::move(statuses)});
    if (std::find(step_.fails.begin(), step_.fails.end(), *error) == step_.fails.end())
      step_.fails.push_back(*error);
  }

  // The kinds that the clause names, and the codes of gRPC where there can be any.
  std::pair<std::vector<syntax::Name>, std::vector<NamedStatus>> split(
      const syntax::FailsClause& clause) const {
    std::pair<std::vector<syntax::Name>, std::vector<NamedStatus>> result;
    for (const syntax::Name& name : clause.kinds) {
      const std::optional<std::uint16_t> code =
          has_code_ && kind_of(name.text) == 0 ? model::code_of(name.text) : std::nullopt;
      if (code) {
        result.second.push_back({*code, name.text.str(), name.span});
      } else {
        result.first.push_back(name);
      }
    }
    return result;
  }

  // Those of the clause that count; reports the others.
  std::vector<std::uint16_t> statuses(const syntax::FailsClause& clause, llvm::ArrayRef<NamedStatus> codes) {
    std::vector<std::uint16_t> result;
    for (const NamedStatus& code : codes) {
      const auto known = std::find_if(status_places_.begin(), status_places_.end(),
                                      [&](const auto& other) { return other.first == code.value; });
      if (known == status_places_.end()) {
        status_places_.emplace_back(code.value, code.span);
        result.push_back(code.value);
        continue;
      }
      context_.engine
          .report(Kind::kKindCoveredTwice, code.span, "code `" + code.text + "`", step_.origin.name)
          .secondary(known->second, "first covered here");
    }
    for (std::size_t i = 0; i < clause.statuses.size(); ++i) {
      const auto [value, place] = clause.statuses[i];
      if (!has_status_) {
        context_.engine.report(Kind::kNoStatus, place, value, step_.origin.name)
            .note(has_code_
                      ? "a call over gRPC fails with codes such as `resource_exhausted`"
                      : "an operation that is declared with `@status` says what the other side answered "
                        "with")
            .help("name the kind that is meant: `missing`, `conflict`, `rejected`, ...");
        return {};
      }
      if (value == 0) continue;
      if (value < 300 || value > 599) {
        context_.engine.report(Kind::kBadStatus, place)
            .note("what fails is answered with a status from 300 to 599");
        continue;
      }
      const auto known = std::find_if(status_places_.begin(), status_places_.end(),
                                      [&](const auto& other) { return other.first == value; });
      if (known == status_places_.end()) {
        status_places_.emplace_back(value, place);
        result.push_back(value);
        continue;
      }
      report_status_twice(clause, i, known->second);
    }
    return result;
  }

  void report_status_twice(const syntax::FailsClause& clause, std::size_t index, Span first) {
    const auto [value, place] = clause.statuses[index];
    auto& diagnostic = context_.engine
                           .report(Kind::kKindCoveredTwice, place, "status `" + std::to_string(value) + "`",
                                   step_.origin.name)
                           .secondary(first, "first covered here");
    // With the `|` before it.
    const Span previous = index > 0 ? clause.statuses[index - 1].span : Span();
    const bool follows =
        index > 0 && (clause.kinds.empty() || clause.kinds.back().span.end <= previous.begin ||
                      clause.kinds.front().span.begin >= place.end);
    if (!follows) return;
    Span removed = place;
    removed.begin = previous.end;
    diagnostic.fix("leave it out", removed, "");
  }

  diagnostics::Diagnostic& report_vain(std::size_t index) {
    const syntax::FailsClause& clause = written_[index];
    auto& diagnostic =
        context_.engine.report(Kind::kErrorNeverRaised, clause.span, dotted(clause.error), step_.origin.name);
    diagnostic.note(raised_ == 0 ? llvm::Twine("what the step does cannot fail")
                                 : "it can fail with " + kinds_text(raised_));
    return diagnostic;
  }

  // Out of the list; the only one stays, for `fails` would have to go as well.
  void add_removal(diagnostics::Diagnostic& diagnostic, std::size_t index) const {
    Span place = written_[index].span;
    if (index > 0) {
      place.begin = written_[index - 1].span.end;
    } else if (written_.size() > 1) {
      place.end = written_[1].span.begin;
    } else {
      return;
    }
    diagnostic.fix("do not name it", place, "");
  }

  void report_uncovered(Span place, model::Kinds missing) {
    auto& diagnostic =
        context_.engine.report(Kind::kUncoveredKind, place, step_.origin.name, kinds_text(missing));
    for (const std::size_t kindless : kindless_)
      diagnostic.secondary(written_[kindless].span, "stands for no kind");
    const bool is_one = (missing & (missing - 1)) == 0;
    if (kindless_.size() == 1 && is_one) {
      const std::string kind = llvm::StringRef(kinds_text(missing)).trim('`').str();
      diagnostic.fix("say that it stands for `" + kind + "`", written_[kindless_.front()].span.end_point(),
                     " on " + kind);
      return;
    }
    if (!kindless_.empty())
      diagnostic.help("say which kinds an error stands for: `@kind(...)` at the error, or `on kind` here");
    add_standard_errors(diagnostic, missing);
  }

  void add_standard_errors(diagnostics::Diagnostic& diagnostic, model::Kinds missing) const {
    std::string names;
    std::string insertion;
    bool is_visible = true;
    for (const model::Kind kind : kAllKinds) {
      const model::ErrorId standard =
          (missing & kind) != 0 ? context_.standard_error(kind) : model::ErrorId();
      if (!standard.is_valid()) continue;
      const std::string& name = context_.program.errors[standard].origin.name;
      // The package may have one of its own that is called like it.
      is_visible =
          is_visible && context_.names.find(step_.origin.package, NameSpace::kTypes, name) == nullptr;
      names += (names.empty() ? "`" : ", `") + name + "`";
      insertion += ", " + name;
    }
    if (names.empty()) return;
    if (is_visible) {
      diagnostic.fix("add " + names + " of the prelude", written_.back().span.end_point(), insertion);
    } else {
      diagnostic.help("add to `fails`: " + names + " of the prelude, or errors of your own");
    }
  }

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
  llvm::ArrayRef<syntax::FailsClause> written_;
  model::Kinds raised_;
  model::Kinds covered_ = 0;
  std::vector<std::pair<model::Kind, Span>> places_;
  std::vector<std::pair<std::uint16_t, Span>> status_places_;
  std::vector<std::size_t> kindless_;  // clauses whose errors stand for no kind
  const bool has_status_;
  const bool has_code_;
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
    FailureCover(context, step, written, raised).cover(place);
  }
  for (const model::ErrorMapping& mapping : step.mappings)
    check_fillable(context, step, mapping);
}

}  // namespace zc::check
