// What a flow is told of a value that its database does not take.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/call/operation.h>

#include <cstdint>
#include <string_view>

namespace zerver::effects::sql {

// A statement that writes calls it a conflict. One that reads declares none: there it is the caller who has
// sent what cannot be looked for, and is told so with 400. An operation that declares nothing is told what it
// is. The text is used where it is.
inline Fault fault_of(const flow::Operation& operation, FaultKind kind, std::string_view why) noexcept {
  constexpr std::uint16_t kBadRequest = 400;
  const bool only_reads = operation.fails().contains(FaultKind::kUnavailable) &&
                          !operation.fails().contains(FaultKind::kConflict);
  Fault fault{kind, String::borrowed(why), {}};
  if (kind == FaultKind::kConflict && only_reads) {
    fault.kind = FaultKind::kInvalid;
    fault.status = kBadRequest;
  }
  return fault;
}

}  // namespace zerver::effects::sql
