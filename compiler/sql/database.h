// A database that statements are prepared on while a program is compiled.

#pragma once

#include "compiler/sql/catalog.h"
#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zc::sql {

enum class ProblemKind : std::uint8_t {
  kSyntax,
  kUnknownTable,
  kUnknownColumn,
  kAmbiguousColumn,
  kUnknownFunction,
  kStatementCount,  // there must be exactly one
  kOther,           // whatever else the database refuses
};

// Why the database refuses a statement.
struct Problem {
  ProblemKind kind = ProblemKind::kOther;
  std::uint32_t begin = 0, end = 0;  // the token, in the statement's text or the schema's
  std::string name;                  // the table, column or function that is not known or ambiguous
  std::string message;               // in the database's words
};

struct ResultColumn {
  std::string name;
  std::string table, column;  // where its values come from, when they do from a column; else empty
  Type type = Type::kUnknown;
};

struct Prepared {
  std::optional<Problem> problem;
  std::vector<ResultColumn> columns;
  std::vector<Type> parameters;  // as the database wants them; empty where it takes any
  bool is_opaque = false;        // it could not be looked into: nothing is known about its columns
};

class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  [[nodiscard]] virtual Dialect dialect() const = 0;
  // One statement, with `?` (of PostgreSQL: `$1`, `$2`, ...) for each parameter. Nothing is run.
  [[nodiscard]] virtual Prepared prepare(llvm::StringRef text) = 0;

  [[nodiscard]] const Catalog& catalog() const { return catalog_; }
  // What is wrong with the schema that it was made with.
  [[nodiscard]] const std::vector<Problem>& schema_problems() const { return schema_problems_; }

 protected:
  Catalog catalog_;
  std::vector<Problem> schema_problems_;
};

// A database in memory with the tables of a schema. Only statements that declare something are run; the
// schema can reach no file, and runs and grows within bounds. The error says that there is no memory.
[[nodiscard]] std::unique_ptr<Database> open_sqlite(llvm::StringRef schema);

}  // namespace zc::sql
