// Runs what declares something, prepares the rest, and asks the server's catalog what came of it.

#include "compiler/sql/postgresql/database.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <array>
#include <utility>

namespace zc::sql {

namespace {

// https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr llvm::StringLiteral kSyntaxError = "42601";
constexpr llvm::StringLiteral kUndefinedTable = "42P01";
constexpr llvm::StringLiteral kUndefinedColumn = "42703";
constexpr llvm::StringLiteral kAmbiguousColumn = "42702";
constexpr llvm::StringLiteral kUndefinedFunction = "42883";
constexpr llvm::StringLiteral kUndefinedObject = "42704";

// What begins a statement that is of no use to a schema that is only looked at, or must not happen here: the
// transaction stays open, and nobody's rights matter.
constexpr std::array<llvm::StringLiteral, 18> kSkipped = {
    "begin", "start", "commit", "end",  "rollback", "abort",   "savepoint", "release", "set",
    "reset", "grant", "revoke", "copy", "vacuum",   "analyze", "listen",    "lock",    "checkpoint"};
// What is prepared and not run: rows do not matter.
constexpr std::array<llvm::StringLiteral, 6> kOnlyPrepared = {"insert", "update", "delete",
                                                              "select", "with",   "values"};

template <std::size_t size>
bool begins_with_one_of(llvm::StringRef text, Token token,
                        const std::array<llvm::StringLiteral, size>& words) {
  return llvm::any_of(words, [&](llvm::StringRef word) { return is_word(text, token, word); });
}

// `alter table t owner to somebody`, who need not be known here.
bool changes_owner(llvm::StringRef text, llvm::ArrayRef<Token> tokens) {
  if (!is_word(text, tokens[0], "alter")) return false;
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i)
    if (is_word(text, tokens[i], "owner") && is_word(text, tokens[i + 1], "to")) return true;
  return false;
}

// The first text in double quotes of a message.
std::string quoted(llvm::StringRef message) { return message.split('"').second.split('"').first.str(); }

// Extensions put their functions and types into `public`, which else is not looked at: tables that happen to
// be there are not those of the schema.
bool may_be_of_extension(const ServerError& error) {
  return error.state == kUndefinedFunction || error.state == kUndefinedObject;
}

}  // namespace

PostgresqlDatabase::PostgresqlDatabase(Connection& connection, std::string name, llvm::StringRef schema)
    : connection_(connection), name_(std::move(name)) {
  if (const auto error = connection_.run("create schema " + name_)) {
    schema_problems_.push_back({ProblemKind::kOther, 0, 0, "", error->message});
    return;
  }
  enter(false);
  declare(schema);
  read_catalog();
  catalog_.locate(schema, tokenize(schema, Dialect::kPostgresql));
}

void PostgresqlDatabase::enter(bool sees_public) {
  connection_.search_in(name_ + (sees_public ? ", public" : ""));
}

Problem PostgresqlDatabase::problem_of(const ServerError& error, llvm::StringRef text) {
  Problem problem;
  problem.message = error.message;
  const std::vector<Token> tokens = tokenize(text, Dialect::kPostgresql);
  const llvm::StringRef state = error.state;
  if (state == kSyntaxError) problem.kind = ProblemKind::kSyntax;
  if (state == kUndefinedTable) problem.kind = ProblemKind::kUnknownTable;
  if (state == kUndefinedColumn) problem.kind = ProblemKind::kUnknownColumn;
  if (state == kAmbiguousColumn) problem.kind = ProblemKind::kAmbiguousColumn;
  if (state == kUndefinedFunction && llvm::StringRef(error.message).starts_with("function "))
    problem.kind = ProblemKind::kUnknownFunction;
  std::size_t index = 0;
  if (error.position) {
    while (index + 1 < tokens.size() && tokens[index].end <= *error.position)
      ++index;
    // Of `t.title` the place is that of the qualifier.
    const bool names_column =
        problem.kind == ProblemKind::kUnknownColumn || problem.kind == ProblemKind::kAmbiguousColumn;
    while (names_column && index + 2 < tokens.size() && is_symbol(text, tokens[index + 1], "."))
      index += 2;
  }
  problem.begin = tokens[index].begin;
  problem.end = tokens[index].end;
  const bool is_named =
      tokens[index].kind == TokenKind::kWord || tokens[index].kind == TokenKind::kQuotedName;
  if (problem.kind != ProblemKind::kSyntax && problem.kind != ProblemKind::kOther)
    problem.name = is_named && error.position ? name_of(text, tokens[index]) : quoted(error.message);
  return problem;
}

void PostgresqlDatabase::declare(llvm::StringRef schema) {
  const std::vector<Token> tokens = tokenize(schema, Dialect::kPostgresql);
  for (const TokenRange range : split_script(schema, tokens)) {
    if (!connection_.failure().empty()) return;
    const std::uint32_t base = tokens[range.begin].begin;
    declare_one(schema.slice(base, tokens[range.end - 1].end), base);
  }
}

void PostgresqlDatabase::declare_one(llvm::StringRef text, std::uint32_t base) {
  const std::vector<Token> tokens = tokenize(text, Dialect::kPostgresql);
  if (begins_with_one_of(text, tokens[0], kSkipped) || changes_owner(text, tokens)) return;
  const bool is_prepared = begins_with_one_of(text, tokens[0], kOnlyPrepared);
  const auto attempt = [&] {
    Connection::Described described;
    return is_prepared ? connection_.describe(text, described) : connection_.run(text);
  };
  std::optional<ServerError> error = attempt();
  if (error && may_be_of_extension(*error)) {
    enter(true);
    if (!attempt()) error.reset();
    enter(false);
  }
  if (!error) return;
  Problem problem = problem_of(*error, text);
  problem.begin += base;
  problem.end += base;
  const bool is_consequence = !schema_problems_.empty() && problem.kind == ProblemKind::kUnknownTable;
  if (!is_consequence) schema_problems_.push_back(std::move(problem));
}

void PostgresqlDatabase::read_catalog() {
  const std::vector<Connection::Row> rows = connection_.query(
      "select c.oid, c.relname, c.relkind, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, "
      "a.atttypmod), "
      "a.attnotnull or t.typnotnull, a.atthasdef or a.attidentity <> '', a.attgenerated <> '', "
      "c.relhastriggers, a.atttypid "
      "from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
      "join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
      "join pg_catalog.pg_type t on t.oid = a.atttypid "
      "where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') order by c.oid, a.attnum",
      {name_});
  Table* table = nullptr;
  for (const Connection::Row& row : rows) {
    if (table == nullptr || table->name != row[1]) {
      table = &catalog_.add(row[1]);
      table->is_view = row[2] == "v" || row[2] == "m";
      // Those of foreign keys count, too; what an insert leaves out is not looked at then.
      table->has_triggers = row[9] == "t";
    }
    Column column;
    column.name = row[4];
    column.declared = row[5];
    Oid table_id = 0;
    Oid type = 0;
    int number = 0;
    if (!llvm::to_integer(row[0], table_id) || !llvm::to_integer(row[3], number) ||
        !llvm::to_integer(row[10], type))
      continue;
    column.type = type_of(type);
    column.not_null = row[6] == "t";
    column.refuses_null = column.not_null;
    column.is_filled = row[7] == "t" || row[8] == "t";
    column.is_generated = row[8] == "t";
    places_[{table_id, number}] = {table->name, column.name};
    table->columns.push_back(std::move(column));
  }
}

Type PostgresqlDatabase::type_of(Oid type) {
  const auto known = types_.find(type);
  if (known != types_.end()) return known->second;
  Type result = Type::kUnknown;
  // A domain is what it is made of; an enumeration is text to whoever binds it.
  const std::vector<Connection::Row> rows = connection_.query(
      "select t.typtype, pg_catalog.format_type(case when t.typtype = 'd' then t.typbasetype else t.oid end, "
      "null) from pg_catalog.pg_type t where t.oid = $1::oid",
      {std::to_string(type)});
  if (!rows.empty()) {
    if (rows[0][0] == "e") {
      result = Type::kText;
    } else if (rows[0][0] == "b" || rows[0][0] == "d") {
      result = type_of_declaration(rows[0][1]);
    }
  }
  types_[type] = result;
  return result;
}

Prepared PostgresqlDatabase::prepare(llvm::StringRef text) {
  Prepared result;
  Connection::Described described;
  enter(false);
  std::optional<ServerError> error = connection_.describe(text, described);
  if (error && may_be_of_extension(*error)) {
    enter(true);
    Connection::Described again;
    if (!connection_.describe(text, again)) {
      error.reset();
      described = std::move(again);
    }
    enter(false);
  }
  if (!connection_.failure().empty()) {
    result.is_opaque = true;
    return result;
  }
  if (error) {
    result.problem = problem_of(*error, text);
    return result;
  }
  for (const Oid parameter : described.parameters)
    result.parameters.push_back(type_of(parameter));
  for (const Connection::Described::Field& field : described.fields) {
    ResultColumn column;
    column.name = field.name;
    column.type = type_of(field.type);
    const auto place = places_.find({field.table, field.column});
    if (place != places_.end()) {
      column.table = place->second.table;
      column.column = place->second.column;
    }
    result.columns.push_back(std::move(column));
  }
  return result;
}

}  // namespace zc::sql
