// Definite assignment over the control-flow graph: which slots may be set, and which must be.

#include "compiler/check/analyses/flow_checks.h"

namespace zc::check {

namespace {

using model::EdgeKind;

class SlotStateAnalysis {
 public:
  explicit SlotStateAnalysis(const FlowContext& flow)
      : flow_(flow), size_(static_cast<unsigned>(flow.slots.size())), region_writes_(flow.cfg.nodes.size()) {}

  SlotStates run() {
    const std::size_t count = flow_.cfg.nodes.size();
    states_.may.assign(count, llvm::BitVector(size_));
    states_.must.assign(count, llvm::BitVector(size_));
    collect_region_writes();
    // Elements of an `each` are on their own: what one writes is not there for the next one, nor behind the
    // loop. So edges back to the head carry nothing, and one pass in reverse postorder sees every predecessor
    // first.
    for (const model::NodeIndex node : flow_.cfg.order)
      enter(node);
    return std::move(states_);
  }

 private:
  // What is written between a fork and its join, as may be seen by a handler that an error of one branch
  // reaches while the others run.
  void collect_region_writes() {
    for (std::size_t i = 0; i < flow_.cfg.nodes.size(); ++i) {
      for (model::NodeIndex fork = flow_.cfg.nodes[i].region; fork != model::kNoNode;
           fork = flow_.cfg.nodes[fork].region) {
        llvm::BitVector& writes = region_writes_[fork];
        writes.resize(size_);
        for (const LocalUse& use : flow_.writes[i])
          writes.set(use.slot);
      }
    }
  }

  void enter(model::NodeIndex index) {
    const model::Node& node = flow_.cfg.nodes[index];
    const bool is_join = node.kind == model::NodeKind::kJoin;
    bool is_first = true;
    llvm::BitVector& may = states_.may[index];
    llvm::BitVector& must = states_.must[index];
    for (const model::NodeIndex from : node.in) {
      if (!flow_.reachable[from]) continue;
      for (const model::Edge& edge : flow_.cfg.nodes[from].out) {
        if (edge.to != index || edge.kind == EdgeKind::kLoop) continue;
        llvm::BitVector set = states_.must[from];
        llvm::BitVector maybe = states_.may[from];
        leave(from, edge, set, maybe);
        may |= maybe;
        if (is_first) {
          must = set;
        } else if (is_join) {
          must |= set;
        } else {
          must &= set;
        }
        is_first = false;
      }
    }
  }

  void leave(model::NodeIndex from, const model::Edge& edge, llvm::BitVector& must,
             llvm::BitVector& may) const {
    const model::Node& node = flow_.cfg.nodes[from];
    if (model::is_before_writes(edge.kind)) {
      const model::NodeIndex target = flow_.cfg.nodes[edge.to].region;
      for (model::NodeIndex fork = node.region; fork != model::kNoNode && fork != target;
           fork = flow_.cfg.nodes[fork].region) {
        may |= region_writes_[fork];
      }
      return;
    }
    const bool enters_loop = node.kind == model::NodeKind::kEachHead && edge.kind == EdgeKind::kTrue;
    if (node.kind == model::NodeKind::kEachHead && !enters_loop) return;  // the element is there inside only
    for (const LocalUse& use : flow_.writes[from]) {
      may.set(use.slot);
      if (!use.optional) must.set(use.slot);
    }
  }

  const FlowContext& flow_;
  unsigned size_;
  SlotStates states_;
  std::vector<llvm::BitVector> region_writes_;  // by fork
};

}  // namespace

SlotStates compute_slot_states(const FlowContext& flow) { return SlotStateAnalysis(flow).run(); }

}  // namespace zc::check
