#include <zerver/core/fault.h>

namespace zerver {

std::string_view name_of(FaultKind kind) noexcept {
  switch (kind) {
    case FaultKind::kInvalid:
      return "invalid";
    case FaultKind::kMissing:
      return "missing";
    case FaultKind::kConflict:
      return "conflict";
    case FaultKind::kRejected:
      return "rejected";
    case FaultKind::kUnavailable:
      return "unavailable";
    case FaultKind::kTimeout:
      return "timeout";
    case FaultKind::kCancelled:
      return "cancelled";
    case FaultKind::kInternal:
      return "internal";
    case FaultKind::kUnsupported:
      return "unsupported";
  }
  return {};
}

}  // namespace zerver
