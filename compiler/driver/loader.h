// Reads and parses everything that takes part: the files named on the command line and what they import.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/check/input.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/driver/phase_timer.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace zc::driver {

// What diagnostics call standard input.
inline constexpr llvm::StringLiteral kStandardInputName = "<stdin>";

// Where files are looked for.
struct SearchPath {
  std::vector<std::string> import_dirs;  // of -I, in order
  std::string std_dir;                   // last; also holds the prelude, zerver.flow
};

struct LoadResult {
  std::vector<check::LoadedFile> files;  // the prelude first, then as they were first named
  bool environment_failed = false;       // a file could not be read, or the standard library is not there
};

// Each file is read and parsed once, by whatever names it is reached. Files of one generation (those named,
// then what they import, and so on) are parsed in parallel by at most `jobs` threads (0: one a processor);
// what is reported does not depend on that. An import that names no file is reported where it stands.
[[nodiscard]] LoadResult load(llvm::ArrayRef<std::string> inputs, const SearchPath& search_path,
                              unsigned jobs, SourceManager& sources,
                              diagnostics::DiagnosticEngine& diagnostics, PhaseTimer& timer);

// What is generated for the file at `path` is called: its path below the first of `import_dirs` that holds
// it, else its name; without `.flow`. Folders are compared by name, links are not followed.
[[nodiscard]] std::string output_path(llvm::StringRef path, llvm::ArrayRef<std::string> import_dirs);

}  // namespace zc::driver
