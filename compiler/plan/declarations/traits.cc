// The traits @length, @range and @pattern as C++ conditions.

#include "compiler/plan/build.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/FormatVariadic.h>

namespace zc::plan {
namespace {

using model::TypeKind;

// As a client writes it: ISO 8601.
std::string spelled_duration(const model::Constant& constant) {
  const std::uint64_t seconds = constant.integer / 1'000'000'000, fraction = constant.integer % 1'000'000'000;
  std::string result = constant.negative ? "-PT" : "PT";
  if (seconds >= 3600) result += std::to_string(seconds / 3600) + "H";
  if (seconds / 60 % 60 != 0) result += std::to_string(seconds / 60 % 60) + "M";
  if (seconds % 60 != 0 || fraction != 0 || seconds == 0) {
    result += std::to_string(seconds % 60);
    if (fraction != 0) {
      const std::string digits = std::to_string(1'000'000'000 + fraction).substr(1);
      result += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
    }
    result += "S";
  }
  return result;
}

std::string spelled(const model::Constant& constant) {
  if (constant.kind == model::Constant::Kind::kDuration) return spelled_duration(constant);
  if (!constant.text.empty()) return constant.text;
  if (constant.kind == model::Constant::Kind::kFloat) return llvm::formatv("{0}", constant.floating).str();
  return (constant.negative ? "-" : "") + std::to_string(constant.integer);
}

std::string plural(std::uint64_t count, const std::string& unit) { return unit + (count == 1 ? "" : "s"); }

CheckPlan length_check(const model::LengthTrait& length, TypeKind kind, const std::string& value) {
  const bool is_text = kind == TypeKind::kString;
  const std::string unit = is_text ? "character" : kind == TypeKind::kBytes ? "byte" : "element";
  const std::string size = is_text ? "zerver::flow::code_points(" + value + ")" : value + ".size()";
  const std::string least = length.least ? std::to_string(*length.least) : "";
  const std::string most = length.most ? std::to_string(*length.most) : "";
  if (length.least && length.most) {
    const std::string condition =
        is_text              ? "!zerver::flow::has_length(" + value + ", " + least + ", " + most + ")"
        : *length.least == 0 ? size + " > " + most
                             : size + " < " + least + " || " + size + " > " + most;
    return {condition, *length.least == *length.most
                           ? "must have " + least + " " + plural(*length.most, unit)
                           : "must have " + least + " to " + most + " " + plural(*length.most, unit)};
  }
  if (length.least)
    return {size + " < " + least, "must have at least " + least + " " + plural(*length.least, unit)};
  return {size + " > " + most, "must have at most " + most + " " + plural(*length.most, unit)};
}

}  // namespace

std::vector<CheckPlan> violations(Builder& builder, const model::Traits& traits, model::TypeId id,
                                  const std::string& value, const std::string& name) {
  std::vector<CheckPlan> result;
  const model::Type& type = builder.program.types[id];
  if (type.kind == TypeKind::kOptional) {
    for (CheckPlan& check : violations(builder, traits, type.element, "*" + value, name)) {
      const bool is_disjunction = llvm::StringRef(check.condition).contains(" || ");
      result.push_back(
          {value + " && " + (is_disjunction ? "(" + check.condition + ")" : check.condition), check.why});
    }
    return result;
  }
  model::TypeId base = id;
  std::string inner = value;
  const std::string loose = llvm::StringRef(value).starts_with("*") ? "(" + value + ")" : value;
  while (builder.program.types[base].kind == TypeKind::kScalar) {
    base = builder.program.scalars[model::ScalarId(builder.program.types[base].declaration)].base;
    inner = loose + ".value";
  }
  const TypeKind kind = builder.program.types[base].kind;
  const std::string member = kind == TypeKind::kString ? inner : (inner == value ? loose : inner);
  if (traits.length && (traits.length->least || traits.length->most))
    result.push_back(length_check(*traits.length, kind, member));
  if (traits.range && (traits.range->least || traits.range->most)) {
    const model::RangeTrait& range = *traits.range;
    const bool is_unsigned = kind == TypeKind::kU32 || kind == TypeKind::kU64;
    std::vector<std::string> conditions;
    if (range.least && !(is_unsigned && range.least->integer == 0))
      conditions.push_back(inner + " < " + builder.writer.constant(*range.least, base));
    if (range.most) conditions.push_back(inner + " > " + builder.writer.constant(*range.most, base));
    std::string why = "must be ";
    if (range.least && range.most) why += "from " + spelled(*range.least) + " to " + spelled(*range.most);
    if (range.least && !range.most) why += "at least " + spelled(*range.least);
    if (!range.least) why += "at most " + spelled(*range.most);
    if (!conditions.empty()) result.push_back({llvm::join(conditions, " || "), why});
  }
  if (traits.pattern) {
    const std::string function = builder.source_scope.claim(name + "_pattern");
    builder.plan.patterns.push_back({function, string_literal(*traits.pattern)});
    result.push_back({"!" + function + "().matches(" + inner + ")", "must match " + *traits.pattern});
  }
  return result;
}

}  // namespace zc::plan
