#include "compiler/plan/expressions/statement_text.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace zc::plan {

namespace {

bool is_name(char c) { return llvm::isAlnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

std::size_t past(llvm::StringRef sql, llvm::StringRef end, std::size_t from) {
  const std::size_t found = sql.find(end, from);
  return found == llvm::StringRef::npos ? sql.size() : found + end.size();
}

// Of `E'it\'s'`.
std::size_t past_escapes(llvm::StringRef sql, std::size_t at) {
  for (++at; at < sql.size() && sql[at] != '\''; ++at)
    if (sql[at] == '\\') ++at;
  return std::min(at + 1, sql.size());
}

std::size_t past_block_comment(llvm::StringRef sql, std::size_t at) {
  std::size_t depth = 0;
  do {
    const llvm::StringRef rest = sql.substr(at);
    if (rest.starts_with("/*")) ++depth;
    if (rest.starts_with("*/")) --depth;
    at += rest.starts_with("/*") || rest.starts_with("*/") ? 2 : 1;
  } while (depth > 0 && at < sql.size());
  return std::min(at, sql.size());
}

// Where the quotes or the comment that begin here end; `at` when none do.
std::size_t past_opaque(llvm::StringRef sql, std::size_t at) {
  const llvm::StringRef rest = sql.substr(at);
  const char before = at == 0 ? ' ' : sql[at - 1];
  switch (rest.front()) {
    case '\'': {
      const bool has_escapes = (before == 'e' || before == 'E') && (at == 1 || !is_name(sql[at - 2]));
      return has_escapes ? past_escapes(sql, at) : past(sql, "'", at + 1);
    }
    case '"':
      return past(sql, "\"", at + 1);
    case '-':
      return rest.starts_with("--") ? past(sql, "\n", at) : at;
    case '/':
      return rest.starts_with("/*") ? past_block_comment(sql, at) : at;
    case '$': {
      const llvm::StringRef tag = rest.drop_front().take_while(is_name);
      const bool opens = !is_name(before) && rest.drop_front(1 + tag.size()).starts_with("$") &&
                         (tag.empty() || !llvm::isDigit(tag.front()));
      return opens ? past(sql, rest.take_front(tag.size() + 2), at + tag.size() + 2) : at;
    }
    default:
      return at;
  }
}

}  // namespace

std::string with_doubled_operators(llvm::StringRef sql) {
  std::string text;
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t end = past_opaque(sql, at);
    if (end != at) {
      text += sql.slice(at, end);
      at = end;
      continue;
    }
    text += sql[at];
    if (sql[at] == '?') text += '?';
    ++at;
  }
  return text;
}

}  // namespace zc::plan
