// Finds the statements of steps, and has each one checked.

#include "compiler/check/sql/sql.h"

#include "compiler/check/expressions/literals.h"
#include "compiler/check/sql/compatibility.h"
#include "compiler/check/sql/databases.h"
#include "compiler/check/sql/statement_check.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::check {

const StatementFacts& StatementCache::find(CheckedDatabase& database, const std::string& text) {
  const auto [known, is_new] = facts_[&database].try_emplace(text);
  StatementFacts& facts = known->second;
  if (!is_new) return facts;
  const sql::Dialect dialect = database.database->dialect();
  facts.tokens = sql::tokenize(text, dialect);
  const std::vector<sql::TokenRange> statements = sql::split_script(text, facts.tokens);
  if (statements.size() == 1) {
    facts.prepared = database.database->prepare(text);
    if (!facts.prepared.problem) facts.analysis = database.analyst->analyse(text);
    return facts;
  }
  const sql::Token second = statements.empty() ? facts.tokens.back() : facts.tokens[statements[1].begin];
  facts.prepared.problem = {
      sql::ProblemKind::kStatementCount, second.begin, second.end, "",
      statements.empty() ? "there is no statement" : "a string holds one statement, and here begins another"};
  return facts;
}

const model::Operation& StatementUse::operation() const {
  const model::Target& target = context.program.targets[call.target];
  return context.program.adapters[target.adapter].operations[call.operation];
}

void StatementUse::label_column(diagnostics::Diagnostic& diagnostic, const sql::Column* column) const {
  if (column == nullptr || !column->declared_at || !database.schema.is_valid()) return;
  const std::uint32_t begin = *column->declared_at;
  diagnostic.secondary({database.schema, begin, begin + static_cast<std::uint32_t>(column->name.size())},
                       "the column is declared here");
}

model::TypeKind StatementUse::kind_of(model::TypeId type) const {
  const model::TypeId inner = strip_scalar(context, context.types.strip_optional(type));
  return context.types.kind(inner);
}

namespace {

class SqlCheck {
 public:
  SqlCheck(Context& context, sql::Server* server) : context_(context), databases_(context, server) {}

  void run() {
    for (model::Step& step : context_.program.steps) {
      if (step.call) check(step, *step.call);
      if (step.group) check(step, *step.group);
      if (step.undo) check(step, *step.undo);
    }
    databases_.load_all_schemas();
  }

 private:
  void check(const model::Step& step, model::Group& group) {
    for (model::GroupMember& member : group.members) {
      if (member.group) {
        check(step, *member.group);
      } else {
        check(step, member.call);
      }
    }
  }

  void check(const model::Step& step, model::EffectCall& call) {
    if (!call.target.is_valid() || !databases_.is_sql(context_.program.targets[call.target])) return;
    const auto statement = llvm::find_if(call.arguments, [](const model::Expression& argument) {
      return argument.kind == model::ExpressionKind::kStatement;
    });
    if (statement == call.arguments.end()) return;
    for (CheckedDatabase* database :
         databases_.find(context_.program.targets[call.target], step.origin.package)) {
      if (!check(step, call, *statement, *database)) return;
    }
  }

  // False when something was reported that a further database would say again.
  bool check(const model::Step& step, model::EffectCall& call, const model::Expression& statement,
             CheckedDatabase& database) {
    const StatementText text(statement, call.bulk, database.database->dialect(), context_.engine.sources());
    const StatementFacts& facts = cache_.find(database, text.text());
    const StatementUse use{context_, step, call, statement, database, text, facts};
    const std::size_t before = context_.engine.reported_count();
    if (check_prepared(use) && check_bound(use)) {
      if (facts.analysis.is_known || !facts.prepared.parameters.empty()) check_parameters(use);
      check_results(use);
      record_columns(call, facts);
      record_digits(use, call);
    }
    return context_.engine.reported_count() == before;
  }

  static void record_columns(model::EffectCall& call, const StatementFacts& facts) {
    if (!call.columns.empty()) return;
    const std::vector<sql::ResultColumn>& columns = facts.prepared.columns;
    const bool is_known = facts.analysis.is_known && facts.analysis.results.size() == columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool may_be_null = !is_known || facts.analysis.results[i].value.nullable != sql::Nullable::kNo;
      call.columns.push_back({columns[i].name, may_be_null});
    }
  }

  // What is written is said to the database with the value: it cannot tell where a parameter goes.
  static void record_digits(const StatementUse& use, model::EffectCall& call) {
    if (!call.digits.empty()) return;
    const std::vector<sql::ParameterFact>& facts = use.facts.analysis.parameters;
    for (std::size_t i = 0; i < use.text.parameters().size() && i < facts.size(); ++i) {
      const sql::Column* column = facts[i].with.column;
      if (facts[i].use != sql::ParameterUse::kStored || column == nullptr) continue;
      if (rounds_digits(use.kind_of(use.text.parameters()[i].value->type), column->declared))
        call.digits.push_back(static_cast<std::uint32_t>(i));
    }
  }

  Context& context_;
  Databases databases_;
  StatementCache cache_;
};

}  // namespace

void check_sql(Context& context, sql::Server* server) { SqlCheck(context, server).run(); }

}  // namespace zc::check
