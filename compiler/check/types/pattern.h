// Checks the regular expressions of `@pattern`.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <optional>
#include <string>

namespace zc::check {

struct PatternError {
  std::size_t offset = 0;  // in the pattern
  std::string message;
};

// What keeps `pattern` from being a regular expression in RE2's syntax
// (https://github.com/google/re2/wiki/Syntax, without `\C`, `\pN` classes and flags): no backtracking
// constructs, so matching is linear in the text.
[[nodiscard]] std::optional<PatternError> check_pattern(llvm::StringRef pattern);

}  // namespace zc::check
