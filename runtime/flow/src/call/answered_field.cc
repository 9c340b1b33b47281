#include <zerver/flow/call/answered_field.h>

namespace zerver::flow {

Fault incomplete(const Fault& fault) noexcept {
  Fault own = fault;
  own.kind = FaultKind::kUnavailable;
  own.why = "its answer does not have the fields of the error that its status stands for";
  return own;
}

}  // namespace zerver::flow
