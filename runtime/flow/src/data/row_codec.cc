#include <zerver/flow/data/row_codec.h>

namespace zerver::flow::detail {

Fault no_row() noexcept { return {FaultKind::kMissing, "there is no such row", {}}; }

Fault several_rows() noexcept { return {FaultKind::kInternal, "there is more than one row", {}}; }

}  // namespace zerver::flow::detail
