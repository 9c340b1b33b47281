#include <zerver/flow/data/text.h>
#include <zerver/flow/stream/json_items.h>

namespace zerver::flow::detail {

Fault unreadable_item(const Fault& fault, std::uint64_t position, Arena& arena) {
  return {FaultKind::kUnavailable, concat(arena, {"element ", position, " of its answer: ", fault.why}),
          concat(arena, {"/", position, fault.pointer})};
}

}  // namespace zerver::flow::detail
