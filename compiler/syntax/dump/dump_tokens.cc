// Tokens as text.

#include "compiler/base/source_manager.h"
#include "compiler/syntax/parse.h"

namespace zc::syntax {

void dump_tokens(const SyntaxTree& tree, const SourceManager& sources, llvm::raw_ostream& out) {
  for (const Token& token : tree.tokens) {
    const LineColumn at = sources.line_column(tree.file, token.begin);
    out << at.line << ":" << at.column << " " << token_kind_name(token.kind) << " ";
    // A token is one line, whatever is in it.
    out.write_escaped(sources.text({tree.file, token.begin, token.end}));
    out << "\n";
  }
}

}  // namespace zc::syntax
