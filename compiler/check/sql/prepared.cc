// What a database says about a statement, as diagnostics.

#include "compiler/check/sql/statement_check.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::check {

namespace {

llvm::StringRef database_name(sql::Dialect dialect) {
  return dialect == sql::Dialect::kSqlite ? "SQLite" : "PostgreSQL";
}

class PreparedCheck {
 public:
  explicit PreparedCheck(const StatementUse& use) : use_(use), problem_(*use.facts.prepared.problem) {}

  void report() {
    if (is_excused()) return;
    diagnostics::Diagnostic& diagnostic = report_kind();
    if (use_.database.is_guess) {
      diagnostic.note("checked with SQLite, because the URL of target `" +
                      use_.context.program.targets[use_.call.target].origin.name + "` has no default");
    } else if (use_.database.database->dialect() == sql::Dialect::kPostgresql) {
      diagnostic.note("this is what the server of `--sql-check` says");
    }
  }

 private:
  // Without a schema any table may be there; behind a mistake in it, what the mistake has hidden.
  [[nodiscard]] bool is_excused() const {
    const bool names_table = problem_.kind == sql::ProblemKind::kUnknownTable;
    const bool names_column = problem_.kind == sql::ProblemKind::kUnknownColumn;
    if (!use_.database.schema.is_valid()) return names_table;
    return use_.database.is_schema_broken && (names_table || names_column);
  }

  diagnostics::Diagnostic& report_kind() {
    diagnostics::DiagnosticEngine& engine = use_.context.engine;
    const Span span = use_.text.span(problem_.begin, problem_.end);
    const llvm::StringRef name = database_name(use_.database.database->dialect());
    switch (problem_.kind) {
      case sql::ProblemKind::kSyntax:
        return engine.report(Kind::kSqlSyntax, span, problem_.message);
      case sql::ProblemKind::kUnknownTable:
        return suggest(engine.report(Kind::kUnknownTable, span, problem_.name), span, table_names());
      case sql::ProblemKind::kUnknownColumn:
        return explain_column(
            suggest(engine.report(Kind::kUnknownColumn, span, problem_.name), span, column_names()));
      case sql::ProblemKind::kAmbiguousColumn:
        return explain_ambiguous(engine.report(Kind::kAmbiguousColumn, span, problem_.name));
      case sql::ProblemKind::kUnknownFunction:
        return engine.report(Kind::kUnknownFunction, span, name, problem_.name);
      case sql::ProblemKind::kStatementCount:
        return engine.report(Kind::kStatementCount, span, problem_.message)
            .help("write each statement in a step of its own");
      case sql::ProblemKind::kOther:
        break;
    }
    return engine.report(Kind::kRefusedStatement, span, name, problem_.message);
  }

  diagnostics::Diagnostic& suggest(diagnostics::Diagnostic& diagnostic, Span span,
                                   const std::vector<llvm::StringRef>& names) const {
    if (const auto guess = diagnostics::did_you_mean(problem_.name, names))
      diagnostic.fix("write `" + *guess + "`", span, *guess);
    return diagnostic;
  }

  [[nodiscard]] std::vector<llvm::StringRef> table_names() const {
    std::vector<llvm::StringRef> names;
    for (const sql::Table& table : use_.database.database->catalog().tables())
      names.push_back(table.name);
    return names;
  }

  // The tables that the statement names.
  [[nodiscard]] std::vector<const sql::Table*> tables() const {
    std::vector<const sql::Table*> tables;
    for (const sql::Token token : use_.facts.tokens) {
      if (token.kind != sql::TokenKind::kWord && token.kind != sql::TokenKind::kQuotedName) continue;
      const sql::Table* table = use_.database.database->catalog().find(sql::name_of(use_.text.text(), token));
      if (table != nullptr && !llvm::is_contained(tables, table)) tables.push_back(table);
    }
    return tables;
  }

  [[nodiscard]] std::vector<llvm::StringRef> column_names() const {
    std::vector<llvm::StringRef> names;
    for (const sql::Table* table : tables())
      for (const sql::Column& column : table->columns)
        names.push_back(column.name);
    return names;
  }

  diagnostics::Diagnostic& explain_column(diagnostics::Diagnostic& diagnostic) const {
    const auto token = llvm::find_if(use_.facts.tokens,
                                     [&](const sql::Token& each) { return each.begin == problem_.begin; });
    const bool is_quoted = token != use_.facts.tokens.end() && token->kind == sql::TokenKind::kQuotedName;
    if (is_quoted) diagnostic.note("in double quotes stands a name; a text is written in single quotes");
    const std::vector<const sql::Table*> named = tables();
    if (named.size() == 1 && named[0]->declared_at && use_.database.schema.is_valid()) {
      const auto begin = *named[0]->declared_at;
      diagnostic.secondary(
          {use_.database.schema, begin, begin + static_cast<std::uint32_t>(named[0]->name.size())},
          "the table is declared here");
    }
    return diagnostic;
  }

  diagnostics::Diagnostic& explain_ambiguous(diagnostics::Diagnostic& diagnostic) const {
    for (const sql::Table* table : tables())
      use_.label_column(diagnostic, table->find(problem_.name));
    return diagnostic.help("write the table before it: `table." + problem_.name + "`");
  }

  const StatementUse& use_;
  const sql::Problem& problem_;
};

}  // namespace

bool check_prepared(const StatementUse& use) {
  if (!use.facts.prepared.problem) return true;
  PreparedCheck(use).report();
  return false;
}

}  // namespace zc::check
