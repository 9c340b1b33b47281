// Implicit conversions, and what can be made of values.

#include "compiler/check/expressions/conversions.h"

#include "compiler/check/expressions/literals.h"

#include <utility>

namespace zc::check {

using model::TypeKind;

namespace {

bool widens(TypeKind from, TypeKind to) {
  switch (from) {
    case TypeKind::kI32:
      return to == TypeKind::kI64 || to == TypeKind::kF64 || to == TypeKind::kDecimal;
    case TypeKind::kU32:
      return to == TypeKind::kI64 || to == TypeKind::kU64 || to == TypeKind::kF64 || to == TypeKind::kDecimal;
    case TypeKind::kI64:
    case TypeKind::kU64:
      return to == TypeKind::kDecimal;
    default:
      return false;
  }
}

bool has_json(const Context& context, model::TypeId type) {
  switch (context.types.kind(type)) {
    case TypeKind::kVoid:
    case TypeKind::kStatement:
    case TypeKind::kStream:
    case TypeKind::kVariable:
      return false;
    case TypeKind::kExtern:
      return !context.program.externs[model::ExternId(context.types[type].declaration)].opaque;
    default:
      return true;
  }
}

}  // namespace

bool can_convert(const Context& context, model::TypeId from, model::TypeId to) {
  if (from == to) return true;
  const TypeKind from_kind = context.types.kind(from);
  const TypeKind to_kind = context.types.kind(to);
  if (from_kind == TypeKind::kError || to_kind == TypeKind::kError) return true;
  if (to_kind == TypeKind::kOptional) {
    if (from_kind == TypeKind::kNull) return true;
    const model::TypeId inner = context.types[to].element;
    return can_convert(context, context.types.strip_optional(from), inner);
  }
  if (from_kind == TypeKind::kOptional) return false;
  if (to_kind == TypeKind::kJson) return has_json(context, from);
  if (to_kind == TypeKind::kUrl) return from_kind == TypeKind::kString;
  return widens(from_kind, to_kind);
}

model::Expression convert(Context& context, model::Expression value, model::TypeId wanted) {
  if (!wanted.is_valid() || value.type == wanted) return value;
  const TypeKind kind = context.types.kind(value.type);
  if (kind == TypeKind::kError || context.types.kind(wanted) == TypeKind::kError) return value;
  if (!can_convert(context, value.type, wanted)) {
    auto& diagnostic = context.engine.report(Kind::kTypeMismatch, value.span, context.text(wanted),
                                             "`" + context.text(value.type) + "`");
    if (kind == TypeKind::kOptional &&
        can_convert(context, context.types.strip_optional(value.type), wanted)) {
      diagnostic.help("say with `??` what counts when it is absent");
    } else if (kind == TypeKind::kScalar || context.types.kind(wanted) == TypeKind::kScalar) {
      diagnostic.note(
          "scalars are types of their own: they convert only from literals and from what is decoded");
    }
    value.type = context.types.error();
    return value;
  }
  model::Expression result;
  result.kind = model::ExpressionKind::kConvert;
  result.type = wanted;
  result.span = value.span;
  result.operands.push_back(std::move(value));
  return result;
}

bool is_formattable(const Context& context, model::TypeId type) {
  switch (context.types.kind(strip_scalar(context, type))) {
    case TypeKind::kError:
    case TypeKind::kBool:
    case TypeKind::kI32:
    case TypeKind::kI64:
    case TypeKind::kU32:
    case TypeKind::kU64:
    case TypeKind::kF64:
    case TypeKind::kDecimal:
    case TypeKind::kString:
    case TypeKind::kUuid:
    case TypeKind::kTimestamp:
    case TypeKind::kDuration:
    case TypeKind::kEnum:
      return true;
    default:
      return false;
  }
}

bool is_column(const Context& context, model::TypeId type) {
  const model::TypeId inner = strip_scalar(context, context.types.strip_optional(type));
  const TypeKind kind = context.types.kind(inner);
  if (kind == TypeKind::kList) return is_formattable(context, context.types[inner].element);
  return is_formattable(context, inner) || kind == TypeKind::kBytes || kind == TypeKind::kJson ||
         kind == TypeKind::kNull;
}

bool is_bindable(const Context& context, model::TypeId type) {
  const model::TypeId inner = context.types.strip_optional(type);
  const TypeKind kind = context.types.kind(inner);
  // Where a stream may stand in a statement is seen by the words around it.
  return is_column(context, type) || kind == TypeKind::kStream ||
         (kind == TypeKind::kList && context.types.kind(context.types[inner].element) == TypeKind::kStruct);
}

bool is_text_decodable(const Context& context, model::TypeId type) {
  const model::TypeId inner = strip_scalar(context, context.types.strip_optional(type));
  return is_formattable(context, inner) || context.types.kind(inner) == TypeKind::kBytes;
}

}  // namespace zc::check
