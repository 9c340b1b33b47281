// Finds the regions by walking the statements.

#include "compiler/model/timing/regions.h"

#include <llvm/ADT/DenseMap.h>

namespace zc::model {

namespace {

class Finder {
 public:
  Finder(const Program& program, const Cfg& cfg) : flow_(program.flows[cfg.flow]), cfg_(cfg) {}

  Regions find() {
    for (std::size_t i = 0; i < cfg_.statements.size(); ++i)
      index_of_.try_emplace(cfg_.statements[i], static_cast<std::uint32_t>(i));
    region_of_.assign(cfg_.statements.size(), 0);
    block_of_.assign(cfg_.statements.size(), kNoRegion);
    saga_of_.assign(cfg_.statements.size(), kNoRegion);
    result_.regions.emplace_back();
    times_.assign(cfg_.statements.size(), 1);
    walk(flow_.body, 0, kNoRegion);
    place_nodes();
    return std::move(result_);
  }

 private:
  void walk(const Block& block, std::uint32_t region, std::uint32_t saga) {
    for (const Statement& statement : block)
      walk(statement, region, saga);
  }

  void walk(const Statement& statement, std::uint32_t region, std::uint32_t saga) {
    const std::uint32_t index = index_of_.at(&statement);
    region_of_[index] = region;
    saga_of_[index] = saga;
    times_[index] = runs_;
    const std::uint32_t outer_runs = runs_;
    if (statement.transaction) runs_ += statement.transaction->retries;
    walk_inside(statement, index, region, saga);
    runs_ = outer_runs;
  }

  void walk_inside(const Statement& statement, std::uint32_t index, std::uint32_t region,
                   std::uint32_t saga) {
    if (statement.kind == StatementKind::kSaga && saga == kNoRegion) {
      saga = static_cast<std::uint32_t>(result_.sagas.size());
      result_.sagas.push_back(&statement);
    }
    if (statement.kind == StatementKind::kParallel || statement.kind == StatementKind::kEach ||
        statement.kind == StatementKind::kOnError) {
      const auto block = static_cast<std::uint32_t>(result_.blocks.size());
      block_of_[index] = block;
      result_.blocks.push_back({&statement, kNoNode, kNoNode, region, {}});
      for (const Block& branch : statement.branches) {
        const auto inner = static_cast<std::uint32_t>(result_.regions.size());
        result_.regions.push_back({block, {}});
        result_.blocks[block].branches.push_back(inner);
        walk(branch, inner, saga);
      }
      return;
    }
    for (const std::uint32_t alternative : statement.alternatives)
      walk(flow_.alternatives[alternative].body, region, saga);
    for (const Block& branch : statement.branches)
      walk(branch, region, saga);
  }

  void place_nodes() {
    result_.of.assign(cfg_.nodes.size(), 0);
    result_.block.assign(cfg_.nodes.size(), kNoRegion);
    result_.saga.assign(cfg_.nodes.size(), kNoRegion);
    result_.times.assign(cfg_.nodes.size(), 1);
    for (std::size_t i = 0; i < cfg_.nodes.size(); ++i) {
      const Node& node = cfg_.nodes[i];
      if (node.statement == kNoIndex) continue;
      result_.of[i] = region_of_[node.statement];
      result_.saga[i] = saga_of_[node.statement];
      result_.times[i] = times_[node.statement];
      if (block_of_[node.statement] != kNoRegion) place_in_block(static_cast<NodeIndex>(i));
    }
    const llvm::BitVector reached = reached_in_time(cfg_);
    for (const NodeIndex node : cfg_.order) {
      if (reached[node]) result_.regions[result_.of[node]].nodes.push_back(node);
    }
  }

  void place_in_block(NodeIndex index) {
    const std::uint32_t block = block_of_[cfg_.nodes[index].statement];
    switch (cfg_.nodes[index].kind) {
      case NodeKind::kFork:
      case NodeKind::kEachHead:
      case NodeKind::kHandler:
        result_.block[index] = block;
        result_.blocks[block].entry = index;
        break;
      case NodeKind::kEachNext:
        result_.of[index] = result_.blocks[block].branches.front();
        break;
      default:
        result_.blocks[block].exit = index;
        break;
    }
  }

  const Flow& flow_;
  const Cfg& cfg_;
  llvm::DenseMap<const Statement*, std::uint32_t> index_of_;
  std::vector<std::uint32_t> region_of_, block_of_, saga_of_, times_;  // by statement
  std::uint32_t runs_ = 1;                                             // of what is walked
  Regions result_;
};

}  // namespace

llvm::BitVector reached_in_time(const Cfg& cfg) {
  llvm::BitVector reached(static_cast<unsigned>(cfg.nodes.size()));
  std::vector<NodeIndex> work{Cfg::kEntryNode};
  reached.set(Cfg::kEntryNode);
  while (!work.empty()) {
    const NodeIndex node = work.back();
    work.pop_back();
    for (const Edge& edge : cfg.nodes[node].out) {
      if (edge.kind == EdgeKind::kCancel || edge.kind == EdgeKind::kOverload || reached[edge.to]) continue;
      reached.set(edge.to);
      work.push_back(edge.to);
    }
  }
  return reached;
}

Regions find_regions(const Program& program, const Cfg& cfg) { return Finder(program, cfg).find(); }

}  // namespace zc::model
