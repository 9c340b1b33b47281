// Definite assignment over the control-flow graph: which slots may be set, and which must be.

#include "compiler/check/analyses/flow_checks.h"

namespace zc::check {

namespace {

using model::EdgeKind;

class SlotStateAnalysis {
 public:
  explicit SlotStateAnalysis(const FlowContext& flow)
      : flow_(flow), size_(static_cast<unsigned>(flow.slots.size())), branch_writes_(flow.cfg.nodes.size()) {}

  SlotStates run() {
    const std::size_t count = flow_.cfg.nodes.size();
    states_.may.assign(count, llvm::BitVector(size_));
    states_.must.assign(count, llvm::BitVector(size_));
    collect_branch_writes();
    // Elements of an `each` are on their own: what one writes is not there for the next one, nor behind the
    // loop. So edges back to the head carry nothing, and one pass in reverse postorder sees every predecessor
    // first.
    for (const model::NodeIndex node : flow_.cfg.order)
      enter(node);
    return std::move(states_);
  }

 private:
  // What the branches of a fork write, as a handler may see it that an error of one of them reaches.
  struct BranchWrites {
    llvm::BitVector all, shared;  // by any branch, by more than one
    std::vector<llvm::BitVector> by_branch;
  };

  void collect_branch_writes() {
    for (const model::NodeIndex index : flow_.cfg.order) {
      const model::Node* node = &flow_.cfg.nodes[index];
      if (node->kind == model::NodeKind::kEachHead) continue;  // nobody outside sees the element
      for (; is_in_branch(*node); node = &flow_.cfg.nodes[node->region])
        add_writes(flow_.writes[index], *node);
    }
  }

  void add_writes(const std::vector<LocalUse>& uses, const model::Node& node) {
    BranchWrites& writes = branch_writes_[node.region];
    writes.all.resize(size_);
    writes.shared.resize(size_);
    if (writes.by_branch.size() <= node.branch) writes.by_branch.resize(node.branch + 1);
    llvm::BitVector& own = writes.by_branch[node.branch];
    own.resize(size_);
    for (const LocalUse& use : uses) {
      if (writes.all[use.slot] && !own[use.slot]) writes.shared.set(use.slot);
      writes.all.set(use.slot);
      own.set(use.slot);
    }
  }

  // Whether what encloses the node is a branch, and not the body of a loop or nothing.
  [[nodiscard]] bool is_in_branch(const model::Node& node) const {
    return node.region != model::kNoNode && flow_.cfg.nodes[node.region].loop == node.loop;
  }

  // What the branches beside `node` may have written meanwhile.
  void add_other_branches(const model::Node& node, llvm::BitVector& may) const {
    const BranchWrites& writes = branch_writes_[node.region];
    llvm::BitVector others = writes.all;
    others.reset(writes.by_branch[node.branch]);
    may |= others;
    may |= writes.shared;
  }

  // Paths that meet have in common what each of them must have set. Behind a join all branches have run, each
  // on one of its paths.
  void enter(model::NodeIndex index) {
    const model::Node& node = flow_.cfg.nodes[index];
    const bool is_join = node.kind == model::NodeKind::kJoin;
    bool is_first = true;
    std::uint32_t branch = 0;       // of a join: predecessors come branch by branch
    llvm::BitVector before(size_);  // what the branches before this one must have set
    llvm::BitVector& may = states_.may[index];
    llvm::BitVector& must = states_.must[index];
    for (const model::NodeIndex from : node.in) {
      if (!flow_.reachable[from]) continue;
      for (const model::Edge& edge : flow_.cfg.nodes[from].out) {
        if (edge.to != index || edge.kind == EdgeKind::kLoop) continue;
        llvm::BitVector set = states_.must[from];
        llvm::BitVector maybe = states_.may[from];
        if (flow_.cfg.nodes[from].kind == model::NodeKind::kRaise) pass_on(from, edge.error, set, maybe);
        leave(from, edge, set, maybe);
        may |= maybe;
        if (is_join && from == node.fork) {  // a branch without anything in it
          before |= set;
          continue;
        }
        if (is_join && flow_.cfg.nodes[from].branch != branch) {
          branch = flow_.cfg.nodes[from].branch;
          before |= must;
          is_first = true;
        }
        if (is_first) {
          must = set;
        } else {
          must &= set;
        }
        is_first = false;
      }
    }
    must |= before;
  }

  // What an `on error` is entered with, by error, and what its body writes.
  struct HookStates {
    struct Entry {
      llvm::BitVector may, must;
    };
    llvm::DenseMap<model::ErrorId, Entry> by_error;
    llvm::BitVector writes;
  };

  // An error that goes on takes along what was set when it came, and what the body of the `on error` has
  // written: not what is set when another error comes.
  void pass_on(model::NodeIndex raise, model::ErrorId error, llvm::BitVector& must, llvm::BitVector& may) {
    const auto [found, is_new] = hooks_.try_emplace(raise);
    const model::NodeIndex handler = flow_.cfg.node_of_statement[flow_.cfg.nodes[raise].statement];
    if (is_new) found->second = hook_states(raise, handler);
    const auto entry = found->second.by_error.find(error);
    if (entry == found->second.by_error.end()) return;
    must |= entry->second.must;
    may.reset(states_.may[handler]);
    may |= found->second.writes;
    may |= entry->second.may;
  }

  [[nodiscard]] HookStates hook_states(model::NodeIndex raise, model::NodeIndex handler) const {
    HookStates states;
    for (const model::NodeIndex from : flow_.cfg.nodes[handler].in) {
      if (!flow_.reachable[from]) continue;
      for (const model::Edge& edge : flow_.cfg.nodes[from].out) {
        if (edge.to != handler || !edge.error.is_valid()) continue;
        HookStates::Entry coming{states_.may[from], states_.must[from]};
        leave(from, edge, coming.must, coming.may);
        const auto [entry, is_first] = states.by_error.try_emplace(edge.error, coming);
        if (is_first) continue;
        entry->second.may |= coming.may;
        entry->second.must &= coming.must;
      }
    }
    // Its body is what control comes through between the two.
    states.writes.resize(size_);
    llvm::BitVector seen(static_cast<unsigned>(flow_.cfg.nodes.size()));
    seen.set(handler);
    seen.set(raise);
    std::vector<model::NodeIndex> open{raise};
    while (!open.empty()) {
      const model::Node& node = flow_.cfg.nodes[open.back()];
      open.pop_back();
      for (const model::NodeIndex from : node.in) {
        if (seen[from] || !flow_.reachable[from]) continue;
        seen.set(from);
        open.push_back(from);
        const model::Node& before = flow_.cfg.nodes[from];
        if (before.loop != flow_.cfg.nodes[raise].loop || before.kind == model::NodeKind::kEachHead) continue;
        for (const LocalUse& use : flow_.writes[from])
          states.writes.set(use.slot);
      }
    }
    return states;
  }

  void leave(model::NodeIndex from, const model::Edge& edge, llvm::BitVector& must,
             llvm::BitVector& may) const {
    const model::Node& node = flow_.cfg.nodes[from];
    if (model::is_before_writes(edge.kind)) {
      // An empty chain that is inserted leads to the end of its branch, where the others are waited for.
      const bool is_end = flow_.cfg.nodes[edge.to].kind == model::NodeKind::kJoin;
      if (!is_end) leave_early(from, flow_.cfg.nodes[edge.to], must, may);
      return;
    }
    const bool enters_loop = node.kind == model::NodeKind::kEachHead && edge.kind == EdgeKind::kTrue;
    if (node.kind == model::NodeKind::kEachHead && !enters_loop) return;  // the element is there inside only
    for (const LocalUse& use : flow_.writes[from]) {
      may.set(use.slot);
      if (!use.optional) must.set(use.slot);
    }
  }

  // Out of branches, beside which others run, and of loops, whose elements nobody outside sees.
  void leave_early(model::NodeIndex from, const model::Node& target, llvm::BitVector& must,
                   llvm::BitVector& may) const {
    const model::Node* at = &flow_.cfg.nodes[from];
    while (at->region != target.region || at->loop != target.loop) {
      if (is_in_branch(*at)) {
        add_other_branches(*at, may);
        at = &flow_.cfg.nodes[at->region];
      } else {
        must = states_.must[at->loop];
        may = states_.may[at->loop];
        at = &flow_.cfg.nodes[at->loop];
      }
    }
  }

  const FlowContext& flow_;
  unsigned size_;
  SlotStates states_;
  std::vector<BranchWrites> branch_writes_;             // by fork
  llvm::DenseMap<model::NodeIndex, HookStates> hooks_;  // by kRaise
};

}  // namespace

SlotStates compute_slot_states(const FlowContext& flow) { return SlotStateAnalysis(flow).run(); }

}  // namespace zc::check
