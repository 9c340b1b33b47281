// Expressions that make values: literals, strings, lists and objects.

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/expressions/expressions.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/StringMap.h>

#include <algorithm>
#include <utility>

namespace zc::check {

using model::Constant;
using model::Expression;
using model::ExpressionKind;
using model::TypeKind;

Expression constant_expression(const Constant& constant, model::TypeId type, Span span) {
  Expression result;
  result.kind = ExpressionKind::kConstant;
  result.type = type;
  result.span = span;
  result.constant = constant;
  return result;
}

Expression ExpressionChecker::number(const syntax::Expr& expr, model::TypeId hint) {
  const std::optional<NumberLiteral> literal = number_literal(expr);
  const bool has_fraction = literal->literal->literal == syntax::LiteralKind::kDecimal;
  model::TypeId type = hint.is_valid() ? context_.types.strip_optional(hint) : model::TypeId();
  const bool fits = type.is_valid() && is_number(context_.types.kind(strip_scalar(context_, type)));
  if (!fits) type = context_.types.simple(has_fraction ? TypeKind::kF64 : TypeKind::kI64);
  const auto constant = number_constant(context_, expr, *literal, strip_scalar(context_, type));
  return constant ? constant_expression(*constant, type, expr.span) : error(expr.span);
}

Expression ExpressionChecker::literal(const syntax::LiteralExpr& literal, model::TypeId hint) {
  Constant constant;
  // A literal may stand for a scalar over its own type.
  const auto typed = [&](TypeKind kind) {
    const model::TypeId inner = hint.is_valid() ? context_.types.strip_optional(hint) : model::TypeId();
    const bool is_scalar = inner.is_valid() && context_.types.kind(strip_scalar(context_, inner)) == kind;
    return constant_expression(constant, is_scalar ? inner : context_.types.simple(kind), literal.span);
  };
  switch (literal.literal) {
    case syntax::LiteralKind::kNull:
      return constant_expression(constant, context_.types.simple(TypeKind::kNull), literal.span);
    case syntax::LiteralKind::kBool:
      constant.kind = Constant::Kind::kBool;
      constant.boolean = literal.value != 0;
      return typed(TypeKind::kBool);
    case syntax::LiteralKind::kDuration:
      constant.kind = Constant::Kind::kDuration;
      constant.integer = literal.value;
      return typed(TypeKind::kDuration);
    default:
      break;
  }
  if (!literal.erroneous)
    context_.engine.report(Kind::kNotAnExpression, literal.span).note("percentages are for settings");
  return error(literal.span);
}

Expression ExpressionChecker::string(const syntax::StringExpr& string, model::TypeId hint) {
  if (string.erroneous) return error(string.span);
  const model::TypeId wanted = hint.is_valid() ? context_.types.strip_optional(hint) : model::TypeId();
  const TypeKind wanted_kind =
      wanted.is_valid() ? context_.types.kind(strip_scalar(context_, wanted)) : TypeKind::kString;
  const bool is_sql = string.tag.text == "sql";
  if (!string.tag.is_missing() && !is_sql) {
    context_.engine.report(Kind::kUnknownWord, string.tag.span, string.tag.text, "tag of a string")
        .note("the only tag is `sql`");
    return error(string.span);
  }
  if (is_sql && wanted_kind != TypeKind::kStatement) {
    context_.engine.report(Kind::kMisplacedExpression, string.span, "a SQL statement")
        .note("only a parameter of type `statement` takes it");
    return error(string.span);
  }
  if (!is_sql && wanted_kind == TypeKind::kStatement) {
    context_.engine.report(Kind::kUntaggedStatement, string.span)
        .fix("tag it", string.span.start_point(), "sql")
        .note("in `sql\"...\"` each `{x}` is bound as a parameter and never becomes part of the text");
    return error(string.span);
  }
  if (!is_sql && !string.has_interpolation()) {
    Constant constant;
    constant.kind = Constant::Kind::kString;
    constant.text = string.plain_text().str();
    const bool fits = wanted.is_valid() && wanted_kind == TypeKind::kString;
    return constant_expression(constant, fits ? wanted : context_.types.simple(TypeKind::kString),
                               string.span);
  }
  const bool is_url = wanted_kind == TypeKind::kUrl;
  const ExpressionKind kind =
      is_sql ? ExpressionKind::kStatement : (is_url ? ExpressionKind::kUrl : ExpressionKind::kInterpolation);
  const TypeKind result_kind = is_sql ? TypeKind::kStatement : (is_url ? TypeKind::kUrl : TypeKind::kString);
  Expression result = make(kind, context_.types.simple(result_kind), string.span);
  result.operands.reserve(string.parts.size());
  for (const syntax::StringPart& part : string.parts) {
    if (part.expression == nullptr) {
      Constant constant;
      constant.kind = Constant::Kind::kString;
      constant.text = part.text.str();
      result.operands.push_back(
          constant_expression(constant, context_.types.simple(TypeKind::kString), part.span));
      continue;
    }
    is_whole_ = is_sql && may_be_whole(*part.expression);
    Expression value = type(*part.expression, {}, false);
    is_whole_ = false;
    const bool fits = is_sql ? is_bindable(context_, value.type) : is_formattable(context_, value.type);
    if (!fits) {
      auto& diagnostic =
          context_.engine.report(Kind::kNotFormattable, part.expression->span, context_.text(value.type),
                                 is_sql ? "bound to a statement" : "written into a string");
      if (!is_sql && context_.types.is_optional(value.type)) {
        diagnostic.help("say with `??` what counts when it is absent");
      } else {
        diagnostic.help("name the field that is meant");
      }
    }
    result.operands.push_back(std::move(value));
  }
  return result;
}

Expression ExpressionChecker::list(const syntax::ListExpr& list, model::TypeId hint) {
  const model::TypeId wanted = hint.is_valid() ? context_.types.strip_optional(hint) : model::TypeId();
  model::TypeId element;
  if (wanted.is_valid() && context_.types.kind(wanted) == TypeKind::kList)
    element = context_.types[wanted].element;
  if (!element.is_valid() && list.elements.empty()) {
    context_.engine.report(Kind::kUnknownElement, list.span);
    return error(list.span);
  }
  Expression result = make(ExpressionKind::kList, {}, list.span);
  result.operands.reserve(list.elements.size());
  for (const syntax::Expr* written : list.elements) {
    if (element.is_valid()) {
      result.operands.push_back(check(*written, element));
    } else {
      result.operands.push_back(infer(*written));
      element = result.operands.back().type;
    }
  }
  result.type = context_.types.list(element);
  return result;
}

Expression ExpressionChecker::object(const syntax::ObjectExpr& object, model::TypeId hint) {
  if (object.erroneous) return error(object.span);
  const model::TypeId wanted = hint.is_valid() ? context_.types.strip_optional(hint) : model::TypeId();
  const TypeKind kind = wanted.is_valid() ? context_.types.kind(wanted) : TypeKind::kObject;
  if (kind == TypeKind::kStruct) return construct(object, wanted);
  const model::TypeId element = kind == TypeKind::kMap ? context_.types[wanted].element : model::TypeId();
  Expression result = make(ExpressionKind::kObject, wanted, object.span);
  result.names.reserve(object.entries.size());
  result.operands.reserve(object.entries.size());
  std::vector<model::ObjectField> fields;
  llvm::StringMap<Span> seen;
  for (const syntax::ObjectEntry& entry : object.entries) {
    if (entry.key.is_missing() || entry.value == nullptr) continue;
    const auto [first, is_new] = seen.try_emplace(entry.key.text, entry.key.span);
    if (!is_new) {
      context_.engine.report(Kind::kDuplicateEntry, entry.key.span, "field", entry.key.text)
          .secondary(first->second, "first written here");
      continue;
    }
    Expression value = element.is_valid() ? check(*entry.value, element) : infer(*entry.value);
    fields.push_back({entry.key.text.str(), value.type});
    result.names.push_back(entry.key.text.str());
    result.operands.push_back(std::move(value));
  }
  if (kind != TypeKind::kMap) result.type = context_.types.object(std::move(fields));
  return result;
}

Expression ExpressionChecker::construct(const syntax::ObjectExpr& object, model::TypeId type) {
  const model::StructId id(context_.types[type].declaration);
  const model::Struct& structure = context_.program.structs[id];
  std::vector<const syntax::ObjectEntry*> entries(structure.fields.size());
  for (const syntax::ObjectEntry& entry : object.entries) {
    if (entry.key.is_missing() || entry.value == nullptr) continue;
    const auto field =
        std::find_if(structure.fields.begin(), structure.fields.end(),
                     [&](const model::Field& candidate) { return candidate.origin.name == entry.key.text; });
    if (field == structure.fields.end()) {
      auto& diagnostic =
          context_.engine.report(Kind::kUnknownField, entry.key.span, structure.origin.name, entry.key.text);
      std::vector<llvm::StringRef> known;
      for (const model::Field& candidate : structure.fields)
        known.push_back(candidate.origin.name);
      if (const auto guess = diagnostics::did_you_mean(entry.key.text, known)) {
        diagnostic.fix("write `" + *guess + "`", entry.key.span, *guess);
      }
      continue;
    }
    const auto index = static_cast<std::size_t>(field - structure.fields.begin());
    if (entries[index] != nullptr) {
      context_.engine.report(Kind::kDuplicateEntry, entry.key.span, "field", entry.key.text)
          .secondary(entries[index]->key.span, "first written here");
      continue;
    }
    entries[index] = &entry;
  }
  Expression result = make(ExpressionKind::kStruct, type, object.span);
  result.structure = id;
  result.operands.reserve(entries.size());
  std::vector<llvm::StringRef> missing;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const model::Field& field = structure.fields[i];
    if (entries[i] != nullptr) {
      result.operands.push_back(check(*entries[i]->value, field.type));
      continue;
    }
    if (!field.default_value && !context_.types.is_optional(field.type)) missing.push_back(field.origin.name);
    result.operands.push_back(make(ExpressionKind::kError, field.type, object.span));
  }
  if (!missing.empty()) {
    context_.engine
        .report(Kind::kMissingField, object.span, structure.origin.name, alternatives_text(missing))
        .secondary(structure.origin.span, "the struct is declared here");
  }
  return result;
}

}  // namespace zc::check
