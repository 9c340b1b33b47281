// Errors of sockets and of TLS as faults, with texts that never go.
#pragma once

#include <zerver/core/fault.h>

namespace zerver::io::net {

inline Fault unavailable(String why) noexcept { return {FaultKind::kUnavailable, why, {}}; }
// Of an errno.
Fault fault_of(int error) noexcept;
inline Fault closed_here() noexcept { return unavailable("the connection is closed"); }

}  // namespace zerver::io::net
