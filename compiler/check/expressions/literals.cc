// Reads literals against the type that is wanted.

#include "compiler/check/expressions/literals.h"

#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/SmallString.h>

#include <cstdlib>
#include <limits>

namespace zc::check {

using model::Constant;
using model::TypeKind;

bool is_integer(TypeKind kind) {
  return kind == TypeKind::kI32 || kind == TypeKind::kI64 || kind == TypeKind::kU32 || kind == TypeKind::kU64;
}

bool is_number(TypeKind kind) {
  return is_integer(kind) || kind == TypeKind::kF64 || kind == TypeKind::kDecimal;
}

bool fits_integer(TypeKind kind, bool negative, std::uint64_t magnitude) {
  const auto signed_most = [&](std::uint64_t most) { return magnitude <= most + (negative ? 1U : 0U); };
  switch (kind) {
    case TypeKind::kI32:
      return signed_most(std::numeric_limits<std::int32_t>::max());
    case TypeKind::kI64:
      return signed_most(std::numeric_limits<std::int64_t>::max());
    case TypeKind::kU32:
      return (!negative || magnitude == 0) && magnitude <= std::numeric_limits<std::uint32_t>::max();
    case TypeKind::kU64:
      return !negative || magnitude == 0;
    default:
      return true;
  }
}

model::TypeId strip_scalar(const Context& context, model::TypeId type) {
  while (context.types.kind(type) == TypeKind::kScalar) {
    const model::TypeId base = context.program.scalars[model::ScalarId(context.types[type].declaration)].base;
    if (!base.is_valid()) break;
    type = base;
  }
  return type;
}

bool is_configurable(const Context& context, model::TypeId type) {
  switch (const TypeKind kind = context.types.kind(strip_scalar(context, type))) {
    case TypeKind::kError:
    case TypeKind::kBool:
    case TypeKind::kString:
    case TypeKind::kUuid:
    case TypeKind::kTimestamp:
    case TypeKind::kDuration:
    case TypeKind::kEnum:
      return true;
    default:
      return is_number(kind);
  }
}

const syntax::LiteralExpr* literal_of(const syntax::Expr* expr, syntax::LiteralKind kind) {
  const auto* literal = llvm::dyn_cast_or_null<syntax::LiteralExpr>(expr);
  return literal != nullptr && literal->literal == kind ? literal : nullptr;
}

std::optional<NumberLiteral> number_literal(const syntax::Expr& expr) {
  const syntax::Expr* inner = &expr;
  NumberLiteral number;
  if (const auto* unary = llvm::dyn_cast<syntax::UnaryExpr>(inner)) {
    if (unary->op != syntax::UnaryOperator::kMinus || unary->operand == nullptr) return std::nullopt;
    number.negative = true;
    inner = unary->operand;
  }
  number.literal = llvm::dyn_cast<syntax::LiteralExpr>(inner);
  if (number.literal == nullptr) return std::nullopt;
  switch (number.literal->literal) {
    case syntax::LiteralKind::kInteger:
    case syntax::LiteralKind::kDecimal:
    case syntax::LiteralKind::kSize:
      return number;
    default:
      return std::nullopt;
  }
}

std::optional<std::uint32_t> find_enumerator(const model::Enum& enumeration, llvm::StringRef name) {
  for (std::size_t i = 0; i < enumeration.values.size(); ++i) {
    if (enumeration.values[i].origin.name == name) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

std::optional<Constant> number_constant(Context& context, const syntax::Expr& expr,
                                        const NumberLiteral& number, model::TypeId type) {
  const TypeKind kind = context.types.kind(type);
  const bool is_whole = number.literal->literal != syntax::LiteralKind::kDecimal;
  Constant constant;
  constant.negative = number.negative;
  llvm::SmallString<32> digits;
  for (const char c : number.literal->text) {
    if (c != '_') digits += c;
  }
  constant.text = (number.negative ? "-" : "") + digits.str().str();
  if (is_integer(kind)) {
    if (!is_whole) {
      context.engine.report(Kind::kTypeMismatch, expr.span, context.text(type), "a number with a fraction");
      return std::nullopt;
    }
    if (!fits_integer(kind, number.negative, number.literal->value)) {
      context.engine.report(Kind::kLiteralOutOfRange, expr.span, constant.text, context.text(type));
      return std::nullopt;
    }
    constant.kind = Constant::Kind::kInteger;
    constant.integer = number.literal->value;
    return constant;
  }
  if (kind == TypeKind::kF64) {
    constant.kind = Constant::Kind::kFloat;
    if (is_whole) {
      constant.floating = static_cast<double>(number.literal->value);
    } else if (llvm::StringRef(digits).getAsDouble(constant.floating)) {
      context.engine.report(Kind::kLiteralOutOfRange, expr.span, constant.text, context.text(type));
      return std::nullopt;
    }
    if (number.negative) constant.floating = -constant.floating;
    return constant;
  }
  // A decimal keeps its spelling; digits behind the point are its scale.
  const std::size_t scale = is_whole ? 0 : llvm::StringRef(digits).split('.').second.size();
  if (digits.size() > 19 || scale > 18) {
    context.engine.report(Kind::kLiteralOutOfRange, expr.span, constant.text, context.text(type));
    return std::nullopt;
  }
  constant.kind = is_whole ? Constant::Kind::kInteger : Constant::Kind::kFloat;
  constant.integer = number.literal->value;
  if (!is_whole) constant.floating = std::strtod(constant.text.c_str(), nullptr);
  return constant;
}

namespace {

std::optional<Constant> mismatch(Context& context, const syntax::Expr& expr, model::TypeId type,
                                 llvm::StringRef found) {
  context.engine.report(Kind::kTypeMismatch, expr.span, context.text(type), found);
  return std::nullopt;
}

std::optional<Constant> enumerator_constant(Context& context, const syntax::PathExpr& path,
                                            model::TypeId type) {
  const model::Enum& enumeration = context.program.enums[model::EnumId(context.types[type].declaration)];
  const syntax::Name& name = path.segments.back();
  const bool is_qualified = path.segments.size() > 1;
  const bool names_enum =
      !is_qualified || path.segments[path.segments.size() - 2].text == enumeration.origin.name;
  if (!names_enum)
    return mismatch(context, path, type,
                    "`" + path.segments.front().text.str() + "." + name.text.str() + "`");
  const std::optional<std::uint32_t> index = find_enumerator(enumeration, name.text);
  if (!index) {
    auto& diagnostic =
        context.engine.report(Kind::kUnknownEnumerator, name.span, name.text, enumeration.origin.name);
    std::vector<llvm::StringRef> known;
    for (const model::Enumerator& value : enumeration.values)
      known.push_back(value.origin.name);
    if (const auto guess = diagnostics::did_you_mean(name.text, known)) {
      diagnostic.fix("write `" + *guess + "`", name.span, *guess);
    }
    diagnostic.secondary(enumeration.origin.span, "the enum is declared here");
    return std::nullopt;
  }
  Constant constant;
  constant.kind = Constant::Kind::kEnumerator;
  constant.integer = *index;
  return constant;
}

std::optional<Constant> literal_of(Context& context, const syntax::LiteralExpr& literal, model::TypeId type,
                                   TypeKind kind, bool is_optional) {
  Constant constant;
  switch (literal.literal) {
    case syntax::LiteralKind::kNull:
      if (!is_optional) return mismatch(context, literal, type, "`null`");
      return constant;
    case syntax::LiteralKind::kBool:
      if (kind != TypeKind::kBool) return mismatch(context, literal, type, "bool");
      constant.kind = Constant::Kind::kBool;
      constant.boolean = literal.value != 0;
      return constant;
    case syntax::LiteralKind::kDuration:
      if (kind != TypeKind::kDuration) return mismatch(context, literal, type, "duration");
      constant.kind = Constant::Kind::kDuration;
      constant.integer = literal.value;
      return constant;
    default:
      return mismatch(context, literal, type, "a percentage");
  }
}

}  // namespace

std::optional<Constant> literal_constant(Context& context, const syntax::Expr& expr, model::TypeId type) {
  if (expr.erroneous || context.types.kind(type) == TypeKind::kError) return std::nullopt;
  const bool is_optional = context.types.is_optional(type);
  const model::TypeId inner = strip_scalar(context, context.types.strip_optional(type));
  const TypeKind kind = context.types.kind(inner);
  if (kind == TypeKind::kError) return std::nullopt;
  if (const std::optional<NumberLiteral> number = number_literal(expr)) {
    if (!is_number(kind)) return mismatch(context, expr, type, "a number");
    return number_constant(context, expr, *number, inner);
  }
  if (const auto* unary = llvm::dyn_cast<syntax::UnaryExpr>(&expr);
      unary != nullptr && unary->op == syntax::UnaryOperator::kMinus) {
    const auto* span = llvm::dyn_cast_or_null<syntax::LiteralExpr>(unary->operand);
    if (span != nullptr && span->literal == syntax::LiteralKind::kDuration) {
      std::optional<Constant> constant = literal_of(context, *span, type, kind, is_optional);
      if (constant) constant->negative = constant->integer != 0;
      return constant;
    }
  }
  if (const auto* literal = llvm::dyn_cast<syntax::LiteralExpr>(&expr)) {
    return literal_of(context, *literal, type, kind, is_optional);
  }
  Constant constant;
  if (const auto* string = llvm::dyn_cast<syntax::StringExpr>(&expr)) {
    if (string->has_interpolation() || !string->tag.is_missing()) {
      context.engine.report(Kind::kNotConstant, expr.span);
      return std::nullopt;
    }
    if (kind != TypeKind::kString) return mismatch(context, expr, type, "string");
    constant.kind = Constant::Kind::kString;
    constant.text = string->plain_text().str();
    return constant;
  }
  if (const auto* list = llvm::dyn_cast<syntax::ListExpr>(&expr); list != nullptr && list->elements.empty()) {
    if (kind != TypeKind::kList) return mismatch(context, expr, type, "an empty list");
    constant.kind = Constant::Kind::kEmptyList;
    return constant;
  }
  if (const auto* object = llvm::dyn_cast<syntax::ObjectExpr>(&expr);
      object != nullptr && object->entries.empty()) {
    if (kind != TypeKind::kMap) return mismatch(context, expr, type, "an empty object");
    constant.kind = Constant::Kind::kEmptyMap;
    return constant;
  }
  const auto* path = llvm::dyn_cast<syntax::PathExpr>(&expr);
  if (path != nullptr && kind == TypeKind::kEnum) return enumerator_constant(context, *path, inner);
  auto& diagnostic = context.engine.report(Kind::kNotConstant, expr.span);
  if (llvm::isa<syntax::ListExpr>(expr) || llvm::isa<syntax::ObjectExpr>(expr))
    diagnostic.note("of lists and objects only the empty ones, `[]` and `{}`, are constants");
  return std::nullopt;
}

int compare_constants(const Constant& left, const Constant& right) {
  const auto as_double = [](const Constant& constant) {
    if (constant.kind == Constant::Kind::kFloat) return constant.floating;
    const auto magnitude = static_cast<double>(constant.integer);
    return constant.negative ? -magnitude : magnitude;
  };
  if (left.kind == Constant::Kind::kFloat || right.kind == Constant::Kind::kFloat) {
    const double l = as_double(left);
    const double r = as_double(right);
    return l < r ? -1 : (l > r ? 1 : 0);
  }
  const bool left_negative = left.negative && left.integer != 0;
  const bool right_negative = right.negative && right.integer != 0;
  if (left_negative != right_negative) return left_negative ? -1 : 1;
  const int magnitude = left.integer < right.integer ? -1 : (left.integer > right.integer ? 1 : 0);
  return left_negative ? -magnitude : magnitude;
}

}  // namespace zc::check
