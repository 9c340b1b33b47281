// White space of generated C++: what templates write is laid out like clang-format does it for this project.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace zc::emit {

inline constexpr std::size_t kColumnLimit = 110;

// An empty line is one that holds a form feed; lines that are really empty are dropped.
// Templates write one statement, declaration or label a line, a block's `{` at the end of a line and its `}`
// at the beginning of one, and care for nothing else. The result is indented by nesting (Google style: two
// columns a block, four a continuation, `public:` one, namespaces none), lines past the limit are broken
// behind commas, before operators or at the words of a comment, and runs of empty lines become one. Linear in
// the text.
[[nodiscard]] std::string layout_cpp(llvm::StringRef text);

}  // namespace zc::emit
