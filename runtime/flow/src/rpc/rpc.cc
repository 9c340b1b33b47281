#include <zerver/flow/data/text.h>
#include <zerver/flow/rpc/rpc.h>

namespace zerver::flow::detail {

Fault unreadable_message(const ProtobufReader::Context& context) {
  Fault fault{FaultKind::kUnavailable, {}, {}};
  fault.why = context.number == 0
                  ? concat(context.arena, {"its answer ", context.why})
                  : concat(context.arena, {"field ", context.number, " of its answer ", context.why});
  return fault;
}

}  // namespace zerver::flow::detail
