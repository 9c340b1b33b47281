// Reads a target's URL as far as it is written down.

#include "compiler/check/sql/databases.h"

#include "compiler/sql/server.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::check {

using model::ExpressionKind;

bool Databases::is_sql(const model::Target& target) const {
  if (!target.adapter.is_valid()) return false;
  const model::Origin& origin = context_.program.adapters[target.adapter].origin;
  return origin.package == context_.prelude && origin.name == "sql";
}

Databases::Location Databases::location(const model::Target& target) {
  Location result;
  const model::Expression* url = target.arguments.empty() ? nullptr : &target.arguments[0];
  while (url != nullptr && url->kind == ExpressionKind::kConvert)
    url = &url->operands[0];
  if (url != nullptr && url->kind == ExpressionKind::kBinary && url->op == model::Operator::kCoalesce) {
    result.is_final = false;
    url = &url->operands[1];
  }
  const bool is_written = url != nullptr && url->kind == ExpressionKind::kConstant &&
                          url->constant.kind == model::Constant::Kind::kString;
  if (!is_written) {
    result.is_final = false;
    return result;
  }
  const llvm::StringRef text = url->constant.text;
  if (text.starts_with("sqlite:")) {
    result.url = Url::kSqlite;
  } else if (text.starts_with("postgres:") || text.starts_with("postgresql:")) {
    result.url = Url::kPostgresql;
  } else {
    result.url = Url::kOther;
  }
  return result;
}

// The service gives a database the schema of the package that declares its target.
model::PackageId Databases::package_of_schema(const model::Target& target, model::PackageId package) const {
  const bool has_schema = context_.program.packages[target.origin.package].schema_file.is_valid();
  return has_schema ? target.origin.package : package;
}

std::vector<CheckedDatabase*> Databases::find(const model::Target& target, model::PackageId package) {
  const Location where = location(target);
  const model::PackageId owner = package_of_schema(target, package);
  const model::Package& schema_owner = context_.program.packages[owner];
  const bool has_schema = schema_owner.schema_file.is_valid();
  // A schema that is named and cannot be read was reported.
  if (!has_schema && !schema_owner.schema_path.empty()) return {};
  const bool may_be_postgresql = where.url == Url::kPostgresql || !where.is_final;
  std::vector<CheckedDatabase*> result;
  if (where.url == Url::kSqlite) result.push_back(open(owner, sql::Dialect::kSqlite, false));
  if (where.url == Url::kNotKnown && server_ == nullptr && has_schema)
    result.push_back(open(owner, sql::Dialect::kSqlite, true));
  if (server_ != nullptr && may_be_postgresql && has_schema)
    result.push_back(open(owner, sql::Dialect::kPostgresql, false));
  if (where.url == Url::kPostgresql && server_ == nullptr) report_unchecked(package, target);
  llvm::erase(result, nullptr);
  return result;
}

void Databases::load_all_schemas() {
  for (const model::Target& target : context_.program.targets) {
    const model::PackageId package = target.origin.package;
    const bool has_schema = context_.program.packages[package].schema_file.is_valid();
    if (has_schema && is_sql(target)) static_cast<void>(find(target, package));
  }
}

CheckedDatabase* Databases::open(model::PackageId package, sql::Dialect dialect, bool is_guess) {
  const model::Package& owner = context_.program.packages[package];
  const auto [known, is_new] = databases_.try_emplace({owner.schema_file.raw(), dialect});
  CheckedDatabase& result = known->second;
  if (is_new) {
    result.schema = owner.schema_file;
    result.is_guess = is_guess;
    result.database = dialect == sql::Dialect::kSqlite ? sql::open_sqlite(owner.schema)
                                                       : server_->load_schema(owner.schema);
    if (result.database != nullptr) {
      result.analyst = std::make_unique<sql::Analyst>(result.database->catalog(), dialect);
      report_schema(result);
      result.is_schema_broken = !result.database->schema_problems().empty();
    }
  }
  return result.database == nullptr ? nullptr : &result;
}

void Databases::report_schema(const CheckedDatabase& database) {
  for (const sql::Problem& problem : database.database->schema_problems()) {
    const Span span = database.schema.is_valid() ? Span{database.schema, problem.begin, problem.end} : Span{};
    auto& diagnostic = context_.engine.report(Kind::kSchemaError, span, problem.message);
    if (database.database->dialect() == sql::Dialect::kPostgresql) {
      diagnostic.note("this is what the server of `--sql-check` says");
    } else if (database.is_guess) {
      diagnostic.note("the URL of the target has no default, so SQLite is asked");
      diagnostic.help(
          "for PostgreSQL write `env.NAME ?? \"postgres://...\"`, or check with `--sql-check=URL`");
    }
  }
}

void Databases::report_unchecked(model::PackageId package, const model::Target& target) {
  if (unchecked_.size() <= package.index()) unchecked_.resize(package.index() + 1);
  if (unchecked_[package.index()]) return;
  unchecked_[package.index()] = true;
  const model::Package& owner = context_.program.packages[package];
  const Span place = owner.schema_span.is_valid() ? owner.schema_span : target.origin.span;
  auto& diagnostic = context_.engine.report(Kind::kUncheckedSql, place);
  if (place != target.origin.span) diagnostic.secondary(target.origin.span, "its database is PostgreSQL");
  diagnostic.note("only a server of PostgreSQL can say what it takes");
  diagnostic.help("`--sql-check=URL` names one; nothing is changed on it");
}

}  // namespace zc::check
