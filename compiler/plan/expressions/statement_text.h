// The text of a statement as the runtime gets it.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <string>

namespace zc::plan {

// `??` for each `?` that is an operator of PostgreSQL, because `?` stands for a value that is bound; what is
// in quotes or in a comment stays. SQLite, which has no such operator, has refused the statement.
[[nodiscard]] std::string with_doubled_operators(llvm::StringRef sql);

}  // namespace zc::plan
