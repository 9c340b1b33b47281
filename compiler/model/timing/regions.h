// The parts of a flow's graph that run beside each other, repeatedly, or in between: branches of `parallel`,
// bodies of `each` and `on error`.

#pragma once

#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/BitVector.h>

#include <cstdint>
#include <vector>

namespace zc::model {

inline constexpr std::uint32_t kNoRegion = 0xFFFFFFFF;

// Nodes that follow each other in one thread of control. Without the blocks inside it, each of which stands
// for its entry, a region has no cycle.
struct Region {
  std::uint32_t block = kNoRegion;  // of which it is a branch or the body; none for the flow itself
  std::vector<NodeIndex> nodes;     // in an order in which edges point forwards
};

// A `parallel`, `each` or `on error`. Control enters at `entry` and leaves at `exit`, both in the region
// `outside`, or by an edge out of the middle. An `on error` that always answers has no exit.
struct NestedBlock {
  const Statement* statement = nullptr;
  NodeIndex entry = kNoNode, exit = kNoNode;
  std::uint32_t outside = 0;
  std::vector<std::uint32_t> branches;  // regions; one of `each` and `on error`

  [[nodiscard]] bool is_each() const { return statement->kind == StatementKind::kEach; }
  [[nodiscard]] bool is_handler() const { return statement->kind == StatementKind::kOnError; }
};

struct Regions {
  std::vector<Region> regions;       // the first is the flow itself, outer ones before inner ones
  std::vector<NestedBlock> blocks;   // outer ones before inner ones
  std::vector<std::uint32_t> of;     // the region of each node
  std::vector<std::uint32_t> block;  // the block that a node is the entry of; mostly none
  std::vector<std::uint32_t> saga;   // by node: the outermost saga around it, in `sagas`; mostly none
  std::vector<const Statement*> sagas;
  std::vector<std::uint32_t> times;  // by node: how often a transaction around it runs at most, from 1
};

// The nodes that a request can reach when it is neither cancelled nor answered by `on overload`.
[[nodiscard]] llvm::BitVector reached_in_time(const Cfg& cfg);

// Only those nodes are in the regions' `nodes`.
[[nodiscard]] Regions find_regions(const Program& program, const Cfg& cfg);

}  // namespace zc::model
