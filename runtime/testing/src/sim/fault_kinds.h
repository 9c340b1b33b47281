// The faults that an adapter can end an operation with.
#pragma once

#include <zerver/core/fault.h>

namespace zerver::testing {

inline constexpr FaultKind kFaultKinds[] = {FaultKind::kInvalid,     FaultKind::kMissing,
                                            FaultKind::kConflict,    FaultKind::kRejected,
                                            FaultKind::kUnavailable, FaultKind::kTimeout};

}  // namespace zerver::testing
