// Interning and naming of types.

#include "compiler/model/type_table.h"

namespace zc::model {

TypeTable::TypeTable(IdVector<TypeId, Type>& types) : types_(&types) { simple(TypeKind::kError); }

TypeId TypeTable::make(TypeKind kind, std::uint32_t declaration, TypeId element) {
  auto [entry, is_new] = known_.try_emplace({kind, declaration, element.raw()});
  if (is_new) {
    Type type;
    type.kind = kind;
    type.declaration = declaration;
    type.element = element;
    entry->second = types_->push_back(std::move(type));
  }
  return entry->second;
}

TypeId TypeTable::optional(TypeId element) {
  if (is_optional(element) || kind(element) == TypeKind::kError) return element;
  return make(TypeKind::kOptional, 0, element);
}

TypeId TypeTable::object(std::vector<ObjectField> fields) {
  std::vector<std::pair<std::string, std::uint32_t>> key;
  key.reserve(fields.size());
  for (const ObjectField& field : fields)
    key.emplace_back(field.name, field.type.raw());
  auto [entry, is_new] = objects_.try_emplace(std::move(key));
  if (is_new) {
    Type type;
    type.kind = TypeKind::kObject;
    type.fields = std::move(fields);
    entry->second = types_->push_back(std::move(type));
  }
  return entry->second;
}

const char* builtin_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return "bool";
    case TypeKind::kI32:
      return "i32";
    case TypeKind::kI64:
      return "i64";
    case TypeKind::kU32:
      return "u32";
    case TypeKind::kU64:
      return "u64";
    case TypeKind::kF64:
      return "f64";
    case TypeKind::kDecimal:
      return "decimal";
    case TypeKind::kString:
      return "string";
    case TypeKind::kBytes:
      return "bytes";
    case TypeKind::kUuid:
      return "uuid";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kDuration:
      return "duration";
    case TypeKind::kJson:
      return "json";
    case TypeKind::kStatement:
      return "statement";
    case TypeKind::kUrl:
      return "url";
    case TypeKind::kVoid:
      return "nothing";
    case TypeKind::kNull:
      return "null";
    case TypeKind::kError:
      return "unknown";
    case TypeKind::kScalar:
    case TypeKind::kStruct:
    case TypeKind::kEnum:
    case TypeKind::kExtern:
    case TypeKind::kOptional:
    case TypeKind::kList:
    case TypeKind::kMap:
    case TypeKind::kStream:
    case TypeKind::kObject:
    case TypeKind::kVariable:
      return "";
  }
  return "";
}

std::string type_text(const Program& program, TypeId id) {
  if (!id.is_valid()) return "unknown";
  const Type& type = program.types[id];
  switch (type.kind) {
    case TypeKind::kScalar:
      return program.scalars[ScalarId(type.declaration)].origin.name;
    case TypeKind::kStruct:
      return program.structs[StructId(type.declaration)].origin.name;
    case TypeKind::kEnum:
      return program.enums[EnumId(type.declaration)].origin.name;
    case TypeKind::kExtern:
      return program.externs[ExternId(type.declaration)].origin.name;
    case TypeKind::kOptional:
      return type_text(program, type.element) + "?";
    case TypeKind::kList:
      return "list<" + type_text(program, type.element) + ">";
    case TypeKind::kMap:
      return "map<string, " + type_text(program, type.element) + ">";
    case TypeKind::kStream:
      return "stream<" + type_text(program, type.element) + ">";
    case TypeKind::kVariable:
      return "T" + std::to_string(type.declaration);
    case TypeKind::kObject: {
      std::string text = "{";
      for (const ObjectField& field : type.fields) {
        text += (text.size() > 1 ? ", " : " ") + field.name + ": " + type_text(program, field.type);
      }
      return text + (type.fields.empty() ? "}" : " }");
    }
    default:
      return builtin_name(type.kind);
  }
}

}  // namespace zc::model
