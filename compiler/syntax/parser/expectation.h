// Words for what the grammar expects.

#pragma once

#include <antlr4-runtime.h>

#include <cstddef>
#include <string>

namespace zc::syntax {

[[nodiscard]] inline bool contains(const antlr4::misc::IntervalSet& set, std::size_t type) {
  return set.contains(type);
}

// "`;`", "a name", "an expression or `}`": sets of tokens that mean one thing get one word.
[[nodiscard]] std::string describe_expected(const antlr4::misc::IntervalSet& expected);

// "`x`", "a string", "the end of the declaration"
[[nodiscard]] std::string describe_found(const antlr4::Token& token);

// The keyword or punctuation of a token type without quotes; empty for types with many spellings.
[[nodiscard]] std::string spelling_of(std::size_t type);

}  // namespace zc::syntax
