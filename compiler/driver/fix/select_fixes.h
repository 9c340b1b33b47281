// Which repairs of a report can be made at once, and the texts that they make.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"

#include <llvm/ADT/STLFunctionalExtras.h>

#include <string>
#include <utility>
#include <vector>

namespace zc::driver {

struct ChosenFixes {
  std::vector<const diagnostics::Diagnostic*> diagnostics;  // that go away, in the order of the report
  std::vector<std::pair<FileId, std::string>> texts;        // of the files that change, whole
};

// A finding with exactly one fix has a repair; where there are several, the choice is the user's. Of repairs
// that touch the same bytes, or insert at the same place, the first is taken: the next round sees the others.
// `may_change` says which files may be edited; a fix that reaches into another is left out. Pure.
[[nodiscard]] ChosenFixes choose_fixes(const diagnostics::Report& report, const SourceManager& sources,
                                       llvm::function_ref<bool(FileId)> may_change);

}  // namespace zc::driver
