#include "compiler/model/sagas/compensations.h"

#include <algorithm>
#include <utility>

namespace zc::model {

namespace {

// Whether the two stand in different branches of one `parallel`.
bool are_beside(const SagaStep& left, const SagaStep& right) {
  for (std::size_t i = 0; i < std::min(left.branches.size(), right.branches.size()); ++i) {
    if (left.branches[i].fork != right.branches[i].fork) return false;
    if (left.branches[i].number != right.branches[i].number) return true;
  }
  return false;
}

}  // namespace

Compensations::Compensations(const Program& program, const Cfg& cfg, const Saga& saga)
    : program_(program), cfg_(cfg), saga_(saga), size_(static_cast<unsigned>(saga.steps.size())) {
  for (std::size_t i = 0; i < saga.nodes.size(); ++i)
    local_.try_emplace(saga.nodes[i], i);
  for (std::size_t i = 0; i < saga.steps.size(); ++i)
    step_at_.try_emplace(saga.steps[i].node, static_cast<std::uint32_t>(i));
  may_.assign(saga.nodes.size(), llvm::BitVector(size_));
  must_.assign(saga.nodes.size(), llvm::BitVector(size_));
  // In the second pass what the first run of a loop has completed comes to the next one.
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < saga.nodes.size(); ++i)
      enter(i);
  }
}

void Compensations::enter(std::size_t at) {
  const NodeIndex index = saga_.nodes[at];
  const Node& node = cfg_.nodes[index];
  llvm::BitVector must(size_);
  llvm::BitVector before(
      size_);  // of a join, whose predecessors come branch by branch: what those before did
  std::uint32_t branch = 0;
  bool is_first = true;
  for (const NodeIndex from : node.in) {
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

void Compensations::complete(NodeIndex node, llvm::BitVector& may, llvm::BitVector& must) const {
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

std::vector<Compensation> Compensations::at(std::uint32_t step) const {
  const SagaStep& end = saga_.steps[step];
  std::vector<Compensation> undos;
  if (!end.can_end()) return undos;
  const std::size_t here = local_.at(end.node);
  for (std::uint32_t i = size_; i-- > 0;) {
    const SagaStep& done = saga_.steps[i];
    if (!declared(done).undo || declared(done).pivot) continue;
    const bool is_beside = are_beside(done, end);
    if (!may_[here][i] && !is_beside) continue;
    undos.push_back({i, must_[here][i] && !is_beside, may_[local_.at(done.node)][i]});
  }
  return undos;
}

}  // namespace zc::model
