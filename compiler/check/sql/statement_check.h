// One statement against one database.

#pragma once

#include "compiler/check/sql/databases.h"
#include "compiler/check/sql/statement_text.h"

#include <llvm/ADT/StringMap.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::check {

// What is known of a statement's text, whatever it is used for.
struct StatementFacts {
  std::vector<sql::Token> tokens;
  sql::Prepared prepared;
  sql::Analysis analysis;
};

// Facts by database and text: many steps may hold the same statement.
class StatementCache {
 public:
  const StatementFacts& find(CheckedDatabase& database, const std::string& text);

 private:
  std::map<const CheckedDatabase*, llvm::StringMap<StatementFacts>> facts_;
};

// A use of a statement: the call, and where it stands.
struct StatementUse {
  Context& context;
  const model::Step& step;
  const model::EffectCall& call;
  const model::Expression& statement;
  const CheckedDatabase& database;
  const StatementText& text;
  const StatementFacts& facts;

  [[nodiscard]] const model::Operation& operation() const;
  // The token that the statement begins with.
  [[nodiscard]] Span first_token() const { return text.span(facts.tokens.front()); }
  // A label at a column's declaration in the schema, where that is known.
  void label_column(diagnostics::Diagnostic& diagnostic, const sql::Column* column) const;
  // The kind of a type below optionals and scalars.
  [[nodiscard]] model::TypeKind kind_of(model::TypeId type) const;
};

// Reports why the database refuses the statement; false when it does.
bool check_prepared(const StatementUse& use);
// Values against the columns that they are compared with or stored in.
bool check_bound(const StatementUse& use);
void check_parameters(const StatementUse& use);
// Rows against what they are read into.
void check_results(const StatementUse& use);

}  // namespace zc::check
