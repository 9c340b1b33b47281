// The tokens of a file, kept for the formatter, editors and doc comments.

#pragma once

#include "compiler/base/span.h"

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <vector>

namespace zc::syntax {

enum class TokenKind : std::uint8_t {
  kIdentifier,
  kKeyword,             // also where it is used as a name
  kNumber,              // with its unit
  kStringBegin,         // the quote, with the tag before it: `sql"`
  kStringText,          // between quotes, escapes and interpolations
  kStringEscape,        // `\n`
  kInterpolationBegin,  // `{` in a string
  kInterpolationEnd,    // and its `}`
  kStringEnd,           // the closing quote
  kPunctuation,
  kComment,     // `// ...` without the line break
  kDocComment,  // `/// ...`
  kInvalid,     // was reported
};

// Twelve bytes. White space is what lies between two tokens.
struct Token {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  TokenKind kind = TokenKind::kInvalid;
  std::uint8_t type = 0;  // the grammar's number, of meaning to the parser alone

  [[nodiscard]] bool is_trivia() const {
    return kind == TokenKind::kComment || kind == TokenKind::kDocComment || kind == TokenKind::kInvalid;
  }
};
static_assert(sizeof(Token) == 12);

[[nodiscard]] llvm::StringRef token_kind_name(TokenKind kind);

// In source order, comments included.
using TokenList = std::vector<Token>;

}  // namespace zc::syntax
