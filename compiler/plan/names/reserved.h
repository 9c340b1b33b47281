// Names that generated code cannot give to what a `.flow` file declares, because they mean something else
// there.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <set>
#include <string>

namespace zc::plan {

// Whether a header that stands before generated code may have defined `name` as a macro.
[[nodiscard]] bool is_macro(llvm::StringRef name);

// Names of the namespace of every package that are not the user's.
[[nodiscard]] std::set<std::string> reserved_in_package();

}  // namespace zc::plan
