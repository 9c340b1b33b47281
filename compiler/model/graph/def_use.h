// Which write each read of a slot sees: the slots of a flow as edges.

#pragma once

#include "compiler/model/graph/cfg.h"

#include <vector>

namespace zc::model {

// The value that `writer` put into the slot may be what `reader` sees; both are reachable.
struct SlotEdge {
  NodeIndex writer = kNoNode;
  NodeIndex reader = kNoNode;
  SlotId slot;
  bool optional = false;  // the reader copes without a value

  friend bool operator==(const SlotEdge&, const SlotEdge&) = default;
};

// Definition-use chains by reaching definitions (Aho, Lam, Sethi, Ullman: Compilers, 9.2.4). A write that may
// leave its slot unset does not hide the ones before it. Ordered by reader, slot as read, then writer; no two
// are equal. Takes nodes times writes of the flow, over the width of a word.
[[nodiscard]] std::vector<SlotEdge> slot_edges(const Program& program, const Cfg& cfg);

}  // namespace zc::model
