// Values of number literals.

#pragma once

#include "compiler/syntax/expressions.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>

namespace zc::syntax {

enum class NumberProblem : std::uint8_t { kNone, kMalformed, kUnknownUnit, kOutOfRange, kNotWhole };

struct Number {
  LiteralKind kind = LiteralKind::kInteger;
  std::uint64_t value = 0;  // as in LiteralExpr
  NumberProblem problem = NumberProblem::kNone;
  llvm::StringRef unit;
};

// `text` as the grammar's NUMBER: digits with `_`, perhaps a fraction, perhaps a unit.
[[nodiscard]] Number read_number(llvm::StringRef text);

// All units, for hints.
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> unit_names();

}  // namespace zc::syntax
