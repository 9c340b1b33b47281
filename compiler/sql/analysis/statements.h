// Queries, and what inserts, updates and deletes do with them.

#pragma once

#include "compiler/sql/analysis/expressions.h"

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>
#include <vector>

namespace zc::sql {

// For one statement.
class StatementAnalyser final : public ExpressionAnalyser {
 public:
  using ExpressionAnalyser::ExpressionAnalyser;

  // Everything but the parameters, which go where the constructor was told.
  void run(const Statement& statement, Analysis& analysis);

 protected:
  std::vector<ResultFact> analyse_query(const Query& query, Scope* parent) override;

 private:
  struct NamedResults {
    std::string name;
    std::vector<ResultFact> results;
    bool is_open = false;  // its own query is being looked at
  };
  // What is inserted into one column.
  using Stored = std::vector<Nullable>;

  void analyse_tables(const std::vector<CommonTable>& tables, Scope* parent);
  std::vector<ResultFact> analyse_statement(const Statement& statement, Scope* parent, Analysis* analysis);
  std::vector<ResultFact> analyse_core(const Core& core, Scope* parent, const std::vector<Fact>& stored);
  std::vector<ResultFact> analyse_cores(const Query& query, Scope* parent, const std::vector<Fact>& stored);
  std::vector<ResultFact> analyse_items(const std::vector<Item>& items, Scope& scope,
                                        const std::vector<Fact>& stored);
  void analyse_insert(const Statement& statement, Scope& scope, Analysis* analysis);
  void analyse_assignments(const Statement& statement, Scope& scope);
  void add_joins(const std::vector<Join>& joins, Scope& scope);
  void add_join(const Join& join, Scope& scope);
  void add_source(const Source& source, Scope& scope);
  void share_columns(const Join& join, std::size_t first, Scope& scope);
  void assume_matches(const std::vector<Join>& joins, Scope& scope);
  ScopeSource table_source(llvm::StringRef table, llvm::StringRef alias);
  static ScopeSource result_source(llvm::StringRef name, const std::vector<ResultFact>& results,
                                   const std::vector<std::string>& columns);
  // The columns that are inserted, in their order; none when they cannot be told.
  std::vector<const Column*> inserted_columns(const Statement& statement, const Table& table) const;

  std::vector<NamedResults> named_;
};

}  // namespace zc::sql
