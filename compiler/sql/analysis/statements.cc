// From the sources of a query outwards: scopes, conditions, results.

#include "compiler/sql/analysis/statements.h"

#include "compiler/sql/analysis/conditions.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::sql {

// --- Sources ---

ScopeSource StatementAnalyser::table_source(llvm::StringRef name, llvm::StringRef alias) {
  ScopeSource source;
  source.name = (alias.empty() ? name : alias).str();
  const Table* table = analyst().catalog().find(name);
  if (table == nullptr) {
    source.is_open = true;
    return source;
  }
  const std::vector<Fact>& facts = analyst().columns_of(*table);
  for (std::size_t i = 0; i < facts.size(); ++i)
    source.columns.push_back({table->columns[i].name, facts[i], table->columns[i].is_hidden, false});
  source.has_rowid = !table->is_view && analyst().dialect() == Dialect::kSqlite;
  return source;
}

ScopeSource StatementAnalyser::result_source(llvm::StringRef name, const std::vector<ResultFact>& results,
                                             const std::vector<std::string>& columns) {
  ScopeSource source;
  source.name = name.str();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string& column = i < columns.size() ? columns[i] : results[i].name;
    source.columns.push_back({column, results[i].value, false, false});
    source.is_open = source.is_open || column.empty();
  }
  source.is_open = source.is_open || results.empty();
  return source;
}

void StatementAnalyser::add_source(const Source& source, Scope& scope) {
  if (!source.joins.empty()) return add_joins(source.joins, scope);
  if (source.query != nullptr) {
    scope.sources.push_back(
        result_source(source.alias, analyse_query(*source.query, scope.parent), source.columns));
    return;
  }
  if (source.is_function) {
    evaluate_all(source.arguments, scope);
    ScopeSource function;
    function.name = source.alias.empty() ? source.name : source.alias;
    function.is_open = true;
    scope.sources.push_back(std::move(function));
    return;
  }
  const auto named = llvm::find_if(llvm::reverse(named_), [&](const NamedResults& each) {
    return llvm::StringRef(each.name).equals_insensitive(source.name);
  });
  if (named != llvm::reverse(named_).end()) {
    ScopeSource result =
        result_source(source.alias.empty() ? source.name : source.alias, named->results, source.columns);
    result.is_open = result.is_open || named->is_open;
    scope.sources.push_back(std::move(result));
    return;
  }
  scope.sources.push_back(table_source(source.name, source.alias));
}

// `using` and `natural`: one column for two of the same name.
void StatementAnalyser::share_columns(const Join& join, std::size_t first, Scope& scope) {
  for (std::size_t i = first; i < scope.sources.size(); ++i) {
    for (ScopeColumn& column : scope.sources[i].columns) {
      const auto has_name = [&](llvm::StringRef name) { return name.equals_insensitive(column.name); };
      bool is_shared = llvm::any_of(join.shared, has_name);
      for (std::size_t k = 0; k < first && join.is_natural && !is_shared; ++k) {
        is_shared = llvm::any_of(scope.sources[k].columns,
                                 [&](const ScopeColumn& other) { return has_name(other.name); });
      }
      column.is_merged = column.is_merged || is_shared;
    }
  }
}

void StatementAnalyser::add_join(const Join& join, Scope& scope) {
  const std::size_t first = scope.sources.size();
  add_source(join.source, scope);
  const bool left_may_miss = join.kind == JoinKind::kRight || join.kind == JoinKind::kFull;
  const bool right_may_miss = join.kind == JoinKind::kLeft || join.kind == JoinKind::kFull;
  for (std::size_t i = 0; i < scope.sources.size(); ++i) {
    const bool may_miss = i < first ? left_may_miss : right_may_miss;
    scope.sources[i].is_nullable = scope.sources[i].is_nullable || may_miss;
  }
  // What a condition inside of brackets says does not hold for a row that is missing.
  std::erase_if(scope.not_null,
                [&](Place place) { return place.first < first ? left_may_miss : right_may_miss; });
  share_columns(join, first, scope);
}

void StatementAnalyser::add_joins(const std::vector<Join>& joins, Scope& scope) {
  for (const Join& join : joins) {
    add_join(join, scope);
    if (join.on) evaluate(*join.on, scope);
  }
  // A condition of an inner join holds for every row, unless a later join brings rows of its own.
  bool holds = true;
  for (const Join& join : llvm::reverse(joins)) {
    if (holds && join.on && join.kind == JoinKind::kInner) assume(*join.on, scope);
    holds = holds && join.kind != JoinKind::kRight && join.kind != JoinKind::kFull;
  }
}

// A source with a column that is not NULL has a row; then the condition that it was joined by holds.
void StatementAnalyser::assume_matches(const std::vector<Join>& joins, Scope& scope) {
  for (std::size_t i = joins.size(); i-- > 0;) {
    const Join& join = joins[i];
    const bool is_plain = joins.size() == scope.sources.size();
    if (!is_plain) break;
    const bool has_row = llvm::any_of(scope.not_null, [&](Place place) { return place.first == i; });
    if (has_row && join.on && join.kind == JoinKind::kLeft) assume(*join.on, scope);
  }
  for (const Place& place : scope.not_null)
    scope.sources[place.first].is_nullable = false;
}

// --- Queries ---

std::vector<ResultFact> StatementAnalyser::analyse_items(const std::vector<Item>& items, Scope& scope,
                                                         const std::vector<Fact>& stored) {
  std::vector<ResultFact> results;
  for (const Item& item : items) {
    if (!item.is_star) {
      Fact fact = evaluate(item.value, scope);
      if (results.size() < stored.size()) record(item.value, ParameterUse::kStored, stored[results.size()]);
      std::string name = item.alias;
      if (name.empty() && item.value.kind == ExprKind::kColumn) {
        // SQLite calls it as it is declared.
        const std::optional<Place> place = scope.find(item.value.qualifier, item.value.name);
        name = place ? scope.sources[place->first].columns[place->second].name : item.value.name;
      }
      results.push_back({std::move(name), fact, false, item.begin, item.end});
      continue;
    }
    for (std::size_t i = 0; i < scope.sources.size(); ++i) {
      const ScopeSource& source = scope.sources[i];
      const bool is_wanted =
          item.qualifier.empty() || llvm::StringRef(item.qualifier).equals_insensitive(source.name);
      if (!is_wanted) continue;
      for (std::size_t k = 0; k < source.columns.size(); ++k) {
        const ScopeColumn& column = source.columns[k];
        if (column.is_hidden || (column.is_merged && item.qualifier.empty())) continue;
        results.push_back({column.name, scope.fact_at({i, k}), true, item.begin, item.end});
      }
    }
  }
  return results;
}

std::vector<ResultFact> StatementAnalyser::analyse_core(const Core& core, Scope* parent,
                                                        const std::vector<Fact>& stored) {
  Scope scope;
  scope.parent = parent;
  std::vector<ResultFact> results;
  if (core.is_values) {
    for (const std::vector<Expr>& row : core.rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const Fact fact = evaluate(row[i], scope);
        if (stored.size() == row.size()) record(row[i], ParameterUse::kStored, stored[i]);
        if (i == results.size()) {
          results.push_back({"", fact, false, row[i].begin, row[i].end});
        } else {
          results[i].value = {common(results[i].value.type, fact.type),
                              either(results[i].value.nullable, fact.nullable), nullptr, nullptr};
        }
      }
    }
    return results;
  }
  add_joins(core.from, scope);
  if (core.where) {
    evaluate(*core.where, scope);
    assume(*core.where, scope);
  }
  assume_matches(core.from, scope);
  evaluate_all(core.group_by, scope);
  if (core.having) evaluate(*core.having, scope);
  const bool has_star = llvm::any_of(core.items, [](const Item& item) { return item.is_star; });
  const bool counts = stored.size() == core.items.size() && !has_star;
  // With `having` there may be no row at all.
  scope.is_one_group = core.group_by.empty() && !core.having &&
                       llvm::any_of(core.items, [](const Item& item) { return has_aggregate(item.value); });
  results = analyse_items(core.items, scope, counts ? stored : std::vector<Fact>());
  return results;
}

std::vector<ResultFact> StatementAnalyser::analyse_cores(const Query& query, Scope* parent,
                                                         const std::vector<Fact>& stored) {
  std::vector<ResultFact> results;
  for (std::size_t i = 0; i < query.cores.size(); ++i) {
    std::vector<ResultFact> more = analyse_core(query.cores[i], parent, stored);
    if (i == 0) {
      results = std::move(more);
      continue;
    }
    if (more.size() != results.size()) return {};  // one of them could not be told
    for (std::size_t k = 0; k < results.size(); ++k) {
      Fact& fact = results[k].value;
      fact = {common(fact.type, more[k].value.type), either(fact.nullable, more[k].value.nullable), nullptr,
              nullptr};
    }
  }
  Scope scope;
  scope.parent = parent;
  const Fact number = {Type::kInteger, Nullable::kNo, nullptr, nullptr};
  for (const Expr& limit : query.limits) {
    evaluate(limit, scope);
    record(limit, ParameterUse::kCounted, number);
  }
  // Their names are those of the results or of the sources: what is compared with there is not looked at.
  scope.sources.push_back({.name = "", .columns = {}, .is_open = true});
  evaluate_all(query.order_by, scope);
  return results;
}

std::vector<ResultFact> StatementAnalyser::analyse_query(const Query& query, Scope* parent) {
  const std::size_t before = named_.size();
  analyse_tables(query.tables, parent);
  std::vector<ResultFact> results = analyse_cores(query, parent, {});
  named_.resize(before);
  return results;
}

void StatementAnalyser::analyse_tables(const std::vector<CommonTable>& tables, Scope* parent) {
  for (const CommonTable& table : tables) {
    const std::size_t index = named_.size();
    named_.push_back({table.name, {}, true});
    std::vector<ResultFact> results = analyse_statement(*table.statement, parent, nullptr);
    for (std::size_t i = 0; i < results.size() && i < table.columns.size(); ++i)
      results[i].name = table.columns[i];
    named_[index] = {table.name, std::move(results), false};
  }
}

// --- Statements ---

std::vector<const Column*> StatementAnalyser::inserted_columns(const Statement& statement,
                                                               const Table& table) const {
  std::vector<const Column*> columns;
  for (const std::string& name : statement.columns)
    columns.push_back(table.find(name));
  if (!statement.columns.empty()) return columns;
  for (const Column& column : table.columns)
    if (!column.is_hidden && !column.is_generated) columns.push_back(&column);
  return columns;
}

void StatementAnalyser::analyse_insert(const Statement& statement, Scope& scope, Analysis* analysis) {
  const Table* table = analyst().catalog().find(statement.table);
  if (table == nullptr) {
    if (!statement.inserts_defaults) analyse_query(statement.query, nullptr);
    return;
  }
  const std::vector<const Column*> columns =
      statement.inserts_defaults ? std::vector<const Column*>() : inserted_columns(statement, *table);
  std::vector<Fact> stored;
  for (const Column* column : columns) {
    Fact fact;
    if (column != nullptr)
      fact = {column->type, column->refuses_null ? Nullable::kNo : Nullable::kYes, table, column};
    stored.push_back(fact);
  }
  std::vector<ResultFact> values;
  if (!statement.inserts_defaults) {
    const std::size_t before = named_.size();
    analyse_tables(statement.query.tables, nullptr);
    values = analyse_cores(statement.query, nullptr, stored);
    named_.resize(before);
  }
  // What was inserted is what is returned; a row that was there already holds what it held.
  for (std::size_t i = 0; i < scope.sources[0].columns.size() && i < table->columns.size(); ++i) {
    const Column* column = &table->columns[i];
    Fact& fact = scope.sources[0].columns[i].fact;
    const auto position = llvm::find(columns, column);
    if (fact.nullable != Nullable::kYes) continue;
    if (position == columns.end()) {
      if (column->is_filled || table->has_triggers) fact.nullable = Nullable::kUnknown;
      continue;
    }
    const auto index = static_cast<std::size_t>(position - columns.begin());
    const bool is_new = statement.assignments.empty();
    fact.nullable = index < values.size() && is_new ? values[index].value.nullable : Nullable::kUnknown;
  }
  if (analysis == nullptr || table->is_view || statement.has_action || table->has_triggers) return;
  analysis->inserted = table;
  for (const Column& column : table->columns) {
    if (column.refuses_null && !column.is_filled && !llvm::is_contained(columns, &column))
      analysis->left_out.push_back(&column);
  }
}

void StatementAnalyser::analyse_assignments(const Statement& statement, Scope& scope) {
  const Table* table = analyst().catalog().find(statement.table);
  for (const Assignment& assignment : statement.assignments) {
    const bool is_tuple = assignment.value.kind == ExprKind::kTuple &&
                          assignment.value.operands.size() == assignment.columns.size();
    const Fact value = evaluate(assignment.value, scope);
    for (std::size_t i = 0; i < assignment.columns.size(); ++i) {
      const Column* column = table == nullptr ? nullptr : table->find(assignment.columns[i]);
      if (column == nullptr) continue;
      const Fact stored = {column->type, column->refuses_null ? Nullable::kNo : Nullable::kYes, table,
                           column};
      if (is_tuple) {
        record(assignment.value.operands[i], ParameterUse::kStored, stored);
      } else if (assignment.columns.size() == 1) {
        record(assignment.value, ParameterUse::kStored, stored);
      }
    }
    if (statement.kind != StatementKind::kUpdate) continue;
    // What is returned is the new value.
    for (const std::string& name : assignment.columns) {
      const std::optional<Place> place = scope.find(scope.sources[0].name, name);
      if (!place) continue;
      Fact& fact = scope.sources[0].columns[place->second].fact;
      if (fact.nullable == Nullable::kYes)
        fact.nullable = is_tuple || assignment.columns.size() > 1 ? Nullable::kUnknown : value.nullable;
    }
  }
}

std::vector<ResultFact> StatementAnalyser::analyse_statement(const Statement& statement, Scope* parent,
                                                             Analysis* analysis) {
  const std::size_t before = named_.size();
  analyse_tables(statement.tables, parent);
  std::vector<ResultFact> results;
  if (statement.kind == StatementKind::kSelect) {
    results = analyse_query(statement.query, parent);
    named_.resize(before);
    return results;
  }
  Scope scope;
  scope.sources.push_back(table_source(statement.table, statement.alias));
  if (statement.kind == StatementKind::kInsert) {
    analyse_insert(statement, scope, analysis);
    // Behind `do update` both the row that is there and the one that was to be inserted have names.
    Scope conflict = scope;
    conflict.sources.push_back(table_source(statement.table, "excluded"));
    for (ScopeColumn& column : conflict.sources.back().columns)
      column.is_merged = true;
    analyse_assignments(statement, conflict);
    evaluate_all(statement.conditions, conflict);
  } else {
    add_joins(statement.from, scope);
    evaluate_all(statement.conditions, scope);
    for (const Expr& condition : statement.conditions)
      assume(condition, scope);
    for (const Place& place : scope.not_null)
      scope.sources[place.first].is_nullable = false;
    analyse_assignments(statement, scope);
    for (const Assignment& assignment : statement.assignments) {
      for (const std::string& name : assignment.columns) {
        if (const std::optional<Place> place = scope.find(scope.sources[0].name, name))
          scope.not_null.erase(*place);
      }
    }
  }
  results = analyse_items(statement.returning, scope, {});
  named_.resize(before);
  return results;
}

void StatementAnalyser::run(const Statement& statement, Analysis& analysis) {
  analysis.results = analyse_statement(statement, nullptr, &analysis);
  analysis.yields_rows = statement.kind == StatementKind::kSelect || !statement.returning.empty();
  analysis.table_begin = statement.table_begin;
  analysis.table_end = statement.table_end;
  analysis.is_known = true;
}

}  // namespace zc::sql
