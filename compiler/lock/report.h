// Changes as diagnostics.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/lock/compare.h"

#include <llvm/ADT/ArrayRef.h>

#include <optional>
#include <string>
#include <vector>

namespace zc::lock {

// Reports the changes that are graver than `accepted`, as errors. False when there was none.
bool report_changes(llvm::ArrayRef<Change> changes, Class accepted, const SourceManager& sources,
                    diagnostics::DiagnosticEngine& engine);

// "safe: flow `todo.v1.list` is new (flow-added)", one a change, at most twenty and a count of the rest.
[[nodiscard]] std::vector<std::string> list_changes(llvm::ArrayRef<Change> changes);

}  // namespace zc::lock
