// How to recognise the beginning of a declaration without parsing it: what recovery holds on to.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

namespace zc::syntax {

// "package", "import", "struct", ...
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> declaration_keywords();

// Whether `line`, the rest of a text from the first column of a line, looks like a declaration: a keyword
// that is followed by what follows it in a declaration. `error: string;` and `policy fast;` do not.
[[nodiscard]] bool begins_declaration(llvm::StringRef line);

}  // namespace zc::syntax
