// Escapes text for pictures.

#include "compiler/emit/pictures/dot_text.h"

#include "compiler/model/dump/dump_expression.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/FormatVariadic.h>

namespace zc::emit {

std::string html(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream out(result);
  llvm::printHTMLEscaped(text, out);
  return result;
}

std::string colored(llvm::StringRef text, llvm::StringRef color) {
  return llvm::formatv("<font color=\"{0}\">{1}</font>", color, html(text)).str();
}

std::string duration_text(std::uint64_t nanoseconds) {
  std::string text;
  llvm::raw_string_ostream out(text);
  model::dump_duration(nanoseconds, out);
  return text;
}

void begin_graph(llvm::StringRef name, llvm::StringRef direction, llvm::raw_ostream& out) {
  out << llvm::formatv(
      "digraph \"{0}\" {{\n"
      "  rankdir={1}; fontname=\"sans-serif\"; nodesep=0.3; ranksep=0.35;\n"
      "  node [fontname=\"sans-serif\", fontsize=10, margin=\"0.2,0.06\"];\n"
      "  edge [fontname=\"sans-serif\", fontsize=9];\n",
      name, direction);
}

}  // namespace zc::emit
