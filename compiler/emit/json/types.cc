// Types, errors and slots as JSON.

#include "compiler/emit/json/writer.h"
#include "compiler/model/dump/dump_expression.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::emit {
namespace {

constexpr std::pair<model::Kind, const char*> kKinds[] = {
    {model::kInvalid, "invalid"},   {model::kMissing, "missing"},         {model::kConflict, "conflict"},
    {model::kRejected, "rejected"}, {model::kUnavailable, "unavailable"}, {model::kTimeout, "timeout"}};

}  // namespace

JsonWriter::Object JsonWriter::origin(const model::Origin& of) const {
  Object result{{"name", of.name}};
  if (!of.doc.empty()) result["doc"] = of.doc;
  if (of.was) result["was"] = of.was->name;
  if (of.deprecated) result["deprecated"] = *of.deprecated;
  return result;
}

JsonWriter::Array JsonWriter::labels(model::Labels labels) const {
  Array result;
  if ((labels & model::kPii) != 0) result.push_back("pii");
  if ((labels & model::kSecret) != 0) result.push_back("secret");
  return result;
}

JsonWriter::Array JsonWriter::kinds(model::Kinds kinds) const {
  Array result;
  for (const auto& [kind, name] : kKinds) {
    if ((kinds & kind) != 0) result.push_back(name);
  }
  return result;
}

std::string JsonWriter::constant(const model::Constant& value, model::TypeId type) const {
  std::string text;
  llvm::raw_string_ostream out(text);
  model::dump(program_, value, type, out);
  return text;
}

void JsonWriter::add_traits(const model::Traits& traits, model::TypeId type, Object& object) const {
  if (traits.length) {
    Object length;
    if (traits.length->least) length["least"] = json_integer(*traits.length->least);
    if (traits.length->most) length["most"] = json_integer(*traits.length->most);
    object["length"] = std::move(length);
  }
  if (traits.range) {
    Object range;
    if (traits.range->least) range["least"] = constant(*traits.range->least, type);
    if (traits.range->most) range["most"] = constant(*traits.range->most, type);
    object["range"] = std::move(range);
  }
  if (traits.pattern) object["pattern"] = *traits.pattern;
  if (traits.labels != model::kNoLabel) object["labels"] = labels(traits.labels);
}

JsonWriter::Object JsonWriter::scalar(const model::Scalar& each) const {
  Object result = origin(each.origin);
  result["base"] = type(each.base);
  add_traits(each.traits, each.base, result);
  return result;
}

JsonWriter::Object JsonWriter::enumeration(const model::Enum& each) const {
  Object result = origin(each.origin);
  Array values;
  for (const model::Enumerator& value : each.values) {
    Object entry = origin(value.origin);
    entry["json"] = value.json_name;
    if (value.number) entry["number"] = *value.number;
    values.push_back(std::move(entry));
  }
  result["values"] = std::move(values);
  return result;
}

JsonWriter::Array JsonWriter::fields(const std::vector<model::Field>& all) const {
  Array result;
  for (const model::Field& field : all) {
    Object entry = origin(field.origin);
    entry["json"] = field.json_name;
    entry["type"] = type(field.type);
    entry["required"] = program_.types[field.type].kind != model::TypeKind::kOptional && !field.default_value;
    if (field.default_value) entry["default"] = constant(*field.default_value, field.type);
    add_traits(field.traits, field.type, entry);
    if (field.number) entry["number"] = field.number->number;
    result.push_back(std::move(entry));
  }
  return result;
}

JsonWriter::Object JsonWriter::structure(const model::Struct& each) const {
  Object result = origin(each.origin);
  result["fields"] = fields(each.fields);
  return result;
}

JsonWriter::Object JsonWriter::foreign(const model::ExternType& each) const {
  Object result = origin(each.origin);
  result["cpp"] = each.cpp_name;
  result["header"] = each.header;
  result["opaque"] = each.opaque;
  return result;
}

JsonWriter::Object JsonWriter::error(const model::ErrorType& each) const {
  Object result = origin(each.origin);
  result["fields"] = fields(each.fields);
  result["kinds"] = kinds(each.kinds);
  result["retryable"] = each.retryable;
  if (each.http_status) result["status"] = *each.http_status;
  return result;
}

JsonWriter::Object JsonWriter::slot(const model::Slot& each) const {
  Object result = origin(each.origin);
  result["type"] = type(each.type);
  result["private"] = each.is_private;
  if (each.labels != model::kNoLabel) result["labels"] = labels(each.labels);
  return result;
}

}  // namespace zc::emit
