// What a flow is told of a value that its database does not take.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/call/operation.h>

namespace zerver::effects::sql {

// A statement that writes calls it a conflict. One that reads declares none: there it is the caller who has
// sent what cannot be looked for. An operation that declares nothing is told what it is.
inline FaultKind kind_for(const flow::Operation& operation, FaultKind kind) noexcept {
  const bool only_reads = operation.fails().contains(FaultKind::kUnavailable) &&
                          !operation.fails().contains(FaultKind::kConflict);
  return kind == FaultKind::kConflict && only_reads ? FaultKind::kInvalid : kind;
}

}  // namespace zerver::effects::sql
