// Names as a `.flow` file writes them.

#include "compiler/model/words.h"

#include <llvm/ADT/StringRef.h>

namespace zc::model {

std::string name_text(const Program& program, PackageId from, const Origin& origin) {
  if (origin.package == from || !origin.package.is_valid() || program.packages[origin.package].is_prelude)
    return origin.name;
  for (const Import& import : program.packages[from].imports) {
    if (import.package == origin.package) return import.alias + "." + origin.name;
  }
  const llvm::StringRef package = program.packages[origin.package].name;
  return (package.rsplit('.').second.empty() ? package : package.rsplit('.').second).str() + "." +
         origin.name;
}

}  // namespace zc::model
