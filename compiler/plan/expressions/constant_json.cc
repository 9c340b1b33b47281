#include "compiler/plan/expressions/constant_json.h"

#include <llvm/ADT/StringExtras.h>

#include <array>
#include <charconv>

namespace zc::plan {
namespace {

using model::Constant;
using model::Expression;
using model::ExpressionKind;
using model::TypeKind;

// The type below optionals and scalars.
const model::Type& base_of(const model::Program& program, model::TypeId id) {
  const model::Type* type = &program.types[id];
  while (type->kind == TypeKind::kOptional || type->kind == TypeKind::kScalar)
    type = &program.types[type->kind == TypeKind::kOptional
                              ? type->element
                              : program.scalars[model::ScalarId(type->declaration)].base];
  return *type;
}

// The shortest text that reads back as the same number.
std::string real(double number) {
  std::array<char, 32> text{};
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
}

std::optional<std::string> number(const Constant& constant, TypeKind kind) {
  switch (kind) {
    case TypeKind::kI32:
    case TypeKind::kI64:
    case TypeKind::kU32:
    case TypeKind::kU64: {
      const bool is_negative = constant.negative && constant.integer != 0;
      return (is_negative ? "-" : "") + std::to_string(constant.integer);
    }
    case TypeKind::kF64: {
      const double magnitude = static_cast<double>(constant.integer);
      return real(constant.negative ? -magnitude : magnitude);
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string> constant_text(const model::Program& program, const Constant& constant,
                                         model::TypeId id) {
  const model::Type& type = base_of(program, id);
  switch (constant.kind) {
    case Constant::Kind::kNull:
      return "null";
    case Constant::Kind::kBool:
      return constant.boolean ? "true" : "false";
    case Constant::Kind::kInteger:
      return number(constant, type.kind);
    case Constant::Kind::kFloat:
      if (type.kind != TypeKind::kF64) return std::nullopt;
      return real(constant.negative && constant.floating > 0 ? -constant.floating : constant.floating);
    case Constant::Kind::kString:
      if (type.kind != TypeKind::kString && type.kind != TypeKind::kUrl) return std::nullopt;
      return json_string(constant.text);
    case Constant::Kind::kEnumerator:
      return json_string(program.enums[model::EnumId(type.declaration)].values[constant.integer].json_name);
    case Constant::Kind::kEmptyList:
      return "[]";
    case Constant::Kind::kEmptyMap:
      return "{}";
    case Constant::Kind::kDuration:
      break;
  }
  return std::nullopt;
}

// The operands between brackets, each behind its name when they have names.
std::optional<std::string> sequence(const model::Program& program, const Expression& expression) {
  const bool is_object = expression.kind == ExpressionKind::kObject;
  std::string text = is_object ? "{" : "[";
  for (std::size_t i = 0; i < expression.operands.size(); ++i) {
    const std::optional<std::string> operand = constant_json(program, expression.operands[i]);
    if (!operand) return std::nullopt;
    if (i != 0) text += ',';
    if (is_object) text += json_string(expression.names[i]) + ':';
    text += *operand;
  }
  text += is_object ? '}' : ']';
  return text;
}

}  // namespace

std::string json_string(llvm::StringRef text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const std::size_t named = llvm::StringRef("\b\t\n\f\r\"\\").find(c);
    if (named != llvm::StringRef::npos) {
      result += {'\\', "btnfr\"\\"[named]};
    } else if (byte < 0x20) {
      result += {'\\', 'u', '0', '0', llvm::hexdigit(byte >> 4U, true), llvm::hexdigit(byte & 0xFU, true)};
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string json_key(llvm::StringRef text) {
  const std::string quoted = json_string(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::optional<std::string> constant_json(const model::Program& program, const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kConstant:
      return constant_text(program, expression.constant, expression.type);
    case ExpressionKind::kConvert:
      if (expression.operands[0].kind != ExpressionKind::kConstant) return std::nullopt;
      return constant_text(program, expression.operands[0].constant, expression.type);
    case ExpressionKind::kObject:
    case ExpressionKind::kList:
      return sequence(program, expression);
    default:
      return std::nullopt;
  }
}

}  // namespace zc::plan
