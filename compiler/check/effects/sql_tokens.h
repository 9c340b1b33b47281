// The tokens of a SQL statement with its parameters.

#pragma once

#include "compiler/model/expression.h"

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::check {

struct SqlToken {
  enum class Kind : std::uint8_t {
    kWord,       // lower case
    kQuoted,     // a name in quotes, lower case, without them: never a keyword
    kLiteral,    // a number or string as it is written
    kParameter,  // `parameter`
    kSymbol,     // one character, or a comparison of several
  };
  Kind kind = Kind::kSymbol;
  std::string text;
  const model::Expression* parameter = nullptr;
  std::uint32_t depth = 0;  // of parentheses; a parenthesis itself has the depth outside of it

  [[nodiscard]] bool is_word(llvm::StringRef word) const { return kind == Kind::kWord && text == word; }
  [[nodiscard]] bool is_symbol(llvm::StringRef symbol) const {
    return kind == Kind::kSymbol && text == symbol;
  }
  [[nodiscard]] bool is_name() const { return kind == Kind::kWord || kind == Kind::kQuoted; }
  [[nodiscard]] bool is_value() const { return kind == Kind::kLiteral || kind == Kind::kParameter; }
};

// Comments and casts (`::type`) are left out.
[[nodiscard]] std::vector<SqlToken> sql_tokens(const model::Expression& statement);

}  // namespace zc::check
