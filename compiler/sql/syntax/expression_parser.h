// The expressions of SQL, by precedence.

#pragma once

#include "compiler/sql/syntax/ast.h"
#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace zc::sql {

// Reads tokens one after the other. What does not fit sets `failed`, and from then on nothing is read.
class ExpressionParser {
 public:
  ExpressionParser(llvm::StringRef text, llvm::ArrayRef<Token> tokens, Dialect dialect)
      : text_(text), tokens_(tokens), dialect_(dialect) {}
  ExpressionParser(const ExpressionParser&) = delete;
  ExpressionParser& operator=(const ExpressionParser&) = delete;
  virtual ~ExpressionParser() = default;

 protected:
  // A query behind its opening bracket.
  virtual Query parse_query() = 0;

  Expr parse_expression();
  std::vector<Expr> parse_list();  // up to the closing bracket, which is left

  [[nodiscard]] bool failed() const { return failed_; }
  void fail();
  [[nodiscard]] const Token& token(std::size_t ahead = 0) const;
  [[nodiscard]] bool at_end() const { return token().kind == TokenKind::kEnd; }
  [[nodiscard]] bool at_word(llvm::StringRef word, std::size_t ahead = 0) const;
  [[nodiscard]] bool at_symbol(llvm::StringRef symbol, std::size_t ahead = 0) const;
  [[nodiscard]] bool at_query() const;  // select, values or with
  bool take_word(llvm::StringRef word);
  bool take_words(std::initializer_list<llvm::StringRef> words);  // all of them or none
  bool take_symbol(llvm::StringRef symbol);
  void expect_word(llvm::StringRef word);
  void expect_symbol(llvm::StringRef symbol);
  std::string expect_name();
  [[nodiscard]] bool at_name() const;
  void skip_brackets();  // `( ... )` with all that is in it
  void advance();
  [[nodiscard]] std::uint32_t last_end() const { return last_end_; }

  // Counts how deep what is written nests, as long as it lives.
  class Depth;

 private:
  Expr parse_or();
  Expr parse_and();
  Expr parse_not();
  Expr parse_comparison();
  Expr parse_operators(int level);
  Expr parse_unary();
  Expr parse_postfix();
  Expr parse_primary();
  Expr parse_name();
  Expr parse_call(Expr call);
  Expr parse_case();
  Expr parse_cast();
  Expr parse_bracket();
  Expr parse_in(Expr value, bool is_negated);
  std::string parse_type();
  bool take_comparison_operator();
  void skip_window();

  Expr start(ExprKind kind) const;
  Expr finish(Expr expr) const;
  Expr binary(ExprKind kind, Expr left, Expr right) const;

  llvm::StringRef text_;
  llvm::ArrayRef<Token> tokens_;
  Dialect dialect_;
  std::size_t at_ = 0;
  std::uint32_t last_end_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

class ExpressionParser::Depth {
 public:
  explicit Depth(ExpressionParser& parser) : parser_(parser) {
    if (++parser_.depth_ > kMaxDepth) parser_.fail();
  }
  ~Depth() { --parser_.depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  static constexpr int kMaxDepth = 200;

  ExpressionParser& parser_;
};

}  // namespace zc::sql
