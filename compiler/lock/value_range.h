// Ranges of `@length` and `@range` as a lock file writes them: `1..200`, `0..`, `..10`.

#pragma once

#include <llvm/ADT/APFloat.h>
#include <llvm/ADT/StringRef.h>

#include <optional>

namespace zc::lock {

// Both bounds are included. A number has up to 113 bits: every integer of the language, and decimals of 34
// digits, are exact.
struct ValueRange {
  std::optional<llvm::APFloat> least, most;
};

[[nodiscard]] std::optional<ValueRange> parse_range(llvm::StringRef text);

// Whether every value of `inner` is one of `outer`.
[[nodiscard]] bool is_within(const ValueRange& inner, const ValueRange& outer);

}  // namespace zc::lock
