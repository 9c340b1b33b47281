// Escape sequences of string literals.

#pragma once

#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/StringRef.h>

#include <optional>

namespace zc::syntax {

// The UTF-8 text of `\n`, `\"`, `\u{1F600}`, ...; nothing when it is no escape sequence.
[[nodiscard]] std::optional<llvm::SmallString<4>> resolve_escape(llvm::StringRef escape);

}  // namespace zc::syntax
