// What is undone when a saga ends: which steps have completed by then, forward over its part of the graph.

#include "compiler/model/sagas/saga.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>

#include <algorithm>
#include <utility>

namespace zc::model {

namespace {

class CompletionAnalysis {
 public:
  CompletionAnalysis(const Program& program, const Cfg& cfg, const Saga& saga)
      : program_(program), cfg_(cfg), saga_(saga), size_(static_cast<unsigned>(saga.steps.size())) {
    for (std::size_t i = 0; i < saga.nodes.size(); ++i)
      local_.try_emplace(saga.nodes[i], i);
    for (std::size_t i = 0; i < saga.steps.size(); ++i)
      step_at_.try_emplace(saga.steps[i].node, static_cast<std::uint32_t>(i));
  }

  std::vector<std::vector<Compensation>> run() {
    may_.assign(saga_.nodes.size(), llvm::BitVector(size_));
    must_.assign(saga_.nodes.size(), llvm::BitVector(size_));
    // In the second pass what the first run of a loop has completed comes to the next one.
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t i = 0; i < saga_.nodes.size(); ++i)
        enter(i);
    }
    std::vector<std::vector<Compensation>> result;
    for (const SagaStep& step : saga_.steps)
      result.push_back(step.can_end() ? undos_at(step) : std::vector<Compensation>());
    return result;
  }

 private:
  [[nodiscard]] const Step& declared(const SagaStep& step) const { return program_.steps[step.step]; }

  void enter(std::size_t at) {
    const NodeIndex index = saga_.nodes[at];
    const Node& node = cfg_.nodes[index];
    llvm::BitVector must(size_);
    llvm::BitVector before(
        size_);  // of a join, whose predecessors come branch by branch: what those before did
    std::uint32_t branch = 0;
    bool is_first = true;
    NodeIndex last = kNoNode;  // a node stands in `in` once for each of its edges, side by side
    for (const NodeIndex from : node.in) {
      if (std::exchange(last, from) == from) continue;
      const auto inside = local_.find(from);
      for (const Edge& edge : cfg_.nodes[from].out) {
        if (edge.to != index) continue;
        // Nothing has completed where the saga begins.
        llvm::BitVector may = inside == local_.end() ? llvm::BitVector(size_) : may_[inside->second];
        llvm::BitVector surely = inside == local_.end() ? llvm::BitVector(size_) : must_[inside->second];
        if (!is_before_writes(edge.kind)) complete(from, may, surely);
        may_[at] |= may;
        if (edge.kind == EdgeKind::kLoop) continue;
        const bool is_join = node.kind == NodeKind::kJoin;
        if (is_join && from == node.fork) {  // a branch without anything in it
          before |= surely;
          continue;
        }
        if (is_join && cfg_.nodes[from].branch != branch) {
          branch = cfg_.nodes[from].branch;
          before |= must;
          is_first = true;
        }
        if (is_first) {
          must = surely;
        } else {
          must &= surely;
        }
        is_first = false;
      }
    }
    must_[at] = std::move(must |= before);
  }

  void complete(NodeIndex node, llvm::BitVector& may, llvm::BitVector& must) const {
    const auto found = step_at_.find(node);
    if (found == step_at_.end()) return;
    const Step& step = declared(saga_.steps[found->second]);
    if (step.pivot) {
      may.reset();
      must.reset();
    } else if (step.undo) {
      may.set(found->second);
      must.set(found->second);
    }
  }

  // Whether the two stand in different branches of one `parallel`.
  static bool are_beside(const SagaStep& left, const SagaStep& right) {
    for (std::size_t i = 0; i < std::min(left.branches.size(), right.branches.size()); ++i) {
      if (left.branches[i].fork != right.branches[i].fork) return false;
      if (left.branches[i].number != right.branches[i].number) return true;
    }
    return false;
  }

  [[nodiscard]] std::vector<Compensation> undos_at(const SagaStep& end) const {
    std::vector<Compensation> undos;
    const std::size_t at = local_.at(end.node);
    for (std::uint32_t i = size_; i-- > 0;) {
      const SagaStep& step = saga_.steps[i];
      if (!declared(step).undo || declared(step).pivot) continue;
      const bool is_beside = are_beside(step, end);
      if (!may_[at][i] && !is_beside) continue;
      undos.push_back({i, must_[at][i] && !is_beside, may_[local_.at(step.node)][i]});
    }
    return undos;
  }

  const Program& program_;
  const Cfg& cfg_;
  const Saga& saga_;
  unsigned size_;
  llvm::DenseMap<NodeIndex, std::size_t> local_;  // in `Saga::nodes`
  llvm::DenseMap<NodeIndex, std::uint32_t> step_at_;
  std::vector<llvm::BitVector> may_, must_;  // by local node, before it
};

}  // namespace

std::vector<std::vector<Compensation>> compensations(const Program& program, const Cfg& cfg,
                                                     const Saga& saga) {
  return CompletionAnalysis(program, cfg, saga).run();
}

}  // namespace zc::model
