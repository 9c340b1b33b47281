// Reaching definitions, forward over the graph.

#include "compiler/model/graph/def_use.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>

#include <cstddef>

namespace zc::model {
namespace {

class ReachingWrites {
 public:
  ReachingWrites(const Program& program, const Cfg& cfg) : program_(program), cfg_(cfg) {
    for (const NodeIndex node : cfg.order) {
      for (const SlotUse& use : writes_of(program, cfg, node)) {
        const auto index = static_cast<unsigned>(writes_.size());
        writes_.push_back({node, use.slot, use.optional});
        of_slot_[use.slot].push_back(index);
        of_node_[node].push_back(index);
      }
    }
    before_.assign(cfg.nodes.size(), llvm::BitVector(static_cast<unsigned>(writes_.size())));
    solve();
  }

  std::vector<SlotEdge> edges() const {
    std::vector<SlotEdge> result;
    for (NodeIndex reader = 0; reader != cfg_.nodes.size(); ++reader) {
      const std::size_t first = result.size();
      for (const SlotUse& use : reads_of(program_, cfg_, reader)) {
        const auto writers = of_slot_.find(use.slot);
        if (writers == of_slot_.end()) continue;
        for (const unsigned index : writers->second) {
          const SlotEdge edge{writes_[index].node, reader, use.slot, use.optional};
          const bool is_known = llvm::is_contained(llvm::drop_begin(result, first), edge);
          if (before_[reader].test(index) && !is_known) result.push_back(edge);
        }
      }
    }
    return result;
  }

 private:
  struct Write {
    NodeIndex node = kNoNode;
    SlotId slot;
    bool optional = false;
  };

  void solve() {
    bool changed = true;
    while (changed) {
      changed = false;
      for (const NodeIndex node : cfg_.order) {
        const llvm::BitVector after = after_writes(node);
        for (const Edge& edge : cfg_.nodes[node].out) {
          const llvm::BitVector& passed = is_before_writes(edge.kind) ? before_[node] : after;
          if (!passed.test(before_[edge.to])) continue;  // nothing new
          before_[edge.to] |= passed;
          changed = true;
        }
      }
    }
  }

  llvm::BitVector after_writes(NodeIndex node) const {
    llvm::BitVector after = before_[node];
    const auto own = of_node_.find(node);
    if (own == of_node_.end()) return after;
    for (const unsigned index : own->second) {
      if (!writes_[index].optional) {
        for (const unsigned hidden : of_slot_.find(writes_[index].slot)->second)
          after.reset(hidden);
      }
    }
    for (const unsigned index : own->second)
      after.set(index);
    return after;
  }

  const Program& program_;
  const Cfg& cfg_;
  std::vector<Write> writes_;
  llvm::DenseMap<SlotId, std::vector<unsigned>> of_slot_;
  llvm::DenseMap<NodeIndex, std::vector<unsigned>> of_node_;
  std::vector<llvm::BitVector> before_;  // by node: the writes that may be seen there
};

}  // namespace

std::vector<SlotEdge> slot_edges(const Program& program, const Cfg& cfg) {
  return ReachingWrites(program, cfg).edges();
}

}  // namespace zc::model
