// The texts of `explain/`, embedded by embed_explanations.cmake.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

namespace zc::diagnostics {

struct Explanation {
  llvm::StringRef code;
  llvm::StringRef text;  // Markdown
};

// Ordered by path.
[[nodiscard]] llvm::ArrayRef<Explanation> explanations();

}  // namespace zc::diagnostics
