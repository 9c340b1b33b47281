// What is sent as Protocol Buffers: numbers, and how each is written.

#include "compiler/lock/make/entries.h"

#include <llvm/ADT/StringExtras.h>

#include <array>

namespace zc::lock {
namespace {

using model::TypeKind;
using model::WireForm;

// As `.proto` files call it; scalars are what they stand for, and what may be absent is written like the
// rest.
std::string wire_type(const model::Program& program, model::TypeId id, WireForm form) {
  // In the order of WireForm.
  using Names = std::array<const char*, 4>;
  const auto named = [&](const Names& names) -> std::string { return names[static_cast<std::size_t>(form)]; };
  const model::Type& type = program.types[id];
  switch (type.kind) {
    case TypeKind::kScalar:
      return wire_type(program, program.scalars[model::ScalarId(type.declaration)].base, form);
    case TypeKind::kOptional:
      return wire_type(program, type.element, form);
    case TypeKind::kList:
      return "list<" + wire_type(program, type.element, form) + ">";
    case TypeKind::kMap:
      return "map<string," + wire_type(program, type.element, form) + ">";
    case TypeKind::kStruct:
      return qualified_name(program, program.structs[model::StructId(type.declaration)].origin);
    case TypeKind::kEnum:
      return qualified_name(program, program.enums[model::EnumId(type.declaration)].origin);
    case TypeKind::kI32:
      return named({"int32", "sint32", "sfixed32", "int32"});
    case TypeKind::kI64:
      return named({"int64", "sint64", "sfixed64", "int64"});
    case TypeKind::kU32:
      return named({"uint32", "uint32", "fixed32", "uint32"});
    case TypeKind::kU64:
      return named({"uint64", "uint64", "fixed64", "uint64"});
    case TypeKind::kF64:
      return named({"double", "double", "double", "float"});
    case TypeKind::kBool:
      return "bool";
    case TypeKind::kBytes:
      return "bytes";
    case TypeKind::kTimestamp:
      return "google.protobuf.Timestamp";
    case TypeKind::kDuration:
      return "google.protobuf.Duration";
    default:
      return "string";
  }
}

Entry field_entry(const model::Program& program, const model::FieldNumber& number, model::TypeId type,
                  const std::string& name, Span span) {
  Entry entry;
  entry.kind = "field";
  entry.name = name;
  entry.span = span;
  entry.set("number", llvm::utostr(number.number));
  entry.set("type", wire_type(program, type, number.form));
  return entry;
}

Entry message_entry(const model::Program& program, const model::Struct& structure) {
  Entry entry = declared(program, "message", structure.origin);
  for (const model::Field& field : structure.fields) {
    if (!field.number) continue;
    Entry member = field_entry(program, *field.number, field.type, field.origin.name, field.origin.span);
    if (field.origin.was) member.was = field.origin.was->name;
    entry.members.push_back(std::move(member));
  }
  return entry;
}

Entry message_entry(const model::Program& program, const model::Enum& enumeration) {
  Entry entry = declared(program, "message", enumeration.origin);
  for (const model::Enumerator& value : enumeration.values) {
    if (!value.number) continue;
    Entry member;
    member.kind = "field";
    member.name = value.origin.name;
    member.span = value.origin.span;
    if (value.origin.was) member.was = value.origin.was->name;
    member.set("number", llvm::utostr(*value.number));
    entry.members.push_back(std::move(member));
  }
  return entry;
}

}  // namespace

void append_messages(const model::Program& program, std::vector<Entry>& entries) {
  for (const model::Struct& structure : program.structs)
    if (structure.is_message) entries.push_back(message_entry(program, structure));
  for (const model::Enum& enumeration : program.enums)
    if (enumeration.has_numbers) entries.push_back(message_entry(program, enumeration));
  for (const model::Adapter& adapter : program.adapters) {
    for (const model::Operation& operation : adapter.operations) {
      if (operation.method.empty()) continue;
      Entry entry = declared(program, "message", operation.origin);
      entry.name = qualified_name(program, adapter.origin) + "." + operation.origin.name;
      for (const model::OperationParameter& parameter : operation.parameters)
        if (parameter.number)
          entry.members.push_back(
              field_entry(program, *parameter.number, parameter.type, parameter.name, parameter.span));
      if (!entry.members.empty()) entries.push_back(std::move(entry));
    }
  }
}

}  // namespace zc::lock
