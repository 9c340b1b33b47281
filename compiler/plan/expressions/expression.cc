#include "compiler/plan/expressions/expression.h"

#include "compiler/plan/expressions/constant_json.h"
#include "compiler/plan/expressions/statement_text.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

namespace zc::plan {
namespace {

using model::Expression;
using model::ExpressionKind;
using model::Operator;
using model::TypeKind;

bool is_integer(TypeKind kind) {
  return kind == TypeKind::kI32 || kind == TypeKind::kI64 || kind == TypeKind::kU32 || kind == TypeKind::kU64;
}

// Its arithmetic can leave the range of its type.
bool needs_check(TypeKind kind) {
  return is_integer(kind) || kind == TypeKind::kDuration || kind == TypeKind::kTimestamp ||
         kind == TypeKind::kDecimal;
}

const char* spelling(Operator op) {
  switch (op) {
    case Operator::kOr:
      return " || ";
    case Operator::kAnd:
      return " && ";
    case Operator::kEqual:
      return " == ";
    case Operator::kNotEqual:
      return " != ";
    case Operator::kLess:
      return " < ";
    case Operator::kLessEqual:
      return " <= ";
    case Operator::kGreater:
      return " > ";
    case Operator::kGreaterEqual:
      return " >= ";
    case Operator::kAdd:
      return " + ";
    case Operator::kSubtract:
      return " - ";
    case Operator::kMultiply:
      return " * ";
    case Operator::kDivide:
      return " / ";
    case Operator::kRemainder:
      return " % ";
    case Operator::kCoalesce:
    case Operator::kNot:
    case Operator::kNegate:
      break;
  }
  return "";
}

// A function object of the standard library; null when it does not compare.
const char* comparison_function(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return "std::equal_to<>";
    case Operator::kNotEqual:
      return "std::not_equal_to<>";
    case Operator::kLess:
      return "std::less<>";
    case Operator::kLessEqual:
      return "std::less_equal<>";
    case Operator::kGreater:
      return "std::greater<>";
    case Operator::kGreaterEqual:
      return "std::greater_equal<>";
    default:
      return nullptr;
  }
}

// Signed overflow and division by zero are undefined in C++: those go through functions that throw.
const char* checked_function(Operator op) {
  switch (op) {
    case Operator::kAdd:
      return "zerver::flow::checked_add";
    case Operator::kSubtract:
      return "zerver::flow::checked_subtract";
    case Operator::kMultiply:
      return "zerver::flow::checked_multiply";
    case Operator::kDivide:
      return "zerver::flow::checked_divide";
    case Operator::kRemainder:
      return "zerver::flow::checked_remainder";
    default:
      return nullptr;
  }
}

bool is_text_constant(const Expression& expression) {
  return expression.kind == ExpressionKind::kConstant &&
         expression.constant.kind == model::Constant::Kind::kString;
}

}  // namespace

model::TypeId ExpressionWriter::base_of(model::TypeId id) const {
  while (type_of(id).kind == TypeKind::kScalar)
    id = program_->scalars[model::ScalarId(type_of(id).declaration)].base;
  return id;
}

std::string ExpressionWriter::unsupported(const Expression& expression, const std::string& what) const {
  unsupported_->push_back({expression.span, what});
  return "{}";
}

std::string ExpressionWriter::value(const Expression& expression, const Bindings& bindings) const {
  switch (expression.kind) {
    case ExpressionKind::kConstant:
      return constant(expression.constant, expression.type);
    case ExpressionKind::kSlot:
      return slot(expression, bindings);
    case ExpressionKind::kField:
      return field(expression, bindings);
    case ExpressionKind::kRequest: {
      const auto part = bindings.parts.find(&expression);
      return part != bindings.parts.end()
                 ? part->second
                 : unsupported(expression, "a request part outside of a step of its own");
    }
    case ExpressionKind::kUnary:
      return unary(expression, bindings);
    case ExpressionKind::kBinary:
      return binary(expression, bindings);
    case ExpressionKind::kConvert:
      return convert(expression, bindings);
    case ExpressionKind::kInterpolation:
    case ExpressionKind::kUrl:
      return pieces(expression, bindings);
    case ExpressionKind::kStruct:
      return structure(expression, bindings);
    case ExpressionKind::kList:
      return list(expression, bindings);
    case ExpressionKind::kObject:
      return type_of(expression.type).kind == TypeKind::kMap ? map(expression, bindings)
                                                             : json(expression, bindings);
    case ExpressionKind::kParameter:
      return unsupported(expression, "a parameter of a job");
    case ExpressionKind::kStatement:
      return unsupported(expression, "a statement that is no argument");
    case ExpressionKind::kEnvironment:
    case ExpressionKind::kSecret:
      return unsupported(expression, "a setting outside of a target's arguments");
    case ExpressionKind::kError:
      break;
  }
  return "{}";
}

std::string ExpressionWriter::nested(const Expression& expression, const Bindings& bindings) const {
  std::string inner = value(expression, bindings);
  const bool is_loose = expression.kind == ExpressionKind::kBinary ||
                        llvm::StringRef(inner).contains(" ? ") || llvm::StringRef(inner).starts_with("*");
  return is_loose ? "(" + inner + ")" : inner;
}

std::string ExpressionWriter::text(const Expression& expression, const Bindings& bindings) const {
  if (is_text_constant(expression)) return string_literal(expression.constant.text);
  model::TypeId type = expression.type;
  const bool is_scalar = type_of(type).kind == TypeKind::kScalar;
  std::string written = is_scalar ? nested(expression, bindings) : value(expression, bindings);
  for (; type_of(type).kind == TypeKind::kScalar;
       type = program_->scalars[model::ScalarId(type_of(type).declaration)].base)
    written += ".value";
  switch (type_of(type).kind) {
    case TypeKind::kString:
    case TypeKind::kUrl:
      return written;
    case TypeKind::kBytes:
    case TypeKind::kJson:
      return written + ".view()";
    default:
      return "zerver::flow::concat(exchange.arena(), {" + written + "})";
  }
}

std::string ExpressionWriter::slot(const Expression& expression, const Bindings& bindings) const {
  const std::string name = bindings.slots.lookup(expression.slot);
  if (!is_optional(expression.type)) return name;
  const std::string presence = bindings.presence.lookup(expression.slot);
  if (is_optional(program_->slots[expression.slot].type) && presence.empty()) return name;
  const std::string wrapped = type(expression.type) + "(" + name + ")";
  return presence.empty() ? wrapped : presence + " ? " + wrapped + " : std::nullopt";
}

ExpressionWriter::Place ExpressionWriter::place(const Expression& expression,
                                                const Bindings& bindings) const {
  if (expression.kind == ExpressionKind::kSlot && is_optional(expression.type)) {
    Place result{bindings.slots.lookup(expression.slot), false, {}};
    const std::string presence = bindings.presence.lookup(expression.slot);
    if (!presence.empty()) result.conditions.push_back(presence);
    if (is_optional(program_->slots[expression.slot].type)) result.descend();
    return result;
  }
  if (expression.kind == ExpressionKind::kField) {
    Place result = place(expression.operands[0], bindings);
    result.text += (result.is_pointer ? "->" : ".") + names_->field(expression.structure, expression.field);
    result.is_pointer = false;
    if (is_optional(program_->structs[expression.structure].fields[expression.field].type)) result.descend();
    return result;
  }
  Place result{nested(expression, bindings), false, {}};
  if (is_optional(expression.type)) result.descend();
  return result;
}

// Of a struct that may be absent the field is optional, whether it is declared so or not.
std::string ExpressionWriter::field(const Expression& expression, const Bindings& bindings) const {
  const Expression& base = expression.operands[0];
  const std::string name = names_->field(expression.structure, expression.field);
  if (!is_optional(base.type)) return nested(base, bindings) + "." + name;
  const Place of = place(base, bindings);
  const std::string written = of.text + (of.is_pointer ? "->" : ".") + name;
  const bool is_declared = is_optional(program_->structs[expression.structure].fields[expression.field].type);
  const std::string value = is_declared ? written : type(expression.type) + "(" + written + ")";
  return of.conditions.empty() ? value
                               : llvm::join(of.conditions, " && ") + " ? " + value + " : std::nullopt";
}

std::string ExpressionWriter::unary(const Expression& expression, const Bindings& bindings) const {
  const std::string operand = nested(expression.operands[0], bindings);
  if (expression.op == Operator::kNot) return "!" + operand;
  if (needs_check(type_of(base_of(expression.type)).kind))
    return "zerver::flow::checked_negate(" + operand + ")";
  return "-" + operand;
}

bool ExpressionWriter::is_unsigned_zero(const Expression& expression) const {
  const TypeKind kind = type_of(base_of(expression.type)).kind;
  return (kind == TypeKind::kU32 || kind == TypeKind::kU64) && expression.kind == ExpressionKind::kConstant &&
         expression.constant.integer == 0;
}

std::string ExpressionWriter::binary(const Expression& expression, const Bindings& bindings) const {
  if (expression.op == Operator::kCoalesce) return coalesce(expression, bindings);
  const TypeKind kind = type_of(expression.type).kind;
  const char* const checked = checked_function(expression.op);
  if (checked != nullptr && needs_check(kind))
    return std::string(checked) + "(" + value(expression.operands[0], bindings) + ", " +
           value(expression.operands[1], bindings) + ")";
  const std::string left = nested(expression.operands[0], bindings);
  const std::string right = nested(expression.operands[1], bindings);
  // Compilers warn where the result does not depend on the values: `a == a`, `a >= 0` of what has no sign.
  const char* const function = comparison_function(expression.op);
  const bool is_foregone =
      left == right || is_unsigned_zero(expression.operands[0]) || is_unsigned_zero(expression.operands[1]);
  if (function != nullptr && is_foregone) return std::string(function) + "{}(" + left + ", " + right + ")";
  return left + spelling(expression.op) + right;
}

std::string ExpressionWriter::coalesce(const Expression& expression, const Bindings& bindings) const {
  const Expression& optional = expression.operands[0];
  const std::string otherwise = nested(expression.operands[1], bindings);
  if (optional.kind == ExpressionKind::kSlot && !is_optional(program_->slots[optional.slot].type)) {
    const std::string name = bindings.slots.lookup(optional.slot);
    const std::string presence = bindings.presence.lookup(optional.slot);
    if (presence.empty())
      return is_optional(expression.type) ? type(expression.type) + "(" + name + ")" : name;
    if (!is_optional(expression.type)) return presence + " ? " + name + " : " + otherwise;
  }
  if (optional.kind == ExpressionKind::kField && is_optional(optional.operands[0].type)) {
    const Place of = place(optional, bindings);
    const std::string found = (of.is_pointer ? "*" : "") + of.text;
    const std::string value =
        is_optional(expression.type) ? type(expression.type) + "(" + found + ")" : found;
    return of.conditions.empty() ? value
                                 : llvm::join(of.conditions, " && ") + " ? " + value + " : " + otherwise;
  }
  const std::string left = nested(optional, bindings);
  if (is_optional(expression.type)) return left + ".has_value() ? " + left + " : " + otherwise;
  // An argument is computed in any case.
  if (may_throw(otherwise)) return left + ".has_value() ? *" + left + " : " + otherwise;
  return left + ".value_or(" + value(expression.operands[1], bindings) + ")";
}

std::string ExpressionWriter::convert(const Expression& expression, const Bindings& bindings) const {
  const Expression& from = expression.operands[0];
  const TypeKind to_kind = type_of(expression.type).kind;
  const TypeKind from_kind = type_of(from.type).kind;
  if (expression.type == from.type) return value(from, bindings);
  if (from.kind == ExpressionKind::kConstant && from_kind != TypeKind::kScalar)
    return constant(from.constant, expression.type);
  const bool has_objects =
      from_kind == TypeKind::kObject ||
      (from.kind == ExpressionKind::kList && type_of(type_of(from.type).element).kind == TypeKind::kObject);
  if (to_kind == TypeKind::kJson && has_objects) return json(from, bindings);
  const std::string inner = value(from, bindings);
  if (to_kind == TypeKind::kOptional) {
    if (from_kind == TypeKind::kNull) return "std::nullopt";
    if (from_kind == TypeKind::kOptional) return inner;
    return type(expression.type) + "(" + inner + ")";
  }
  if (to_kind == TypeKind::kScalar) return type(expression.type) + "{" + inner + "}";
  if (from_kind == TypeKind::kScalar) return nested(from, bindings) + ".value";
  if (to_kind == TypeKind::kF64) return "static_cast<double>(" + inner + ")";
  if (to_kind == TypeKind::kDecimal) return "zerver::Decimal{" + inner + ", 0}";
  if (to_kind == TypeKind::kUrl || to_kind == TypeKind::kString) return inner;
  if (is_integer(to_kind)) return type(expression.type) + "{" + inner + "}";
  if (to_kind == TypeKind::kJson) return "zerver::flow::json_text(exchange, " + inner + ")";
  return inner;
}

std::string ExpressionWriter::json(const Expression& expression, const Bindings& bindings) const {
  Lines lines;
  append_json(expression, bindings, lines);
  return "[&] { zerver::flow::JsonBuilder text(exchange); zerver::flow::JsonWriter json = text.writer(); " +
         llvm::join(lines, " ") + " return text.take(); }()";
}

std::string ExpressionWriter::pieces(const Expression& expression, const Bindings& bindings) const {
  if (llvm::all_of(expression.operands, is_text_constant)) {
    std::string text;
    for (const Expression& part : expression.operands)
      text += part.constant.text;
    return "zerver::String(" + string_literal(text) + ")";
  }
  std::vector<std::string> parts;
  for (const Expression& part : expression.operands) {
    if (is_text_constant(part)) {
      if (!part.constant.text.empty()) parts.push_back(string_literal(part.constant.text));
    } else if (expression.kind == ExpressionKind::kUrl) {
      parts.push_back("zerver::flow::url_encode(exchange.arena(), " + value(part, bindings) + ")");
    } else {
      parts.push_back(value(part, bindings));
    }
  }
  return "zerver::flow::concat(exchange.arena(), {" + llvm::join(parts, ", ") + "})";
}

std::string ExpressionWriter::structure(const Expression& expression, const Bindings& bindings) const {
  const model::StructId id = expression.structure.is_valid()
                                 ? expression.structure
                                 : model::StructId(type_of(expression.type).declaration);
  const model::Struct& structure = program_->structs[id];
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < structure.fields.size() && i < expression.operands.size(); ++i) {
    const model::Field& field = structure.fields[i];
    const Expression& operand = expression.operands[i];
    std::string initial = "{}";
    if (operand.kind != ExpressionKind::kError) {
      initial = value(operand, bindings);
    } else if (field.default_value) {
      initial = constant(*field.default_value, field.type);
    }
    fields.push_back("." + names_->field(id, i) + " = " + initial);
  }
  return type(expression.type) + "{" + llvm::join(fields, ", ") + "}";
}

std::string ExpressionWriter::list(const Expression& expression, const Bindings& bindings) const {
  std::vector<std::string> items;
  for (const Expression& item : expression.operands)
    items.push_back(value(item, bindings));
  return "zerver::flow::make_list<" + type(type_of(expression.type).element) + ">(exchange.arena(), {" +
         llvm::join(items, ", ") + "})";
}

std::string ExpressionWriter::map(const Expression& expression, const Bindings& bindings) const {
  std::vector<std::string> entries;
  for (std::size_t i = 0; i < expression.operands.size(); ++i)
    entries.push_back("{zerver::String(" + string_literal(expression.names[i]) + "), " +
                      value(expression.operands[i], bindings) + "}");
  return "zerver::flow::make_map<" + type(type_of(expression.type).element) + ">(exchange.arena(), {" +
         llvm::join(entries, ", ") + "})";
}

void ExpressionWriter::append_json(const Expression& expression, const Bindings& bindings,
                                   Lines& lines) const {
  if (expression.kind == ExpressionKind::kObject) {
    const std::size_t begin = lines.size();
    lines.emplace_back();
    std::size_t always = 0;
    std::string size;
    for (std::size_t i = 0; i < expression.operands.size(); ++i) {
      const Expression& field = expression.operands[i];
      const std::string key = "json.key(" + string_literal(json_key(expression.names[i])) + ");";
      const std::string presence =
          field.kind == ExpressionKind::kSlot ? bindings.presence.lookup(field.slot) : std::string();
      if (is_optional(field.type) && !presence.empty() && !is_optional(program_->slots[field.slot].type)) {
        size += ", " + presence;
        lines.insert(lines.end(), {"if (" + presence + ") {", key,
                                   "write_json(json, " + bindings.slots.lookup(field.slot) + ");", "}"});
      } else {
        ++always;
        lines.push_back(key);
        append_json(field, bindings, lines);
      }
    }
    lines[begin] = "json.begin_object(" + std::to_string(always) + size + ");";
    lines.push_back("json.end_object();");
  } else if (expression.kind == ExpressionKind::kList &&
             type_of(type_of(expression.type).element).kind == TypeKind::kObject) {
    lines.push_back("json.begin_array(" + std::to_string(expression.operands.size()) + ");");
    for (const Expression& item : expression.operands) {
      lines.push_back("json.element();");
      append_json(item, bindings, lines);
    }
    lines.push_back("json.end_array();");
  } else if (is_text_constant(expression)) {
    lines.push_back("json.string(" + string_literal(expression.constant.text) + ");");
  } else if (expression.kind == ExpressionKind::kConstant &&
             expression.constant.kind == model::Constant::Kind::kNull) {
    lines.push_back("json.null();");
  } else {
    lines.push_back("write_json(json, " + value(expression, bindings) + ");");
  }
}

std::string ExpressionWriter::statement_text(const model::EffectCall& call, const Expression& statement) {
  std::uint32_t count = 0;
  const auto placeholder = [&] { return llvm::is_contained(call.digits, count++) ? "?/*digits*/" : "?"; };
  std::string text;
  if (call.bulk) {
    for (std::size_t column = 0; column < call.bulk->cells.size(); ++column)
      text += (column == 0 ? std::string() : ", ") + placeholder();
    return "insert into " + call.bulk->into + " values (" + text + ")";
  }
  for (const Expression& part : statement.operands)
    text += is_text_constant(part) ? with_doubled_operators(part.constant.text) : placeholder();
  return text;
}

std::vector<std::string> ExpressionWriter::statement_values(const Expression& statement,
                                                            const Bindings& bindings) const {
  std::vector<std::string> result;
  for (const Expression& part : statement.operands) {
    if (is_text_constant(part)) continue;
    const model::Type& written = program_->types[part.type];
    const model::Type& type =
        written.kind == model::TypeKind::kOptional ? program_->types[written.element] : written;
    const bool is_list = type.kind == model::TypeKind::kList;
    const std::string function =
        is_list ? "zerver::flow::list_value(exchange, " : "zerver::flow::to_value(exchange.arena(), ";
    result.push_back(function + value(part, bindings) + ")");
  }
  return result;
}

}  // namespace zc::plan
