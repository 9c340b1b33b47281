// How much SQLite will have to look at: it writes views and common tables out wherever they are named, so
// that a few lines can stand for billions.

#pragma once

#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>

namespace zc::sql {

class Expansion {
 public:
  static constexpr std::uint64_t kMax = 2'000;       // queries that one statement may stand for
  static constexpr std::uint64_t kMaxAll = 100'000;  // and all views of a schema

  // The number of queries that a statement stands for, `kMax + 1` when there are more.
  [[nodiscard]] std::uint64_t of(llvm::StringRef text, llvm::ArrayRef<Token> tokens) const;

  // Makes the view of a `create view` known; false when it is, or all together are, too large. Other
  // statements are none.
  [[nodiscard]] bool declare(llvm::StringRef text, llvm::ArrayRef<Token> tokens);

 private:
  llvm::StringMap<std::uint64_t> views_;  // by name in lower case
  std::uint64_t all_ = 0;
};

}  // namespace zc::sql
