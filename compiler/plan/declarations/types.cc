// Value types and errors as C++ declarations.

#include "compiler/plan/build.h"
#include "compiler/plan/expressions/constant_json.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <functional>
#include <vector>

namespace zc::plan {
namespace {

using model::TypeKind;

template <typename Id>
TypePlan type_plan(TypePlan::Kind kind, const Builder& builder, const model::Origin& origin, Id id) {
  TypePlan result;
  result.kind = kind;
  result.name = builder.names.name(id);
  result.spelled = builder.names.spelled(id, origin.package, origin.package);
  result.flow_name = builder.flow_name(origin);
  result.doc = lines_of(origin.doc);
  result.is_deprecated = origin.deprecated.has_value();
  if (origin.deprecated) result.deprecated = string_literal(*origin.deprecated);
  return result;
}

FieldPlan field_plan(Builder& builder, const model::Field& field, const std::string& name) {
  FieldPlan result;
  result.name = name;
  result.type = builder.writer.type(field.type);
  result.doc = lines_of(field.origin.doc);
  result.is_deprecated = field.origin.deprecated.has_value();
  if (field.origin.deprecated) result.deprecated = string_literal(*field.origin.deprecated);
  builder.require(field.type, builder.header_packages);
  const model::Type& type = builder.program.types[field.type];
  if (field.default_value && field.default_value->kind != model::Constant::Kind::kNull) {
    result.initializer = " = " + builder.writer.constant(*field.default_value, field.type);
  } else if (type.kind == TypeKind::kBool) {
    result.initializer = " = false";
  } else if (type.kind == TypeKind::kI32 || type.kind == TypeKind::kI64 || type.kind == TypeKind::kU32 ||
             type.kind == TypeKind::kU64 || type.kind == TypeKind::kF64) {
    result.initializer = " = 0";
  } else {
    result.initializer = "{}";  // so that a designated initialiser may leave the field out
  }
  return result;
}

// Whether values of the type fit into one column of a row.
bool is_column(const model::Program& program, model::TypeId id) {
  const model::Type& type = program.types[id];
  switch (type.kind) {
    case TypeKind::kOptional:
      return program.types[type.element].kind != TypeKind::kOptional && is_column(program, type.element);
    case TypeKind::kList:
      return program.types[type.element].kind != TypeKind::kList && is_column(program, type.element);
    case TypeKind::kStruct:
    case TypeKind::kExtern:
    case TypeKind::kMap:
    case TypeKind::kObject:
    case TypeKind::kError:
      return false;
    default:
      return true;
  }
}

bool is_opaque(const model::Program& program, model::TypeId id) {
  const model::Type& type = program.types[id];
  if (type.kind == TypeKind::kExtern) return program.externs[model::ExternId(type.declaration)].opaque;
  return type.element.is_valid() && is_opaque(program, type.element);
}

// Types that are not ours may have no comparison.
bool holds_extern(const model::Program& program, model::TypeId id, llvm::DenseSet<model::StructId>& visited) {
  const model::Type& type = program.types[id];
  if (type.kind == TypeKind::kExtern) return true;
  if (type.kind == TypeKind::kStruct) {
    const model::StructId structure(type.declaration);
    if (!visited.insert(structure).second) return false;
    return llvm::any_of(program.structs[structure].fields, [&](const model::Field& field) {
      return holds_extern(program, field.type, visited);
    });
  }
  return type.element.is_valid() && holds_extern(program, type.element, visited);
}

bool has_equality(const model::Program& program, const std::vector<model::Field>& fields) {
  llvm::DenseSet<model::StructId> visited;
  return llvm::none_of(fields,
                       [&](const model::Field& field) { return holds_extern(program, field.type, visited); });
}

bool is_ordered(const model::Program& program, model::TypeId id) {
  switch (program.types[id].kind) {
    case TypeKind::kBytes:
    case TypeKind::kJson:
    case TypeKind::kStruct:
    case TypeKind::kExtern:
    case TypeKind::kList:
    case TypeKind::kMap:
      return false;
    default:
      return true;
  }
}

TypePlan plan_scalar(Builder& builder, model::ScalarId id) {
  const model::Scalar& scalar = builder.program.scalars[id];
  TypePlan result = type_plan(TypePlan::Kind::kScalar, builder, scalar.origin, id);
  builder.require(scalar.base, builder.header_packages);
  result.scalar.base = builder.writer.type(scalar.base);
  result.scalar.is_ordered = is_ordered(builder.program, scalar.base);
  result.scalar.checks = violations(builder, scalar.traits, scalar.base, "value.value", snake(result.name));
  return result;
}

TypePlan plan_enum(Builder& builder, model::EnumId id) {
  const model::Enum& enumeration = builder.program.enums[id];
  TypePlan result = type_plan(TypePlan::Kind::kEnum, builder, enumeration.origin, id);
  for (std::size_t i = 0; i < enumeration.values.size(); ++i)
    result.values.push_back({builder.names.enumerator(id, i), string_literal(enumeration.values[i].json_name),
                             lines_of(enumeration.values[i].origin.doc)});
  result.has_protobuf = enumeration.has_numbers;
  for (std::size_t i = 0; result.has_protobuf && i < enumeration.values.size(); ++i)
    result.values[i].number = std::to_string(enumeration.values[i].number.value_or(0));
  return result;
}

TypePlan plan_struct(Builder& builder, model::StructId id) {
  const model::Struct& structure = builder.program.structs[id];
  TypePlan result = type_plan(TypePlan::Kind::kStruct, builder, structure.origin, id);
  result.has_json = true;
  result.has_equality = has_equality(builder.program, structure.fields);
  result.has_row = !structure.fields.empty();
  result.has_protobuf = structure.is_message;
  for (std::size_t i = 0; i < structure.fields.size(); ++i) {
    const model::Field& field = structure.fields[i];
    const std::string& name = builder.names.field(id, i);
    result.fields.push_back(field_plan(builder, field, name));
    const bool is_optional = builder.program.types[field.type].kind == TypeKind::kOptional;
    CodecFieldPlan codec{name,
                         string_literal(field.json_name),
                         string_literal(json_key(field.json_name)),
                         string_literal(field.origin.name),
                         !is_optional && !field.default_value,
                         is_optional,
                         {}};
    codec.checks =
        violations(builder, field.traits, field.type, "out." + name, snake(result.name) + "_" + name);
    result.codec.push_back(std::move(codec));
    if (field.number) {
      result.message.push_back(message_field(builder.program, *field.number, field.type, name));
      result.codec.back().number = result.message.back().number;
    }
    result.has_json = result.has_json && !is_opaque(builder.program, field.type);
    result.has_row = result.has_row && is_column(builder.program, field.type);
  }
  return result;
}

TypePlan plan_error(Builder& builder, model::ErrorId id) {
  const model::ErrorType& error = builder.program.errors[id];
  TypePlan result = type_plan(TypePlan::Kind::kError, builder, error.origin, id);
  result.has_equality = has_equality(builder.program, error.fields);
  for (std::size_t i = 0; i < error.fields.size(); ++i) {
    result.fields.push_back(field_plan(builder, error.fields[i], builder.names.field(id, i)));
  }
  return result;
}

// Own structs that values of the type hold.
void append_structs(const model::Program& program, model::TypeId id, std::vector<model::StructId>& out) {
  const model::Type& type = program.types[id];
  if (type.kind == TypeKind::kStruct) out.emplace_back(type.declaration);
  if (type.element.is_valid()) append_structs(program, type.element, out);
}

struct StructOrder {
  std::vector<model::StructId> structs;
  llvm::DenseSet<model::StructId> ahead;  // used in lists and maps of one that comes before it
};

// Those a struct holds come before it; else the order of the source.
StructOrder ordered_structs(const Builder& builder) {
  StructOrder result;
  llvm::DenseSet<model::StructId> visited, done;
  const std::function<void(model::StructId)> visit = [&](model::StructId id) {
    const model::Struct& structure = builder.program.structs[id];
    if (!builder.is_own(structure.origin)) return;
    if (!visited.insert(id).second) {
      if (!done.contains(id)) result.ahead.insert(id);
      return;
    }
    std::vector<model::StructId> held;
    for (const model::Field& field : structure.fields)
      append_structs(builder.program, field.type, held);
    std::erase(held, id);  // a struct knows its own name
    llvm::for_each(held, visit);
    done.insert(id);
    result.structs.push_back(id);
  };
  for (std::size_t i = 0; i < builder.program.structs.size(); ++i)
    visit(model::StructId(i));
  return result;
}

}  // namespace

Lines lines_of(llvm::StringRef doc) {
  Lines result;
  if (doc.trim().empty()) return result;
  llvm::SmallVector<llvm::StringRef> lines;
  doc.rtrim().split(lines, '\n');
  for (const llvm::StringRef line : lines)
    result.push_back(line.rtrim().str());
  return result;
}

std::string Builder::written_name(const model::Origin& origin) const {
  if (is_own(origin)) return origin.name;
  const llvm::StringRef name = program.packages[origin.package].name;
  const std::size_t dot = name.rfind('.');
  return (dot == llvm::StringRef::npos ? name : name.drop_front(dot + 1)).str() + "." + origin.name;
}

void Builder::require(model::TypeId id, llvm::SetVector<model::PackageId>& packages) const {
  const model::Type& type = program.types[id];
  switch (type.kind) {
    case TypeKind::kScalar:
      packages.insert(program.scalars[model::ScalarId(type.declaration)].origin.package);
      break;
    case TypeKind::kStruct:
      packages.insert(program.structs[model::StructId(type.declaration)].origin.package);
      break;
    case TypeKind::kEnum:
      packages.insert(program.enums[model::EnumId(type.declaration)].origin.package);
      break;
    case TypeKind::kExtern:
      packages.insert(program.externs[model::ExternId(type.declaration)].origin.package);
      break;
    default:
      break;
  }
  if (type.element.is_valid()) require(type.element, packages);
}

void plan_types(Builder& builder) {
  const model::Program& program = builder.program;
  std::vector<TypePlan>& types = builder.plan.types;
  for (std::size_t i = 0; i < program.scalars.size(); ++i)
    if (builder.is_own(program.scalars[model::ScalarId(i)].origin))
      types.push_back(plan_scalar(builder, model::ScalarId(i)));
  for (std::size_t i = 0; i < program.enums.size(); ++i)
    if (builder.is_own(program.enums[model::EnumId(i)].origin))
      types.push_back(plan_enum(builder, model::EnumId(i)));
  const StructOrder order = ordered_structs(builder);
  for (const model::StructId id : order.structs) {
    types.push_back(plan_struct(builder, id));
    types.back().is_used_ahead = order.ahead.contains(id);
  }
  for (std::size_t i = 0; i < program.errors.size(); ++i)
    if (builder.is_own(program.errors[model::ErrorId(i)].origin))
      types.push_back(plan_error(builder, model::ErrorId(i)));
}

}  // namespace zc::plan
