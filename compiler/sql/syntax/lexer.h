// The words of SQL text, with their places.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::sql {

enum class Dialect : std::uint8_t { kSqlite, kPostgresql };

enum class TokenKind : std::uint8_t {
  kWord,        // a keyword or a name
  kQuotedName,  // "name", `name`, [name]
  kText,        // 'text', e'text', $$text$$
  kBlob,        // x'00ff'
  kNumber,
  kParameter,  // ?, ?1, :name, @name, $name; of PostgreSQL only $1
  kSymbol,     // operators and brackets
  kEnd,        // behind the last one
};

// The bytes `[begin, end)` of the text.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t begin = 0, end = 0;
};

// Comments and white space are left out; the last token is `kEnd`. What is never closed ends with the text.
[[nodiscard]] std::vector<Token> tokenize(llvm::StringRef text, Dialect dialect);

[[nodiscard]] inline llvm::StringRef text_of(llvm::StringRef text, Token token) {
  return text.slice(token.begin, token.end);
}
// Whether it can be a name, quoted or not: which words are keywords depends on where they stand.
[[nodiscard]] inline bool is_name(Token token) {
  return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName;
}
// Whether it is this keyword, given in lower case.
[[nodiscard]] bool is_word(llvm::StringRef text, Token token, llvm::StringRef word);
[[nodiscard]] bool is_symbol(llvm::StringRef text, Token token, llvm::StringRef symbol);
// A name without its quotes.
[[nodiscard]] std::string name_of(llvm::StringRef text, Token token);

// The statements of a script: ranges of its tokens, without the semicolons between them. The body of a
// trigger belongs to its statement.
struct TokenRange {
  std::size_t begin = 0, end = 0;
};
[[nodiscard]] std::vector<TokenRange> split_script(llvm::StringRef text, const std::vector<Token>& tokens);

}  // namespace zc::sql
