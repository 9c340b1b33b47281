// Expressions: what names mean, request parts, fields.

#include "compiler/check/expressions/expressions.h"

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/StringSwitch.h>

#include <algorithm>
#include <utility>

namespace zc::check {

using model::Expression;
using model::ExpressionKind;
using model::TypeKind;

Expression ExpressionChecker::make(ExpressionKind kind, model::TypeId type, Span span) const {
  Expression result;
  result.kind = kind;
  result.type = type;
  result.span = span;
  return result;
}

Expression ExpressionChecker::check(const syntax::Expr& expr, model::TypeId wanted) {
  return convert(context_, type(expr, wanted, false), wanted);
}

Expression ExpressionChecker::type(const syntax::Expr& expr, model::TypeId hint, bool may_be_unset) {
  if (number_literal(expr)) return number(expr, hint);
  switch (expr.kind) {
    case syntax::ExprKind::kPath:
      return path(llvm::cast<syntax::PathExpr>(expr), hint, may_be_unset);
    case syntax::ExprKind::kLiteral:
      return literal(llvm::cast<syntax::LiteralExpr>(expr), hint);
    case syntax::ExprKind::kString:
      return string(llvm::cast<syntax::StringExpr>(expr), hint);
    case syntax::ExprKind::kList:
      return list(llvm::cast<syntax::ListExpr>(expr), hint);
    case syntax::ExprKind::kObject:
      return object(llvm::cast<syntax::ObjectExpr>(expr), hint);
    case syntax::ExprKind::kMember: {
      const auto& node = llvm::cast<syntax::MemberExpr>(expr);
      return member(type(*node.base, {}, may_be_unset), node.member, may_be_unset);
    }
    case syntax::ExprKind::kUnary:
      return unary(llvm::cast<syntax::UnaryExpr>(expr), hint);
    case syntax::ExprKind::kBinary: {
      const auto& node = llvm::cast<syntax::BinaryExpr>(expr);
      if (node.links.front().op == syntax::BinaryOperator::kCoalesce) return coalesce(node, hint);
      return binary(node, hint);
    }
    case syntax::ExprKind::kIndex:
    case syntax::ExprKind::kCall:
    case syntax::ExprKind::kRange:
      if (!expr.erroneous) {
        context_.engine.report(Kind::kNotAnExpression, expr.span)
            .note("expressions are paths, literals, lists, objects, operators and strings")
            .help("effects are the body of a step; what needs an algorithm is a C++ step");
      }
      return error(expr.span);
    case syntax::ExprKind::kError:
      break;
  }
  return error(expr.span);
}

Expression ExpressionChecker::body(const syntax::Expr& expr) {
  is_whole_ = llvm::isa<syntax::PathExpr>(expr);
  Expression result = infer(expr);
  is_whole_ = false;
  return result;
}

// An `undo` runs when the stream has long been read.
bool ExpressionChecker::may_be_whole(const syntax::Expr& expr) const {
  return llvm::isa<syntax::PathExpr>(expr) && !scope_.sees_writes;
}

Expression ExpressionChecker::argument(const syntax::Expr& expr, model::TypeId wanted) {
  is_whole_ = may_be_whole(expr) && context_.types.kind(wanted) == TypeKind::kStream;
  Expression result = check(expr, wanted);
  is_whole_ = false;
  return result;
}

std::optional<model::SlotId> ExpressionChecker::find_slot(const syntax::PathExpr& path, std::size_t& used) {
  const llvm::ArrayRef<syntax::Name> segments = path.segments;
  used = 1;
  if (const Symbol* symbol = context_.names.find(scope_.package, NameSpace::kSlots, segments[0].text)) {
    return symbol->id<model::SlotId>();
  }
  if (segments.size() < 2 || context_.names.find_import(scope_.package, segments[0].text) < 0)
    return std::nullopt;
  const syntax::QualifiedName name{segments.take_front(2), path.span};
  const std::optional<Symbol> symbol = context_.find(scope_.package, NameSpace::kSlots, name);
  if (!symbol) return std::nullopt;
  used = 2;
  return symbol->id<model::SlotId>();
}

bool ExpressionChecker::reads_slot(model::SlotId slot, bool& is_optional) const {
  const auto find = [slot](const std::vector<model::SlotUse>& uses) {
    return std::find_if(uses.begin(), uses.end(),
                        [slot](const model::SlotUse& use) { return use.slot == slot; });
  };
  const auto read = find(scope_.step->reads);
  const bool is_read = read != scope_.step->reads.end();
  is_optional = is_read && read->optional;
  if (!scope_.sees_writes) return is_read;
  const auto write = find(scope_.step->writes);
  if (write == scope_.step->writes.end()) return is_read;
  // Behind the step it is set when either of them says so.
  is_optional = write->optional && (!is_read || read->optional);
  return true;
}

Expression ExpressionChecker::path(const syntax::PathExpr& path, model::TypeId hint, bool may_be_unset) {
  if (path.erroneous || path.segments.empty()) return error(path.span);
  const llvm::StringRef first = path.segments[0].text;
  if (first == "request" && path.segments.size() > 1) {
    return request_path(path.segments.drop_front(), path.span, hint);
  }
  if ((first == "env" || first == "secret") && path.segments.size() == 2)
    return environment(path, may_be_unset && hint.is_valid() ? context_.types.strip_optional(hint) : hint);
  std::size_t used = 0;
  const std::optional<model::SlotId> slot = find_slot(path, used);
  const bool is_target = scope_.place == ExpressionScope::Place::kTarget;
  if (slot && !is_target) {
    bool is_optional = false;
    const bool is_read = scope_.place == ExpressionScope::Place::kFlow || reads_slot(*slot, is_optional);
    if (!is_read) {
      if (std::optional<Expression> value = enumerator(path, hint)) return std::move(*value);
    }
    return slot_path(path, *slot, used, hint, may_be_unset);
  }
  if (std::optional<Expression> value = enumerator(path, hint)) return std::move(*value);
  if (slot) {
    context_.engine.report(Kind::kNotConstant, path.span)
        .note("a target is made once, before there is any request");
    return error(path.span);
  }
  return unknown_path(path);
}

Expression ExpressionChecker::unknown_path(const syntax::PathExpr& path) {
  const syntax::Name& first = path.segments[0];
  const bool is_package =
      context_.names.find_import(scope_.package, first.text) >= 0 && path.segments.size() > 1;
  const syntax::QualifiedName name{path.segments.take_front(is_package ? 2 : 1), path.span};
  if (is_package) {
    (void)context_.resolve(scope_.package, NameSpace::kSlots, name, Kind::kUnknownSlot, "a slot");
    return error(path.span);
  }
  auto& diagnostic = context_.engine.report(Kind::kUnknownSlot, first.span, first.text);
  std::vector<llvm::StringRef> candidates;
  if (scope_.place == ExpressionScope::Place::kStep) {
    for (const model::SlotUse& use : scope_.step->reads) {
      candidates.push_back(context_.program.slots[use.slot].origin.name);
    }
  } else {
    candidates = context_.names.all(scope_.package, NameSpace::kSlots);
  }
  if (const auto guess = diagnostics::did_you_mean(first.text, candidates)) {
    diagnostic.fix("write `" + *guess + "`", first.span, *guess);
  } else {
    diagnostic.note("expressions see slots, and the values of enums");
  }
  return error(path.span);
}

Expression ExpressionChecker::slot_path(const syntax::PathExpr& path, model::SlotId slot, std::size_t used,
                                        model::TypeId hint, bool may_be_unset) {
  const model::Slot& declared = context_.program.slots[slot];
  const Span place = used == 1 ? path.segments[0].span : cover(path.segments[0].span, path.segments[1].span);
  if (used == 2) (void)context_.imported(scope_.package, path.segments[0].text);
  bool is_optional = false;
  if (scope_.place == ExpressionScope::Place::kFlow) {
    context_.use({SymbolKind::kSlot, slot.raw()}, place);
    if (declared.is_private && declared.origin.package != scope_.package) {
      context_.engine
          .report(Kind::kPrivateSlot, place, declared.origin.name,
                  context_.program.packages[declared.origin.package].name)
          .secondary(declared.origin.span, "declared as private here");
    }
    is_optional = may_be_unset;
  } else if (!reads_slot(slot, is_optional)) {
    const std::string name = used == 1 ? path.segments[0].text.str()
                                       : path.segments[0].text.str() + "." + path.segments[1].text.str();
    auto& diagnostic = context_.engine.report(Kind::kSlotNotRead, place, scope_.step->origin.name, name);
    diagnostic.label("not among the reads of the step");
    if (scope_.step->reads.empty()) {
      diagnostic.fix("read it", scope_.step->origin.span.end_point(), "(" + name + ")");
    } else {
      diagnostic.fix("read it", scope_.step->reads.back().span.end_point(), ", " + name);
    }
  }
  const bool takes_absence = hint.is_valid() && context_.types.is_optional(hint);
  if (scope_.sees_writes && is_optional && !may_be_unset && !takes_absence) {
    report_undo_unset(slot, place);
    return error(path.span);
  }
  const bool is_stream = context_.types.kind(declared.type) == TypeKind::kStream;
  // Of any other step it has been said where the step reads it.
  const bool is_checked = scope_.place == ExpressionScope::Place::kFlow || scope_.is_effect;
  if (is_stream && is_checked && !is_whole_) {
    context_.engine.report(Kind::kMisplacedStream, place, "a stream is no value that could be computed with")
        .secondary(declared.origin.span, "the slot is declared here")
        .help("an answer sends it: `return 200 stream " + declared.origin.name +
              ";`, or an operation takes it whole");
    return error(path.span);
  }
  const model::TypeId type = is_optional ? context_.types.optional(declared.type) : declared.type;
  Expression result = make(ExpressionKind::kSlot, type, place);
  result.slot = slot;
  for (std::size_t i = used; i < path.segments.size(); ++i) {
    result = member(std::move(result), path.segments[i], may_be_unset);
  }
  return result;
}

void ExpressionChecker::report_undo_unset(model::SlotId slot, Span place) {
  const model::Step& step = *scope_.step;
  auto& diagnostic = context_.engine.report(Kind::kUndoMaybeUnset, place, step.origin.name,
                                            context_.program.slots[slot].origin.name);
  for (const auto& [uses, text] : {std::pair(&step.writes, "the step may leave it unset"),
                                   std::pair(&step.reads, "the step does without it")}) {
    for (const model::SlotUse& use : *uses) {
      if (use.slot == slot) diagnostic.secondary(use.span, text);
    }
  }
  diagnostic.help("say with `??` what counts when it is unset, or let the step always write it");
}

Expression ExpressionChecker::member(Expression base, const syntax::Name& name, bool may_be_unset) {
  const Span span = cover(base.span, name.span);
  const TypeKind base_kind = context_.types.kind(base.type);
  if (base_kind == TypeKind::kError || name.is_missing()) return error(span);
  const bool is_optional = base_kind == TypeKind::kOptional;
  const model::TypeId inner = context_.types.strip_optional(base.type);
  if (context_.types.kind(inner) != TypeKind::kStruct) {
    context_.engine.report(Kind::kUnknownField, name.span, context_.text(base.type), name.text);
    return error(span);
  }
  const model::StructId id(context_.types[inner].declaration);
  const model::Struct& structure = context_.program.structs[id];
  const auto field =
      std::find_if(structure.fields.begin(), structure.fields.end(),
                   [&](const model::Field& candidate) { return candidate.origin.name == name.text; });
  if (field == structure.fields.end()) {
    auto& diagnostic =
        context_.engine.report(Kind::kUnknownField, name.span, structure.origin.name, name.text);
    std::vector<llvm::StringRef> known;
    for (const model::Field& candidate : structure.fields)
      known.push_back(candidate.origin.name);
    if (const auto guess = diagnostics::did_you_mean(name.text, known)) {
      diagnostic.fix("write `" + *guess + "`", name.span, *guess);
    }
    diagnostic.secondary(structure.origin.span, "the struct is declared here");
    return error(span);
  }
  if (is_optional && !may_be_unset) {
    context_.engine.report(Kind::kOptionalAccess, name.span, name.text, context_.text(base.type))
        .help("say behind it with `??` what counts when it is absent");
    return error(span);
  }
  Expression result =
      make(ExpressionKind::kField, is_optional ? context_.types.optional(field->type) : field->type, span);
  result.structure = id;
  result.field = static_cast<std::uint32_t>(field - structure.fields.begin());
  result.operands.push_back(std::move(base));
  return result;
}

std::optional<Expression> ExpressionChecker::enumerator(const syntax::PathExpr& path, model::TypeId hint) {
  const llvm::ArrayRef<syntax::Name> segments = path.segments;
  model::TypeId type;
  if (segments.size() == 1) {
    if (!hint.is_valid()) return std::nullopt;
    type = context_.types.strip_optional(hint);
    if (context_.types.kind(type) != TypeKind::kEnum) return std::nullopt;
  } else {
    const syntax::QualifiedName name{segments.drop_back(), path.span};
    const std::optional<Symbol> symbol = context_.find(scope_.package, NameSpace::kTypes, name);
    if (!symbol || symbol->kind != SymbolKind::kEnum) return std::nullopt;
    if (name.is_qualified()) (void)context_.imported(scope_.package, segments[0].text);
    context_.use(*symbol, cover(segments.front().span, segments[segments.size() - 2].span));
    type = context_.types.enumeration(symbol->id<model::EnumId>());
  }
  const std::optional<model::Constant> constant = literal_constant(context_, path, type);
  if (!constant) return error(path.span);
  return constant_expression(*constant, type, path.span);
}

Expression ExpressionChecker::environment(const syntax::PathExpr& path, model::TypeId hint) {
  if (scope_.place != ExpressionScope::Place::kTarget) {
    context_.engine.report(Kind::kMisplacedExpression, path.span, "`" + path.segments[0].text.str() + "`")
        .help("read it where a target is declared");
    return error(path.span);
  }
  const bool is_secret = path.segments[0].text == "secret";
  // It is text, which the service reads as what its place wants when it starts.
  const model::TypeId type = hint.is_valid() && is_configurable(context_, context_.types.strip_optional(hint))
                                 ? hint
                                 : context_.types.simple(TypeKind::kString);
  Expression result =
      make(is_secret ? ExpressionKind::kSecret : ExpressionKind::kEnvironment, type, path.span);
  result.name = path.segments[1].text.str();
  return result;
}

Expression ExpressionChecker::request_part(const syntax::RequestPart& part, model::TypeId wanted) {
  if (part.default_value == nullptr) {
    return convert(context_, request_path(part.segments, part.span, wanted), wanted);
  }
  Expression left = request_path(part.segments, part.span, context_.types.optional(wanted));
  Expression result = make(ExpressionKind::kBinary, wanted, cover(part.span, part.default_value->span));
  result.op = model::Operator::kCoalesce;
  result.operands.push_back(std::move(left));
  result.operands.push_back(check(*part.default_value, wanted));
  return result;
}

namespace {

struct PartRule {
  llvm::StringLiteral name;
  model::RequestPart part;
  bool has_name;  // `request.path.id`
};

constexpr PartRule kParts[] = {
    {"json", model::RequestPart::kJson, false},
    {"body", model::RequestPart::kBody, false},
    {"path", model::RequestPart::kPath, true},
    {"query", model::RequestPart::kQuery, true},
    {"header", model::RequestPart::kHeader, true},
    {"cookie", model::RequestPart::kCookie, true},
    {"client_ip", model::RequestPart::kClientIp, false},
    {"idempotency_key", model::RequestPart::kIdempotencyKey, false},
    {"method", model::RequestPart::kMethod, false},
};

}  // namespace

Expression ExpressionChecker::request_path(llvm::ArrayRef<syntax::Name> segments, Span span,
                                           model::TypeId hint) {
  saw_request_ = true;
  if (segments.empty() || segments[0].is_missing()) return error(span);
  const auto* rule = std::find_if(std::begin(kParts), std::end(kParts), [&](const PartRule& candidate) {
    return candidate.name == segments[0].text;
  });
  if (rule == std::end(kParts)) {
    auto& diagnostic = context_.engine.report(Kind::kUnknownRequestPart, segments[0].span, segments[0].text);
    std::vector<llvm::StringRef> known;
    for (const PartRule& candidate : kParts)
      known.push_back(candidate.name);
    if (const auto guess = diagnostics::did_you_mean(segments[0].text, known)) {
      diagnostic.fix("write `" + *guess + "`", segments[0].span, *guess);
    } else {
      diagnostic.note("a request has " + alternatives_text(known));
    }
    return error(span);
  }
  if (!scope_.allows_request) {
    context_.engine.report(Kind::kMisplacedExpression, span, "a part of the request")
        .help("read it in a step, and use the slot that the step writes");
    return error(span);
  }
  if (segments.size() != (rule->has_name ? 2U : 1U)) {
    context_.engine.report(Kind::kBadRequestPart, span, rule->name,
                           rule->has_name ? "is followed by one name" : "is followed by nothing");
    return error(span);
  }
  const model::TypeId wanted = hint.is_valid() ? hint : context_.types.simple(TypeKind::kString);
  const TypeKind inner = context_.types.kind(strip_scalar(context_, context_.types.strip_optional(wanted)));
  Expression result = make(ExpressionKind::kRequest, wanted, span);
  result.part = rule->part;
  if (rule->has_name) result.name = segments[1].text.str();
  switch (rule->part) {
    case model::RequestPart::kJson:
      return result;
    case model::RequestPart::kBody:
      if (inner != TypeKind::kString && inner != TypeKind::kError) {
        result.type = context_.types.simple(TypeKind::kBytes);
      }
      return result;
    case model::RequestPart::kClientIp:
    case model::RequestPart::kMethod:
      result.type = context_.types.simple(TypeKind::kString);
      return result;
    default:
      break;
  }
  const model::TypeId listed = context_.types.strip_optional(wanted);
  const bool is_list =
      rule->part == model::RequestPart::kQuery && context_.types.kind(listed) == TypeKind::kList;
  const model::TypeId single = is_list ? context_.types[listed].element : wanted;
  const bool is_optional_element = is_list && context_.types.kind(single) == TypeKind::kOptional;
  if (!is_text_decodable(context_, single) || is_optional_element) {
    context_.engine.report(Kind::kBadRequestPart, span, rule->name,
                           "cannot be read as a `" + context_.text(wanted) + "`");
    return error(span);
  }
  return result;
}

}  // namespace zc::check
