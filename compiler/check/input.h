// What this stage takes: the parsed files of a program, and which file each import means.

#pragma once

#include "compiler/base/span.h"
#include "compiler/syntax/tree.h"

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace zc::check {

struct LoadedFile {
  std::string path;         // as it was found: what diagnostics and depfiles call it
  std::string output_path;  // stem of what is generated: "zerver/auth"
  bool is_root = false;     // named on the command line
  bool is_prelude = false;
  syntax::SyntaxTree tree;
  // One an import declaration of the tree, in order: an index in the list of files, none where it was not
  // found, which was reported.
  std::vector<std::optional<std::size_t>> imports;
  std::string schema_path;  // of the file that `schema` names, as it was found; empty where there is none
  llvm::StringRef schema;   // its text, in the SourceManager
  FileId schema_file;
};

}  // namespace zc::check
