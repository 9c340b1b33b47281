// Text in the DOT language.

#pragma once

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdint>
#include <string>

namespace zc::emit {

// For a label between `<` and `>`, and for the text of an SVG.
[[nodiscard]] std::string html(llvm::StringRef text);
// The same in a colour.
[[nodiscard]] std::string colored(llvm::StringRef text, llvm::StringRef color);
[[nodiscard]] std::string duration_text(std::uint64_t nanoseconds);  // "20ms"
// Opens a graph with the settings that all have in common; the caller closes it. `direction`: "TB" or "LR".
void begin_graph(llvm::StringRef name, llvm::StringRef direction, llvm::raw_ostream& out);

}  // namespace zc::emit
