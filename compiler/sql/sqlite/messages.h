// What SQLite says about a statement that it refuses, as a value.

#pragma once

#include "compiler/sql/database.h"

#include <llvm/ADT/ArrayRef.h>

namespace zc::sql {

// `offset` is that of `sqlite3_error_offset`, negative when SQLite does not know the place: then the token
// that the message names counts, else the first one.
[[nodiscard]] Problem explain_message(llvm::StringRef message, int offset, llvm::StringRef text,
                                      llvm::ArrayRef<Token> tokens);

}  // namespace zc::sql
