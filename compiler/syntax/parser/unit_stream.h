// One declaration's tokens as ANTLR's parser wants them.

#pragma once

#include "compiler/syntax/parser/unit_reader.h"

#include <antlr4-runtime.h>
#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <string>
#include <vector>

namespace zc::syntax {

// A token that the parse tree points to. Positions are byte offsets; lines are not kept.
class ParserToken final : public antlr4::Token {
 public:
  ParserToken(const UnitToken& token, std::size_t position, llvm::StringRef text)
      : text_(text), token_(token), position_(position) {}

  [[nodiscard]] const UnitToken& unit_token() const { return token_; }
  [[nodiscard]] llvm::StringRef text() const { return text_; }
  [[nodiscard]] bool is_inserted() const { return token_.begin == token_.end; }

  std::string getText() const override { return text_.str(); }
  std::size_t getType() const override {
    return token_.type == 0 ? static_cast<std::size_t>(antlr4::Token::EOF) : token_.type;
  }
  std::size_t getLine() const override { return 0; }
  std::size_t getCharPositionInLine() const override { return 0; }
  std::size_t getChannel() const override { return DEFAULT_CHANNEL; }
  std::size_t getTokenIndex() const override { return position_; }
  std::size_t getStartIndex() const override { return token_.begin; }
  std::size_t getStopIndex() const override { return token_.end; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  antlr4::CharStream* getInputStream() const override { return nullptr; }
  std::string toString() const override { return getText(); }

 private:
  llvm::StringRef text_;
  UnitToken token_;
  std::size_t position_;
};

// Holds one unit at a time; its memory is used again.
class UnitStream final : public antlr4::TokenStream {
 public:
  explicit UnitStream(llvm::StringRef text) : text_(text) {}

  void assign(const Unit& unit) {
    tokens_.clear();
    tokens_.reserve(unit.tokens.size() + 1);
    for (const UnitToken& token : unit.tokens)
      add(token);
    // Type 0 stands for the end of the unit.
    add({unit.span.end, unit.span.end, unit.tokens.empty() ? 0 : unit.tokens.back().index, 0});
    position_ = 0;
  }

  [[nodiscard]] ParserToken& at(std::size_t index) { return tokens_[index]; }
  [[nodiscard]] ParserToken& current() { return tokens_[position_]; }

  void consume() override {
    if (position_ + 1 < tokens_.size()) ++position_;
  }
  std::size_t LA(ssize_t offset) override {
    const ParserToken* token = look(offset);
    return token == nullptr ? antlr4::Token::INVALID_TYPE : token->getType();
  }
  antlr4::Token* LT(ssize_t offset) override { return look(offset); }
  antlr4::Token* get(std::size_t index) const override { return const_cast<ParserToken*>(&tokens_[index]); }
  ssize_t mark() override { return 0; }
  void release(ssize_t /*marker*/) override {}
  std::size_t index() override { return position_; }
  void seek(std::size_t position) override { position_ = std::min(position, tokens_.size() - 1); }
  std::size_t size() override { return tokens_.size(); }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  std::string getSourceName() const override { return {}; }
  std::string getText(const antlr4::misc::Interval& /*interval*/) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext* /*context*/) override { return {}; }
  std::string getText(antlr4::Token* /*start*/, antlr4::Token* /*stop*/) override { return {}; }

 private:
  void add(const UnitToken& token) {
    tokens_.emplace_back(token, tokens_.size(), text_.slice(token.begin, token.end));
  }
  ParserToken* look(ssize_t offset) {
    if (offset < 0) {
      const auto back = static_cast<std::size_t>(-offset);
      return back > position_ ? nullptr : &tokens_[position_ - back];
    }
    const std::size_t at = position_ + static_cast<std::size_t>(offset) - 1;
    return at < tokens_.size() ? &tokens_[at] : &tokens_.back();
  }

  llvm::StringRef text_;
  std::vector<ParserToken> tokens_;
  std::size_t position_ = 0;
};

}  // namespace zc::syntax
