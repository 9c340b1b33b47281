// What kind of value a column or an expression holds, whatever its database calls it.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstdint>

namespace zc::sql {

enum class Type : std::uint8_t {
  kUnknown,  // fits everything
  kBoolean,
  kInteger,
  kReal,
  kDecimal,
  kText,
  kBlob,
  kUuid,
  kTimestamp,
  kDate,
  kTime,
  kInterval,
  kJson,
};

// Whether a value may be NULL.
enum class Nullable : std::uint8_t { kNo, kYes, kUnknown };

// The type that a column is declared with: "varchar(20)", "BIGINT", "timestamp with time zone". Types that no
// rule is known for, and none at all, are `kUnknown`.
[[nodiscard]] Type type_of_declaration(llvm::StringRef declared);

[[nodiscard]] inline bool is_numeric(Type type) {
  return type == Type::kInteger || type == Type::kReal || type == Type::kDecimal;
}

}  // namespace zc::sql
