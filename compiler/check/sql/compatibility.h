// Which types of the language go with which columns. The rules follow how the runtime binds and reads values:
// runtime/flow/include/zerver/flow/data/value.h and row_set.h.

#pragma once

#include "compiler/model/types.h"
#include "compiler/sql/types.h"

#include <llvm/ADT/StringRef.h>

namespace zc::check {

// Whether a value of this kind can be compared with a column of `type`. `kind` is that below optionals and
// scalars. What is not known goes with everything, and so do the two functions below.
[[nodiscard]] bool can_compare(model::TypeKind kind, sql::Type type);
// Whether it can be stored in it without becoming something else.
[[nodiscard]] bool can_store(model::TypeKind kind, sql::Type type);
// Whether SQLite makes a number of what is stored there, which it keeps exactly up to 15 digits: by the words
// of the declaration. https://www.sqlite.org/datatype3.html, 3.1
[[nodiscard]] bool rounds_digits(model::TypeKind kind, llvm::StringRef declared);
// Whether a field of this kind can be read from it.
[[nodiscard]] bool can_read(model::TypeKind kind, sql::Type type);

// "text", "integer": what to call a type that has no declaration.
[[nodiscard]] llvm::StringRef type_word(sql::Type type);

}  // namespace zc::check
