// One pass over the bytes. Only what decides where a token ends is looked at.

#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/StringExtras.h>

#include <array>

namespace zc::sql {

namespace {

bool begins_name(char c) { return llvm::isAlpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool continues_name(char c) { return begins_name(c) || llvm::isDigit(c) || c == '$'; }

// Longest first.
constexpr std::array<llvm::StringLiteral, 13> kSymbols = {"->>", "!=", "<=", ">=", "<>", "==", "||",
                                                          "->",  "<<", ">>", "::", ":=", "=>"};

class Lexer {
 public:
  Lexer(llvm::StringRef text, Dialect dialect) : text_(text), dialect_(dialect) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    while (skip_space()) {
      const std::size_t begin = at_;
      const TokenKind kind = next();
      tokens.push_back({kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)});
    }
    const auto end = static_cast<std::uint32_t>(text_.size());
    tokens.push_back({TokenKind::kEnd, end, end});
    return tokens;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool is_postgresql() const { return dialect_ == Dialect::kPostgresql; }

  // False at the end of the text.
  bool skip_space() {
    while (at_ < text_.size()) {
      const llvm::StringRef rest = text_.drop_front(at_);
      if (llvm::isSpace(rest.front())) {
        ++at_;
      } else if (rest.starts_with("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (rest.starts_with("/*")) {
        skip_comment();
      } else {
        return true;
      }
    }
    return false;
  }

  // Those of PostgreSQL nest.
  void skip_comment() {
    std::uint32_t depth = 0;
    while (at_ < text_.size()) {
      const llvm::StringRef rest = text_.drop_front(at_);
      if (rest.starts_with("*/")) {
        at_ += 2;
        if (--depth == 0) return;
      } else if (rest.starts_with("/*") && (depth == 0 || is_postgresql())) {
        at_ += 2;
        ++depth;
      } else {
        ++at_;
      }
    }
  }

  TokenKind next() {
    const char c = peek();
    const bool is_prefix = peek(1) == '\'';
    if (c == '\'') return quoted('\'', TokenKind::kText, false);
    if (c == '"') return quoted('"', TokenKind::kQuotedName, false);
    if (!is_postgresql() && c == '`') return quoted('`', TokenKind::kQuotedName, false);
    if (!is_postgresql() && c == '[') return bracketed();
    if ((c == 'x' || c == 'X') && is_prefix) return prefixed(TokenKind::kBlob, false);
    if (is_postgresql() && (c == 'e' || c == 'E') && is_prefix) return prefixed(TokenKind::kText, true);
    if (is_postgresql() && (c == 'b' || c == 'B') && is_prefix) return prefixed(TokenKind::kBlob, false);
    if (begins_name(c)) return word();
    if (llvm::isDigit(c) || (c == '.' && llvm::isDigit(peek(1)))) return number();
    if (c == '$' && is_postgresql()) return llvm::isDigit(peek(1)) ? parameter() : dollar_quoted();
    if (c == '?' && !is_postgresql()) return parameter();
    const bool is_named = (c == ':' || c == '@' || c == '$') && continues_name(peek(1));
    if (is_named && !is_postgresql()) return parameter();
    return symbol();
  }

  TokenKind prefixed(TokenKind kind, bool has_escapes) {
    ++at_;
    return quoted('\'', kind, has_escapes);
  }

  // A quote is doubled to stand for itself.
  TokenKind quoted(char quote, TokenKind kind, bool has_escapes) {
    for (++at_; at_ < text_.size(); ++at_) {
      if (has_escapes && text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == quote) {
        if (peek(1) != quote) break;
        ++at_;
      }
    }
    at_ = std::min(at_ + 1, text_.size());
    return kind;
  }

  TokenKind bracketed() {
    const std::size_t close = text_.find(']', at_);
    at_ = close == llvm::StringRef::npos ? text_.size() : close + 1;
    return TokenKind::kQuotedName;
  }

  // $tag$ ... $tag$
  TokenKind dollar_quoted() {
    std::size_t tag_end = at_ + 1;
    while (tag_end < text_.size() && (begins_name(text_[tag_end]) || llvm::isDigit(text_[tag_end])))
      ++tag_end;
    if (tag_end >= text_.size() || text_[tag_end] != '$') return symbol();
    const llvm::StringRef tag = text_.slice(at_, tag_end + 1);
    const std::size_t close = text_.find(tag, tag_end + 1);
    at_ = close == llvm::StringRef::npos ? text_.size() : close + tag.size();
    return TokenKind::kText;
  }

  TokenKind word() {
    while (at_ < text_.size() && continues_name(text_[at_]))
      ++at_;
    return TokenKind::kWord;
  }

  TokenKind parameter() {
    ++at_;
    while (at_ < text_.size() && continues_name(text_[at_]))
      ++at_;
    return TokenKind::kParameter;
  }

  TokenKind number() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool is_sign = (c == '+' || c == '-') && llvm::toLower(text_[at_ - 1]) == 'e';
      if (!llvm::isAlnum(c) && c != '.' && c != '_' && !is_sign) break;
      ++at_;
    }
    return TokenKind::kNumber;
  }

  TokenKind symbol() {
    const llvm::StringRef rest = text_.drop_front(at_);
    for (const llvm::StringLiteral& each : kSymbols) {
      if (!rest.starts_with(each)) continue;
      at_ += each.size();
      return TokenKind::kSymbol;
    }
    ++at_;
    return TokenKind::kSymbol;
  }

  llvm::StringRef text_;
  Dialect dialect_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokenize(llvm::StringRef text, Dialect dialect) { return Lexer(text, dialect).run(); }

bool is_word(llvm::StringRef text, Token token, llvm::StringRef word) {
  return token.kind == TokenKind::kWord && text_of(text, token).equals_insensitive(word);
}

bool is_symbol(llvm::StringRef text, Token token, llvm::StringRef symbol) {
  return token.kind == TokenKind::kSymbol && text_of(text, token) == symbol;
}

std::string name_of(llvm::StringRef text, Token token) {
  const llvm::StringRef written = text_of(text, token);
  if (token.kind != TokenKind::kQuotedName) return written.str();
  const char quote = written.front();
  std::string name;
  for (std::size_t i = 1; i + 1 < written.size(); ++i) {
    name += written[i];
    if (written[i] == quote && written[i + 1] == quote) ++i;
  }
  return name;
}

std::vector<TokenRange> split_script(llvm::StringRef text, const std::vector<Token>& tokens) {
  std::vector<TokenRange> statements;
  std::size_t begin = 0;
  bool is_trigger = false;
  std::uint32_t depth = 0;  // of begin and case within a trigger
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token token = tokens[i];
    const bool is_end = token.kind == TokenKind::kEnd;
    if (i > begin && i <= begin + 4 && is_word(text, token, "trigger"))
      is_trigger = is_word(text, tokens[begin], "create");
    if (is_trigger && (is_word(text, token, "begin") || is_word(text, token, "case"))) ++depth;
    if (is_trigger && depth > 0 && is_word(text, token, "end")) --depth;
    if (!is_end && (!is_symbol(text, token, ";") || depth > 0)) continue;
    if (i > begin) statements.push_back({begin, i});
    begin = i + 1;
    is_trigger = false;
    depth = 0;
  }
  return statements;
}

}  // namespace zc::sql
