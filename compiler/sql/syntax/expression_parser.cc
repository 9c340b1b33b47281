// Precedence as in https://www.sqlite.org/lang_expr.html and PostgreSQL's manual, 4.1.6, as far as both
// agree.

#include "compiler/sql/syntax/expression_parser.h"

#include <llvm/ADT/STLExtras.h>

#include <array>
#include <utility>

namespace zc::sql {

namespace {

constexpr int kMaxOperators = 500;  // in a row, which nest to the left

// Words that end an expression, and are no alias behind one.
constexpr std::array<llvm::StringLiteral, 38> kReserved = {
    "and",   "as",        "asc",       "between", "by",   "case",  "collate", "cross", "desc",   "do",
    "else",  "end",       "except",    "exists",  "for",  "from",  "full",    "group", "having", "in",
    "inner", "intersect", "is",        "join",    "left", "limit", "natural", "not",   "offset", "on",
    "or",    "order",     "returning", "right",   "set",  "union", "using",   "where"};

}  // namespace

void ExpressionParser::fail() {
  failed_ = true;
  at_ = tokens_.size() - 1;
}

const Token& ExpressionParser::token(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

bool ExpressionParser::at_word(llvm::StringRef word, std::size_t ahead) const {
  return is_word(text_, token(ahead), word);
}

bool ExpressionParser::at_symbol(llvm::StringRef symbol, std::size_t ahead) const {
  return is_symbol(text_, token(ahead), symbol);
}

bool ExpressionParser::at_query() const { return at_word("select") || at_word("values") || at_word("with"); }

bool ExpressionParser::at_name() const {
  if (token().kind == TokenKind::kQuotedName) return true;
  if (token().kind != TokenKind::kWord) return false;
  const std::string word = text_of(text_, token()).lower();
  return !llvm::is_contained(kReserved, llvm::StringRef(word));
}

void ExpressionParser::advance() {
  if (at_end()) return;
  last_end_ = token().end;
  ++at_;
}

bool ExpressionParser::take_word(llvm::StringRef word) {
  if (!at_word(word)) return false;
  advance();
  return true;
}

bool ExpressionParser::take_words(std::initializer_list<llvm::StringRef> words) {
  std::size_t ahead = 0;
  for (const llvm::StringRef word : words)
    if (!at_word(word, ahead++)) return false;
  for (; ahead != 0; --ahead)
    advance();
  return true;
}

bool ExpressionParser::take_symbol(llvm::StringRef symbol) {
  if (!at_symbol(symbol)) return false;
  advance();
  return true;
}

void ExpressionParser::expect_word(llvm::StringRef word) {
  if (!take_word(word)) fail();
}

void ExpressionParser::expect_symbol(llvm::StringRef symbol) {
  if (!take_symbol(symbol)) fail();
}

std::string ExpressionParser::expect_name() {
  // SQLite takes a text for a name where only a name can stand.
  if (token().kind != TokenKind::kWord && token().kind != TokenKind::kQuotedName) {
    fail();
    return {};
  }
  std::string name = name_of(text_, token());
  advance();
  return name;
}

void ExpressionParser::skip_brackets() {
  std::uint32_t depth = 0;
  do {
    if (at_symbol("(")) ++depth;
    if (at_symbol(")")) --depth;
    if (at_end()) return fail();
    advance();
  } while (depth != 0);
}

Expr ExpressionParser::start(ExprKind kind) const {
  Expr expr;
  expr.kind = kind;
  expr.begin = token().begin;
  return expr;
}

Expr ExpressionParser::finish(Expr expr) const {
  expr.end = last_end_;
  return expr;
}

Expr ExpressionParser::binary(ExprKind kind, Expr left, Expr right) const {
  Expr expr;
  expr.kind = kind;
  expr.begin = left.begin;
  expr.end = right.end;
  expr.operands.push_back(std::move(left));
  expr.operands.push_back(std::move(right));
  return expr;
}

Expr ExpressionParser::parse_expression() {
  const Depth depth(*this);
  return parse_or();
}

std::vector<Expr> ExpressionParser::parse_list() {
  std::vector<Expr> list;
  do {
    list.push_back(parse_expression());
  } while (!failed_ && take_symbol(","));
  return list;
}

Expr ExpressionParser::parse_or() {
  Expr first = parse_and();
  if (!at_word("or")) return first;
  Expr expr;
  expr.kind = ExprKind::kOr;
  expr.begin = first.begin;
  expr.operands.push_back(std::move(first));
  while (take_word("or"))
    expr.operands.push_back(parse_and());
  return finish(std::move(expr));
}

Expr ExpressionParser::parse_and() {
  Expr first = parse_not();
  if (!at_word("and")) return first;
  Expr expr;
  expr.kind = ExprKind::kAnd;
  expr.begin = first.begin;
  expr.operands.push_back(std::move(first));
  while (take_word("and"))
    expr.operands.push_back(parse_not());
  return finish(std::move(expr));
}

Expr ExpressionParser::parse_not() {
  if (!at_word("not") || at_word("exists", 1)) return parse_comparison();
  const Depth depth(*this);
  Expr expr = start(ExprKind::kNot);
  advance();
  if (failed_) return expr;
  expr.operands.push_back(parse_not());
  return finish(std::move(expr));
}

bool ExpressionParser::take_comparison_operator() {
  static constexpr std::array<llvm::StringLiteral, 8> kOperators = {
      "=", "==", "<>", "!=", "<=", ">=", "<", ">"};
  const bool is_operator = llvm::any_of(kOperators, [&](llvm::StringRef each) { return at_symbol(each); });
  if (!is_operator) return false;
  advance();
  // PostgreSQL's `= any (array)`
  if (at_word("any") || at_word("all") || at_word("some")) fail();
  return true;
}

Expr ExpressionParser::parse_comparison() {
  Expr left = parse_operators(0);
  int count = 0;
  while (!failed_) {
    if (++count > kMaxOperators) fail();
    if (take_comparison_operator()) {
      left = binary(ExprKind::kCompare, std::move(left), parse_operators(0));
      continue;
    }
    if (take_word("isnull")) {
      Expr expr = start(ExprKind::kIsNull);
      expr.begin = left.begin;
      expr.operands.push_back(std::move(left));
      left = finish(std::move(expr));
      continue;
    }
    if (take_word("notnull") || take_words({"not", "null"})) {
      Expr expr = start(ExprKind::kIsNotNull);
      expr.begin = left.begin;
      expr.operands.push_back(std::move(left));
      left = finish(std::move(expr));
      continue;
    }
    if (take_word("is")) {
      const bool is_negated = take_word("not");
      if (take_word("null")) {
        Expr expr = start(is_negated ? ExprKind::kIsNotNull : ExprKind::kIsNull);
        expr.begin = left.begin;
        expr.operands.push_back(std::move(left));
        left = finish(std::move(expr));
        continue;
      }
      if (take_word("distinct")) expect_word("from");
      left = binary(ExprKind::kIs, std::move(left), parse_operators(0));
      continue;
    }
    const bool is_negated =
        at_word("not") &&
        (at_word("in", 1) || at_word("like", 1) || at_word("ilike", 1) || at_word("between", 1) ||
         at_word("glob", 1) || at_word("regexp", 1) || at_word("match", 1) || at_word("similar", 1));
    if (is_negated) advance();
    if (take_word("in")) {
      left = parse_in(std::move(left), is_negated);
    } else if (take_word("between")) {
      take_word("symmetric");
      Expr expr = start(ExprKind::kBetween);
      expr.begin = left.begin;
      expr.operands.push_back(std::move(left));
      expr.operands.push_back(parse_operators(0));
      expect_word("and");
      expr.operands.push_back(parse_operators(0));
      left = finish(std::move(expr));
    } else if (take_word("like") || take_word("ilike") || take_word("glob") || take_word("regexp") ||
               take_word("match") || take_words({"similar", "to"})) {
      left = binary(ExprKind::kCompare, std::move(left), parse_operators(0));
      left.name = "like";
      if (take_word("escape")) left.operands.push_back(parse_operators(0));
    } else {
      return left;
    }
  }
  return left;
}

Expr ExpressionParser::parse_in(Expr value, bool is_negated) {
  Expr expr = start(ExprKind::kIn);
  expr.begin = value.begin;
  expr.is_negated = is_negated;
  expr.operands.push_back(std::move(value));
  if (!take_symbol("(")) {
    // SQLite's `in table`
    expect_name();
    expr.kind = ExprKind::kOpaque;
    return finish(std::move(expr));
  }
  if (at_query()) {
    expr.query = std::make_unique<Query>(parse_query());
  } else if (!at_symbol(")")) {
    for (Expr& each : parse_list())
      expr.operands.push_back(std::move(each));
  }
  expect_symbol(")");
  return finish(std::move(expr));
}

// From the loosest to the tightest: bits, sums, products, concatenation and the arrows of JSON.
Expr ExpressionParser::parse_operators(int level) {
  static constexpr std::array<std::array<llvm::StringLiteral, 4>, 4> kLevels = {
      {{"<<", ">>", "&", "|"}, {"+", "-", "", ""}, {"*", "/", "%", ""}, {"||", "->", "->>", ""}}};
  if (level == 4) return parse_unary();
  Expr left = parse_operators(level + 1);
  int count = 0;
  while (!failed_) {
    const auto& symbols = kLevels[static_cast<std::size_t>(level)];
    const auto* found = llvm::find_if(symbols, [&](llvm::StringRef each) { return at_symbol(each); });
    if (found == symbols.end()) return left;
    if (++count > kMaxOperators) fail();
    const ExprKind kind = *found == "||"             ? ExprKind::kConcat
                          : found->starts_with("->") ? ExprKind::kOpaque
                                                     : ExprKind::kArithmetic;
    std::string name = found->str();
    advance();
    left = binary(kind, std::move(left), parse_operators(level + 1));
    left.name = std::move(name);
  }
  return left;
}

Expr ExpressionParser::parse_unary() {
  if (!at_symbol("-") && !at_symbol("+") && !at_symbol("~")) return parse_postfix();
  const Depth depth(*this);
  Expr expr = start(ExprKind::kArithmetic);
  advance();
  if (failed_) return expr;
  expr.operands.push_back(parse_unary());
  return finish(std::move(expr));
}

Expr ExpressionParser::parse_postfix() {
  Expr expr = parse_primary();
  while (!failed_) {
    if (take_word("collate")) {
      expect_name();
    } else if (dialect_ == Dialect::kPostgresql && take_symbol("::")) {
      Expr cast = start(ExprKind::kCast);
      cast.begin = expr.begin;
      cast.name = parse_type();
      cast.operands.push_back(std::move(expr));
      expr = finish(std::move(cast));
    } else if (at_symbol("[")) {
      fail();  // an element of an array
    } else {
      break;
    }
  }
  return expr;
}

Expr ExpressionParser::parse_primary() {
  const auto leaf = [&](ExprKind kind) {
    Expr expr = start(kind);
    advance();
    return finish(std::move(expr));
  };
  switch (token().kind) {
    case TokenKind::kText:
      return leaf(ExprKind::kText);
    case TokenKind::kBlob:
      return leaf(ExprKind::kBlob);
    case TokenKind::kNumber: {
      const llvm::StringRef number = text_of(text_, token());
      const bool is_real =
          number.contains('.') || (number.contains_insensitive("e") && !number.starts_with_insensitive("0x"));
      return leaf(is_real ? ExprKind::kReal : ExprKind::kInteger);
    }
    case TokenKind::kParameter: {
      Expr expr = start(ExprKind::kParameter);
      expr.index = token().begin;  // made a number when the statement is analysed
      advance();
      return finish(std::move(expr));
    }
    case TokenKind::kQuotedName:
      return parse_name();
    case TokenKind::kSymbol:
      if (at_symbol("(")) return parse_bracket();
      fail();
      return {};
    case TokenKind::kWord:
      break;
    case TokenKind::kEnd:
      fail();
      return {};
  }
  if (at_word("null")) return leaf(ExprKind::kNull);
  if (at_word("true") || at_word("false")) return leaf(ExprKind::kBoolean);
  if (at_word("case")) return parse_case();
  if (at_word("cast") && at_symbol("(", 1)) return parse_cast();
  if ((at_word("exists") || at_word("not")) && (at_symbol("(", 1) || at_word("exists", 1))) {
    Expr expr = start(ExprKind::kExists);
    take_word("not");
    expect_word("exists");
    expect_symbol("(");
    if (!failed_) expr.query = std::make_unique<Query>(parse_query());
    expect_symbol(")");
    return finish(std::move(expr));
  }
  const bool is_moment = at_word("current_timestamp") || at_word("current_date") || at_word("current_time") ||
                         at_word("localtime") || at_word("localtimestamp");
  if (is_moment && !at_symbol("(", 1)) {
    Expr expr = start(ExprKind::kCall);
    expr.name = text_of(text_, token()).lower();
    advance();
    return finish(std::move(expr));
  }
  if (at_word("array") || at_word("row") || at_word("raise") || at_word("select")) {
    fail();
    return {};
  }
  // PostgreSQL's `interval '1 day'`
  if (token(1).kind == TokenKind::kText && dialect_ == Dialect::kPostgresql) {
    Expr expr = start(ExprKind::kCast);
    expr.name = text_of(text_, token()).str();
    advance();
    expr.operands.push_back(leaf(ExprKind::kText));
    return finish(std::move(expr));
  }
  return parse_name();
}

Expr ExpressionParser::parse_name() {
  Expr expr = start(ExprKind::kColumn);
  expr.name = expect_name();
  while (take_symbol(".")) {
    if (at_symbol("*")) {
      fail();  // `t.*` as a value
      return expr;
    }
    expr.qualifier = std::move(expr.name);
    expr.name = expect_name();
  }
  return at_symbol("(") ? parse_call(std::move(expr)) : finish(std::move(expr));
}

Expr ExpressionParser::parse_call(Expr call) {
  call.kind = ExprKind::kCall;
  call.name = llvm::StringRef(call.name).lower();
  expect_symbol("(");
  take_word("distinct");
  if (take_symbol("*")) {
    call.is_star = true;
  } else if (!at_symbol(")")) {
    call.operands = parse_list();
  }
  // `order by` of an aggregate, `extract(year from x)` and other grammars of their own
  if (!at_symbol(")")) {
    if (!take_words({"order", "by"})) {
      fail();
      return call;
    }
    do {
      parse_expression();
      if (!take_word("asc")) take_word("desc");
    } while (!failed_ && take_symbol(","));
  }
  expect_symbol(")");
  if (at_word("within")) fail();
  if (at_word("filter") && at_symbol("(", 1)) {
    call.has_filter = true;
    advance();
    advance();
    expect_word("where");
    call.operands.push_back(parse_expression());
    expect_symbol(")");
  }
  if (take_word("over")) {
    call.has_window = true;
    skip_window();
  }
  return finish(std::move(call));
}

void ExpressionParser::skip_window() {
  if (at_symbol("(")) return skip_brackets();
  expect_name();
}

Expr ExpressionParser::parse_case() {
  const Depth depth(*this);
  Expr expr = start(ExprKind::kCase);
  advance();
  if (failed_) return expr;
  if (!at_word("when")) {
    expr.has_subject = true;
    expr.operands.push_back(parse_expression());
  }
  while (!failed_ && take_word("when")) {
    expr.operands.push_back(parse_expression());
    expect_word("then");
    expr.operands.push_back(parse_expression());
  }
  if (take_word("else")) {
    expr.has_else = true;
    expr.operands.push_back(parse_expression());
  }
  expect_word("end");
  return finish(std::move(expr));
}

Expr ExpressionParser::parse_cast() {
  Expr expr = start(ExprKind::kCast);
  advance();
  advance();
  expr.operands.push_back(parse_expression());
  expect_word("as");
  expr.name = parse_type();
  expect_symbol(")");
  return finish(std::move(expr));
}

// "varchar(20)", "double precision", "timestamp with time zone", "text[]"
std::string ExpressionParser::parse_type() {
  const std::uint32_t begin = token().begin;
  expect_name();
  if (take_symbol(".")) expect_name();
  while (take_word("precision") || take_word("varying") || take_word("unsigned") ||
         take_words({"with", "time", "zone"}) || take_words({"without", "time", "zone"}))
    continue;
  if (at_symbol("(")) skip_brackets();
  if (take_symbol("[")) expect_symbol("]");
  return text_.slice(begin, last_end_).str();
}

Expr ExpressionParser::parse_bracket() {
  const Depth depth(*this);
  Expr expr = start(ExprKind::kSubquery);
  expect_symbol("(");
  if (failed_) return expr;
  if (at_query()) {
    expr.query = std::make_unique<Query>(parse_query());
    expect_symbol(")");
    return finish(std::move(expr));
  }
  std::vector<Expr> values = parse_list();
  expect_symbol(")");
  if (failed_) return expr;
  if (values.size() == 1) {
    values.front().begin = expr.begin;
    return finish(std::move(values.front()));
  }
  expr.kind = ExprKind::kTuple;
  expr.operands = std::move(values);
  return finish(std::move(expr));
}

}  // namespace zc::sql
