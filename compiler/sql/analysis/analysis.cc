// Prepares a statement for its analysis: tokens, tree, the order of its parameters.

#include "compiler/sql/analysis/analysis.h"

#include "compiler/sql/analysis/statements.h"
#include "compiler/sql/syntax/parser.h"

#include <utility>

namespace zc::sql {

namespace {

constexpr int kMaxViewDepth = 50;

}  // namespace

Analysis Analyst::analyse(llvm::StringRef text) {
  Analysis analysis;
  const std::vector<Token> tokens = tokenize(text, dialect_);
  llvm::DenseMap<std::uint32_t, std::size_t> ordinals;
  for (const Token token : tokens)
    if (token.kind == TokenKind::kParameter) ordinals.try_emplace(token.begin, ordinals.size());
  analysis.parameters.resize(ordinals.size());
  const std::optional<Statement> statement = parse_statement(text, tokens, dialect_);
  if (statement) StatementAnalyser(*this, analysis.parameters, ordinals).run(*statement, analysis);
  return analysis;
}

const std::vector<Fact>& Analyst::columns_of(const Table& table) {
  const auto [known, is_new] = columns_.try_emplace(table.name);
  if (!is_new) return known->second;
  std::vector<Fact> facts;
  for (const Column& column : table.columns) {
    const Nullable nullable = column.not_null                     ? Nullable::kNo
                              : table.is_view || table.is_virtual ? Nullable::kUnknown
                                                                  : Nullable::kYes;
    facts.push_back({column.type, nullable, &table, &column});
  }
  // A view that is asked for by its own query finds these.
  columns_[table.name] = facts;
  if (!table.query.empty() && depth_ < kMaxViewDepth) {
    ++depth_;
    std::vector<Fact> of_query = view_columns(table);
    --depth_;
    if (of_query.size() == facts.size()) facts = std::move(of_query);
  }
  return columns_[table.name] = std::move(facts);
}

// `create view name (a, b) as select ...`
std::vector<Fact> Analyst::view_columns(const Table& view) {
  const std::vector<Token> tokens = tokenize(view.query, dialect_);
  std::size_t begin = 0;
  while (tokens[begin].kind != TokenKind::kEnd && !is_word(view.query, tokens[begin], "as"))
    ++begin;
  if (tokens[begin].kind == TokenKind::kEnd) return {};
  const Analysis analysis = analyse(llvm::StringRef(view.query).drop_front(tokens[begin].end));
  std::vector<Fact> facts;
  for (const ResultFact& result : analysis.results)
    facts.push_back(result.value);
  return facts;
}

}  // namespace zc::sql
