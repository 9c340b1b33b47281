// Types, errors and values as entries.

#include "compiler/lock/make/entries.h"
#include "compiler/lock/type_text.h"
#include "compiler/model/type_table.h"

#include <llvm/ADT/StringExtras.h>

#include <array>
#include <charconv>

namespace zc::lock {
namespace {

using model::TypeKind;

std::string number(double value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end.ptr};
}

// The type below optionals and scalars.
model::TypeId base_of(const model::Program& program, model::TypeId type) {
  while (program.types[type].kind == TypeKind::kOptional || program.types[type].kind == TypeKind::kScalar) {
    const model::Type& outer = program.types[type];
    type = outer.kind == TypeKind::kOptional ? outer.element
                                             : program.scalars[model::ScalarId(outer.declaration)].base;
  }
  return type;
}

}  // namespace

std::string qualified_name(const model::Program& program, const model::Origin& origin) {
  return program.packages[origin.package].name + "." + origin.name;
}

std::string local_name(const model::Program& program, const model::Origin& origin, model::PackageId package) {
  return origin.package == package ? origin.name : qualified_name(program, origin);
}

Entry declared(const model::Program& program, std::string kind, const model::Origin& origin) {
  Entry entry;
  entry.kind = std::move(kind);
  entry.name = qualified_name(program, origin);
  entry.span = origin.span;
  if (origin.was) {
    entry.was = program.packages[origin.package].name + "." + origin.was->name;
    entry.was_span = origin.was->span;
  }
  return entry;
}

std::string constant_text(const model::Program& program, model::TypeId type,
                          const model::Constant& constant) {
  switch (constant.kind) {
    case model::Constant::Kind::kNull:
      return "null";
    case model::Constant::Kind::kBool:
      return constant.boolean ? "true" : "false";
    case model::Constant::Kind::kInteger:
      return (constant.negative ? "-" : "") + llvm::utostr(constant.integer);
    case model::Constant::Kind::kFloat:
      return constant.text.empty() ? number(constant.floating) : constant.text;
    case model::Constant::Kind::kString:
      return constant.text;
    case model::Constant::Kind::kDuration:
      return (constant.negative ? "-" : "") + llvm::utostr(constant.integer);
    case model::Constant::Kind::kEnumerator: {
      const model::Type& base = program.types[base_of(program, type)];
      if (base.kind != TypeKind::kEnum) return constant.text;
      return program.enums[model::EnumId(base.declaration)].values[constant.integer].json_name;
    }
    case model::Constant::Kind::kEmptyList:
      return "[]";
    case model::Constant::Kind::kEmptyMap:
      return "{}";
  }
  return {};
}

// `write` makes the text of the types inside.
template <typename Write>
std::string TypeEntries::compose(const model::Type& type, const Write& write) const {
  switch (type.kind) {
    case TypeKind::kScalar:
      return qualified_name(program_, program_.scalars[model::ScalarId(type.declaration)].origin);
    case TypeKind::kStruct:
      return qualified_name(program_, program_.structs[model::StructId(type.declaration)].origin);
    case TypeKind::kEnum:
      return qualified_name(program_, program_.enums[model::EnumId(type.declaration)].origin);
    case TypeKind::kExtern:
      return qualified_name(program_, program_.externs[model::ExternId(type.declaration)].origin);
    case TypeKind::kOptional:
      return write(type.element) + "?";
    case TypeKind::kList:
      return "list<" + write(type.element) + ">";
    case TypeKind::kMap:
      return "map<string," + write(type.element) + ">";
    case TypeKind::kStream:
      return "stream<" + write(type.element) + ">";
    case TypeKind::kObject: {
      std::string fields;
      for (const model::ObjectField& field : type.fields)
        fields += (fields.empty() ? "" : ",") + field_name_text(field.name) + ":" + write(field.type);
      return "{" + fields + "}";
    }
    default:
      return model::builtin_name(type.kind);
  }
}

std::string TypeEntries::text(model::TypeId id) {
  const model::Type& type = program_.types[id];
  const bool is_declared = type.kind == TypeKind::kScalar || type.kind == TypeKind::kStruct ||
                           type.kind == TypeKind::kEnum || type.kind == TypeKind::kExtern;
  if (is_declared && seen_.insert({type.kind, type.declaration}).second) waiting_.push_back(id);
  return compose(type, [this](model::TypeId inner) { return text(inner); });
}

std::string TypeEntries::private_text(model::TypeId id) const {
  return compose(program_.types[id], [this](model::TypeId inner) { return private_text(inner); });
}

void TypeEntries::set_type(Entry& entry, model::TypeId type, bool is_optional) {
  const bool may_lack = program_.types[type].kind == TypeKind::kOptional;
  entry.set("type", text(may_lack ? program_.types[type].element : type));
  if (may_lack || is_optional) entry.set("optional");
}

void TypeEntries::set_traits(Entry& entry, const model::Traits& traits, model::TypeId type) {
  const auto bound = [&](const auto& value, const auto& write) {
    return value ? write(*value) : std::string();
  };
  if (traits.length) {
    const auto write = [](std::uint64_t count) { return llvm::utostr(count); };
    entry.set("length", bound(traits.length->least, write) + ".." + bound(traits.length->most, write));
  }
  if (traits.range) {
    const auto write = [&](const model::Constant& each) { return constant_text(program_, type, each); };
    entry.set("range", bound(traits.range->least, write) + ".." + bound(traits.range->most, write));
  }
  if (traits.pattern) entry.set("pattern", *traits.pattern);
}

Entry TypeEntries::field(const model::Field& field) {
  Entry entry;
  entry.kind = "field";
  entry.name = field.origin.name;
  entry.span = field.origin.span;
  if (field.origin.was) {
    entry.was = field.origin.was->name;
    entry.was_span = field.origin.was->span;
  }
  set_type(entry, field.type);
  if (field.json_name != field.origin.name) entry.set("json", field.json_name);
  if (field.default_value) entry.set("default", constant_text(program_, field.type, *field.default_value));
  set_traits(entry, field.traits, field.type);
  return entry;
}

Entry TypeEntries::entry_of(const model::Type& type) {
  switch (type.kind) {
    case TypeKind::kScalar: {
      const model::Scalar& scalar = program_.scalars[model::ScalarId(type.declaration)];
      Entry entry = declared(program_, "scalar", scalar.origin);
      entry.set("type", text(scalar.base));
      set_traits(entry, scalar.traits, scalar.base);
      return entry;
    }
    case TypeKind::kEnum: {
      const model::Enum& enumeration = program_.enums[model::EnumId(type.declaration)];
      Entry entry = declared(program_, "enum", enumeration.origin);
      for (const model::Enumerator& value : enumeration.values) {
        Entry member;
        member.kind = "value";
        member.name = value.origin.name;
        member.span = value.origin.span;
        if (value.origin.was) {
          member.was = value.origin.was->name;
          member.was_span = value.origin.was->span;
        }
        if (value.json_name != value.origin.name) member.set("json", value.json_name);
        entry.members.push_back(std::move(member));
      }
      return entry;
    }
    case TypeKind::kExtern: {
      const model::ExternType& foreign = program_.externs[model::ExternId(type.declaration)];
      Entry entry = declared(program_, "extern", foreign.origin);
      entry.set("cpp", foreign.cpp_name);
      return entry;
    }
    default: {
      const model::Struct& structure = program_.structs[model::StructId(type.declaration)];
      Entry entry = declared(program_, "struct", structure.origin);
      for (const model::Field& each : structure.fields)
        entry.members.push_back(field(each));
      return entry;
    }
  }
}

void TypeEntries::append(std::vector<Entry>& entries) {
  for (const model::ErrorId id : errors_) {
    const model::ErrorType& error = program_.errors[id];
    Entry entry = declared(program_, "error", error.origin);
    if (error.http_status) entry.set("status", std::to_string(*error.http_status));
    for (const model::Field& each : error.fields)
      entry.members.push_back(field(each));
    entries.push_back(std::move(entry));
  }
  while (!waiting_.empty()) {
    const model::TypeId next = waiting_.back();
    waiting_.pop_back();
    entries.push_back(entry_of(program_.types[next]));
  }
}

}  // namespace zc::lock
