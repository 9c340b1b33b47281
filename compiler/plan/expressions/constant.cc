// Literals of a `.flow` file as C++ of the type that they are used as.

#include "compiler/plan/expressions/expression.h"

#include <llvm/Support/Format.h>
#include <llvm/Support/raw_ostream.h>

#include <cmath>

namespace zc::plan {
namespace {

using model::Constant;
using model::TypeKind;

std::string floating(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.17g", value);
  for (const int precision : {1, 3, 6, 9, 12, 15}) {
    std::string shorter;
    llvm::raw_string_ostream(shorter) << llvm::format("%.*g", precision, value);
    double parsed = 0;
    if (!llvm::StringRef(shorter).getAsDouble(parsed) && parsed == value) {
      text = shorter;
      break;
    }
  }
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string integer(const Constant& constant, TypeKind kind) {
  const std::string magnitude = std::to_string(constant.integer);
  const std::string sign = constant.negative ? "-" : "";
  constexpr std::uint64_t kLeastI64 = std::uint64_t{1} << 63U;
  switch (kind) {
    case TypeKind::kI64:
      if (constant.negative && constant.integer == kLeastI64)
        return "std::numeric_limits<std::int64_t>::min()";
      return "std::int64_t{" + sign + magnitude + "}";
    case TypeKind::kI32:
      if (constant.negative && constant.integer == (std::uint64_t{1} << 31U))
        return "std::numeric_limits<std::int32_t>::min()";
      return sign + magnitude;
    case TypeKind::kU32:
      return "std::uint32_t{" + magnitude + "}";
    case TypeKind::kU64:
      return "std::uint64_t{" + magnitude + "U}";
    case TypeKind::kF64:
      return sign + magnitude + ".0";
    case TypeKind::kDecimal:
      return "zerver::Decimal{" + sign + magnitude + ", 0}";
    default:
      return sign + magnitude;
  }
}

// "-12.50" as coefficient and scale. The text is one that check has accepted.
std::string decimal(llvm::StringRef text) {
  const auto [whole, fraction] = text.split('.');
  llvm::StringRef digits = whole;
  std::string coefficient = digits.str() + fraction.str();
  const bool negative = llvm::StringRef(coefficient).starts_with("-");
  llvm::StringRef magnitude = llvm::StringRef(coefficient).ltrim("-").ltrim('0');
  if (magnitude.empty()) magnitude = "0";
  return "zerver::Decimal{" + std::string(negative ? "-" : "") + magnitude.str() + ", " +
         std::to_string(fraction.size()) + "}";
}

}  // namespace

std::string ExpressionWriter::constant(const Constant& value, model::TypeId type) const {
  const model::Type& target = type_of(type);
  if (target.kind == TypeKind::kOptional) {
    if (value.kind == Constant::Kind::kNull) return "std::nullopt";
    return this->type(type) + "(" + constant(value, target.element) + ")";
  }
  if (target.kind == TypeKind::kScalar)
    return this->type(type) + "{" +
           constant(value, program_->scalars[model::ScalarId(target.declaration)].base) + "}";
  switch (value.kind) {
    case Constant::Kind::kNull:
      return "std::nullopt";
    case Constant::Kind::kBool:
      return value.boolean ? "true" : "false";
    case Constant::Kind::kInteger:
      return integer(value, target.kind);
    case Constant::Kind::kFloat:
      return target.kind == TypeKind::kDecimal
                 ? decimal(value.negative && !value.text.starts_with("-") ? "-" + value.text : value.text)
                 : floating(value.negative && value.floating > 0 ? -value.floating : value.floating);
    case Constant::Kind::kString:
      if (target.kind == TypeKind::kDecimal) return decimal(value.text);
      return "zerver::String(" + string_literal(value.text) + ")";
    case Constant::Kind::kDuration:
      return std::string("zerver::Duration{") + (value.negative ? "-" : "") + std::to_string(value.integer) +
             "}";
    case Constant::Kind::kEnumerator: {
      const model::EnumId id(target.declaration);
      return this->type(type) + "::" + names_->enumerator(id, value.integer);
    }
    case Constant::Kind::kEmptyList:
    case Constant::Kind::kEmptyMap:
      return this->type(type) + "()";
  }
  return "{}";
}

}  // namespace zc::plan
