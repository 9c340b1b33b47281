// Which rows and columns of which tables a SQL statement touches, as far as its text says it.

#pragma once

#include "compiler/model/expression.h"

#include <cstdint>
#include <string>
#include <vector>

namespace zc::check {

// What a column is compared with or set to: a parameter, or a literal as it is written.
struct SqlValue {
  const model::Expression* parameter = nullptr;
  std::string literal;
};

struct SqlColumn {
  std::string name;  // lower case; empty in an insert that names no columns
  SqlValue value;
};

enum class SqlUse : std::uint8_t { kRead, kInsert, kUpdate, kDelete };

struct SqlAccess {
  SqlUse use = SqlUse::kRead;
  std::string table;                 // lower case, without its schema
  std::vector<SqlColumn> keys;       // `column = value` that all of its rows fulfil; empty: any row
  std::vector<SqlColumn> inserted;   // of kInsert
  std::vector<std::string> written;  // sorted columns of kUpdate
  std::vector<std::string> added;    // sorted, those of `written` with the form `c = c + value`
  std::vector<std::string> read;     // sorted words, columns among them
  bool reads_all_columns = false;
};

// One element a table and use; the table that is changed first. `statement` outlives the result.
[[nodiscard]] std::vector<SqlAccess> sql_accesses(const model::Expression& statement);

}  // namespace zc::check
