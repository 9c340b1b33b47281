// Finds the name that was probably meant.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <optional>

namespace zc::diagnostics {

// The candidate with the smallest edit distance to `name`, if it is small enough to be a slip of the finger
// (a third of the length, at least one edit). Case and `_` against `-` count as nothing. Of equals, the first
// candidate wins. None of more than 1,000 candidates: each of as many mistakes would be compared with all.
[[nodiscard]] std::optional<llvm::StringRef> did_you_mean(llvm::StringRef name,
                                                          llvm::ArrayRef<llvm::StringRef> candidates);

}  // namespace zc::diagnostics
