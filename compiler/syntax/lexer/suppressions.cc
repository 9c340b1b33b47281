// Reads suppression comments.

#include "compiler/syntax/lexer/suppressions.h"

#include <llvm/ADT/StringRef.h>

#include <cstddef>

namespace zc::syntax {
namespace {

// Whether code stands before the comment in its line.
bool follows_code(llvm::StringRef text, const TokenList& tokens, std::size_t comment) {
  if (comment == 0) return false;
  return !text.slice(tokens[comment - 1].end, tokens[comment].begin).contains('\n');
}

void set_lines(const SourceManager& sources, const TokenList& tokens, std::size_t comment,
               diagnostics::Suppression& suppression) {
  const FileId file = suppression.span.file;
  suppression.first_line = suppression.last_line = sources.line_column(file, tokens[comment].begin).line;
  if (follows_code(sources.text(file), tokens, comment)) return;
  for (std::size_t index = comment + 1; index < tokens.size(); ++index) {
    if (tokens[index].is_trivia()) continue;
    suppression.last_line = sources.line_column(file, tokens[index].begin).line;
    return;
  }
}

}  // namespace

void collect_suppressions(const SourceManager& sources, FileId file, const TokenList& tokens,
                          diagnostics::DiagnosticEngine& engine) {
  const llvm::StringRef text = sources.text(file);
  for (std::size_t index = 0; index < tokens.size(); ++index) {
    const Token& token = tokens[index];
    if (token.kind != TokenKind::kComment) continue;
    llvm::StringRef rest = text.slice(token.begin, token.end).drop_front(2).ltrim();
    if (!rest.consume_front("zerver:")) continue;
    rest = rest.ltrim();
    diagnostics::Suppression suppression;
    suppression.span = {file, token.begin, token.end};
    set_lines(sources, tokens, index, suppression);
    if (rest.consume_front("allow(") && rest.contains(')')) {
      const auto [code, reason] = rest.split(')');
      suppression.code = code.trim().str();
      const auto begin = static_cast<std::uint32_t>(code.trim().data() - text.data());
      suppression.code_span = {file, begin, begin + static_cast<std::uint32_t>(code.trim().size())};
      llvm::StringRef words = reason.ltrim();
      suppression.has_reason = words.consume_front(":") && !words.trim().empty();
    }
    engine.add(std::move(suppression));
  }
}

}  // namespace zc::syntax
