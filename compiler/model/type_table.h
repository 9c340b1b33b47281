// Makes types, each once, and says how they are written.

#pragma once

#include "compiler/model/program.h"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace zc::model {

// Interns into the `types` of one program, whose first type is `kError`.
class TypeTable {
 public:
  explicit TypeTable(IdVector<TypeId, Type>& types);

  [[nodiscard]] const Type& operator[](TypeId id) const { return (*types_)[id]; }
  [[nodiscard]] TypeKind kind(TypeId id) const { return (*types_)[id].kind; }

  TypeId simple(TypeKind kind) { return make(kind, 0, TypeId()); }
  TypeId error() { return simple(TypeKind::kError); }
  TypeId scalar(ScalarId id) { return make(TypeKind::kScalar, id.raw(), TypeId()); }
  TypeId structure(StructId id) { return make(TypeKind::kStruct, id.raw(), TypeId()); }
  TypeId enumeration(EnumId id) { return make(TypeKind::kEnum, id.raw(), TypeId()); }
  TypeId external(ExternId id) { return make(TypeKind::kExtern, id.raw(), TypeId()); }
  TypeId variable(std::uint32_t index) { return make(TypeKind::kVariable, index, TypeId()); }
  // Optional of an optional, or of an error, is itself.
  TypeId optional(TypeId element);
  TypeId list(TypeId element) { return make(TypeKind::kList, 0, element); }
  TypeId map(TypeId element) { return make(TypeKind::kMap, 0, element); }
  TypeId stream(TypeId element) { return make(TypeKind::kStream, 0, element); }
  TypeId object(std::vector<ObjectField> fields);

  [[nodiscard]] bool is_optional(TypeId id) const { return kind(id) == TypeKind::kOptional; }
  // What is inside an optional; any other type itself.
  [[nodiscard]] TypeId strip_optional(TypeId id) const {
    return is_optional(id) ? (*types_)[id].element : id;
  }

 private:
  TypeId make(TypeKind kind, std::uint32_t declaration, TypeId element);

  IdVector<TypeId, Type>* types_;
  std::map<std::tuple<TypeKind, std::uint32_t, std::uint32_t>, TypeId> known_;
  std::map<std::vector<std::pair<std::string, std::uint32_t>>, TypeId> objects_;
};

// The name of a type that has one of its own: "bool", "decimal", ...; empty for the others.
[[nodiscard]] const char* builtin_name(TypeKind kind);

// As a user would write it, declarations without their package: "list<Todo>?".
[[nodiscard]] std::string type_text(const Program& program, TypeId type);

}  // namespace zc::model
