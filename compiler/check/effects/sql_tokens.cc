#include "compiler/check/effects/sql_tokens.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

class Tokenizer {
 public:
  void add_text(llvm::StringRef text) {
    text_ = text;
    at_ = 0;
    while (at_ < text_.size())
      next();
  }

  void add_parameter(const model::Expression& parameter) {
    push(SqlToken::Kind::kParameter, {});
    tokens_.back().parameter = &parameter;
  }

  std::vector<SqlToken> finish() { return std::move(tokens_); }

 private:
  [[nodiscard]] llvm::StringRef rest() const { return text_.substr(at_); }

  void push(SqlToken::Kind kind, std::string text) {
    SqlToken token;
    token.kind = kind;
    token.text = std::move(text);
    token.depth = depth_;
    tokens_.push_back(std::move(token));
  }

  void next() {
    const char c = text_[at_];
    if (llvm::isSpace(c)) {
      ++at_;
    } else if (rest().starts_with("--")) {
      at_ += rest().take_until([](char end) { return end == '\n'; }).size();
    } else if (rest().starts_with("/*")) {
      const std::size_t end = text_.find("*/", at_);
      at_ = end == llvm::StringRef::npos ? text_.size() : end + 2;
    } else if (rest().starts_with("::")) {
      at_ += 2;
      at_ += rest().take_while(is_word_character).size();
    } else if (c == '\'') {
      push(SqlToken::Kind::kLiteral, quoted(c).str());
    } else if (c == '"' || c == '`' || c == '[') {
      push(SqlToken::Kind::kQuoted, quoted(c == '[' ? ']' : c).trim("\"`[]").lower());
    } else if (is_word_character(c)) {
      const llvm::StringRef word = rest().take_while([](char w) { return is_word_character(w) || w == '$'; });
      at_ += word.size();
      push(llvm::isDigit(c) ? SqlToken::Kind::kLiteral : SqlToken::Kind::kWord, word.lower());
    } else {
      symbol(c);
    }
  }

  void symbol(char c) {
    if (c == ')' && depth_ > 0) --depth_;
    const llvm::StringRef comparison =
        rest().take_while([](char s) { return s == '=' || s == '<' || s == '>' || s == '!'; });
    const llvm::StringRef text = comparison.empty() ? rest().take_front() : comparison;
    at_ += text.size();
    push(SqlToken::Kind::kSymbol, text.str());
    if (c == '(') ++depth_;
  }

  // With its quotes; two of them in a row stand for one. One that is never closed ends with the text.
  llvm::StringRef quoted(char close) {
    const std::size_t begin = at_++;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != close) continue;
      const bool is_doubled = at_ + 1 < text_.size() && text_[at_ + 1] == close;
      if (!is_doubled) break;
      ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
    return text_.slice(begin, at_);
  }

  static bool is_word_character(char c) {
    return llvm::isAlnum(c) || c == '_' || static_cast<signed char>(c) < 0;
  }

  llvm::StringRef text_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
  std::vector<SqlToken> tokens_;
};

}  // namespace

std::vector<SqlToken> sql_tokens(const model::Expression& statement) {
  Tokenizer tokenizer;
  for (const model::Expression& operand : statement.operands) {
    const bool is_text = operand.kind == model::ExpressionKind::kConstant &&
                         operand.constant.kind == model::Constant::Kind::kString;
    if (is_text) {
      tokenizer.add_text(operand.constant.text);
    } else {
      tokenizer.add_parameter(operand);
    }
  }
  return tokenizer.finish();
}

}  // namespace zc::check
