// What functions of SQL answer.

#pragma once

#include "compiler/sql/types.h"

#include <llvm/ADT/StringRef.h>

#include <cstdint>

namespace zc::sql {

struct Function {
  enum class Null : std::uint8_t {
    kNever,
    kStrict,   // when an argument is
    kUnknown,  // depends on values
    kEmpty,    // an aggregate: when there is no row, or an argument is
  };
  llvm::StringLiteral name;
  Type type;
  Null null;
  bool has_type_of_argument = false;
  bool is_aggregate = false;
};

// By its name in lower case and its number of arguments; null when nothing is known of it.
[[nodiscard]] const Function* find_function(llvm::StringRef name, std::size_t arguments);

}  // namespace zc::sql
