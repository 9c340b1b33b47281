// Parses SQL statements that a database has accepted.

#pragma once

#include "compiler/sql/syntax/ast.h"
#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <optional>

namespace zc::sql {

// Select, values, insert, update and delete, of SQLite and PostgreSQL. None for other statements, and where
// the text has a construct that is not known here or nests too deep: then nothing is said about its types.
[[nodiscard]] std::optional<Statement> parse_statement(llvm::StringRef text, llvm::ArrayRef<Token> tokens,
                                                       Dialect dialect);

}  // namespace zc::sql
