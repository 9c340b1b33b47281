// Resolves the escape sequences of string literals.

#include "compiler/syntax/lexer/escapes.h"

#include <llvm/Support/ConvertUTF.h>

#include <array>
#include <cstdint>

namespace zc::syntax {

std::optional<llvm::SmallString<4>> resolve_escape(llvm::StringRef escape) {
  if (!escape.consume_front("\\") || escape.empty()) return std::nullopt;
  llvm::SmallString<4> text;
  if (!escape.consume_front("u{")) {
    if (escape.size() != 1) return std::nullopt;
    switch (escape.front()) {
      case 'n':
        text.push_back('\n');
        return text;
      case 'r':
        text.push_back('\r');
        return text;
      case 't':
        text.push_back('\t');
        return text;
      case '"':
      case '\\':
      case '{':
      case '}':
        text.push_back(escape.front());
        return text;
      default:
        return std::nullopt;
    }
  }
  std::uint32_t code_point = 0;
  if (!escape.consume_back("}") || escape.size() > 6 || escape.getAsInteger(16, code_point))
    return std::nullopt;
  std::array<char, UNI_MAX_UTF8_BYTES_PER_CODE_POINT> buffer{};
  char* end = buffer.data();
  // Refuses surrogates and what lies beyond Unicode.
  if (!llvm::ConvertCodePointToUTF8(code_point, end)) return std::nullopt;
  text.append(buffer.data(), end);
  return text;
}

}  // namespace zc::syntax
