// Inner blocks are solved before outer ones, so that each region is a graph without cycles in which a block
// is one node.

#include "compiler/model/timing/paths.h"

#include <llvm/ADT/MapVector.h>

#include <algorithm>
#include <utility>

namespace zc::model {

namespace {

using LinkIndex = std::uint32_t;
constexpr LinkIndex kNoLink = 0xFFFFFFFF;

// A path as a list from its end: a node, or a whole path that is gone along `times`.
struct Link {
  LinkIndex before = kNoLink;
  LinkIndex inner = kNoLink;
  NodeIndex node = kNoNode;
  std::uint64_t times = 1;
  bool fails = false;
};

struct Reach {
  bool exists = false;
  bool fails = false;  // came along an edge of an error
  Nanoseconds length = 0;
  LinkIndex path = kNoLink;
};

// How a region or block is left elsewhere than at its end: the target, and the error where it matters with
// which one, because an `on error` passes it on. In the order in which they were found.
using Leaves = llvm::MapVector<std::pair<NodeIndex, std::uint32_t>, Reach>;
struct Outcome {
  Reach end;
  Leaves leaves;
};

class Solver {
 public:
  Solver(const Cfg& cfg, const Regions& regions, const PathCosts& costs, PathGoal goal)
      : cfg_(cfg), regions_(regions), costs_(costs), goal_(goal) {
    reach_.resize(cfg.nodes.size());
    blocks_.resize(regions.blocks.size());
    caught_.resize(regions.blocks.size());
    undone_.resize(regions.sagas.size());
  }

  void run() {
    for (std::size_t i = regions_.blocks.size(); i-- != 0;) {
      const NestedBlock& block = regions_.blocks[i];
      if (block.entry == kNoNode || is_outside(block.entry)) continue;
      std::vector<Outcome> branches;
      for (const std::uint32_t branch : block.branches)
        branches.push_back(solve(branch, block));
      if (block.is_handler()) {
        blocks_[i] = std::move(branches.front());
      } else {
        blocks_[i] = block.is_each() ? repeat(*block.statement->each, std::move(branches)) : join(branches);
      }
    }
    solve_flow();
  }

  [[nodiscard]] FoundPath at(NodeIndex node) const { return found(reach_[node]); }
  [[nodiscard]] FoundPath undone(std::size_t saga) const { return found(undone_[saga]); }

 private:
  // Only what stands in a saga matters when the question is what to undo.
  [[nodiscard]] bool is_outside(NodeIndex node) const {
    return goal_ == PathGoal::kUndo && regions_.saga[node] == kNoRegion;
  }

  [[nodiscard]] bool is_better(const Reach& candidate, const Reach& known) const {
    if (!candidate.exists || !known.exists) return candidate.exists;
    if (candidate.length == known.length) return known.fails && !candidate.fails;
    return (candidate.length < known.length) == (goal_ == PathGoal::kShortest);
  }
  void merge(Reach& known, const Reach& candidate) const {
    if (is_better(candidate, known)) known = candidate;
  }
  // The error with which `edge` arrives, if its target tells errors apart.
  [[nodiscard]] std::uint32_t error_at(NodeIndex to, ErrorId error) const {
    const std::uint32_t block = regions_.block[to];
    const bool matters = block != kNoRegion && regions_.blocks[block].is_handler();
    return matters ? error.raw() : ErrorId().raw();
  }

  LinkIndex link(const Link& link) {
    links_.push_back(link);
    return static_cast<LinkIndex>(links_.size() - 1);
  }
  // `first`, then `second` so often.
  Reach then(const Reach& first, const Reach& second, std::uint64_t times = 1) {
    Reach result = first;
    result.exists = first.exists && second.exists;
    result.fails = second.fails;
    result.length = add_times(first.length, multiply_time(second.length, times));
    if (second.path == kNoLink || times == 0) return result;
    const bool is_whole = first.path == kNoLink && times == 1;
    result.path = is_whole ? second.path : link({first.path, second.path, kNoNode, times, false});
    return result;
  }

  [[nodiscard]] bool follows(NodeIndex from, const Edge& edge) const {
    if (edge.kind == EdgeKind::kCancel) return false;
    if (goal_ == PathGoal::kShortest) return edge.kind != EdgeKind::kError;
    if (goal_ == PathGoal::kLongest) return true;
    const bool fails = edge.kind == EdgeKind::kError || edge.to == Cfg::kFailedNode;
    if (regions_.saga[edge.to] != regions_.saga[from]) return fails;
    return fails || !costs_.is_pivot[from];
  }

  // The path that reaches `node`, and then leaves it along the edge.
  Reach past(NodeIndex node, const Edge& edge) {
    Reach reach = reach_[node];
    reach.fails = edge.kind == EdgeKind::kError;
    const bool counts = goal_ != PathGoal::kUndo || !is_before_writes(edge.kind);
    if (!counts || !costs_.is_stop[node]) return reach;
    reach.length = add_times(reach.length, costs_.of_node[node]);
    reach.path = link({reach.path, kNoLink, node, 1, reach.fails});
    return reach;
  }

  // Where `reach` arrives: in the region, at the end of its block, or elsewhere. `error` is that of
  // `error_at`.
  void arrive(std::uint32_t region, NodeIndex from, NodeIndex to, std::uint32_t error, const Reach& reach,
              Outcome& outcome) {
    const std::uint32_t block = regions_.regions[region].block;
    if (goal_ == PathGoal::kUndo && regions_.saga[from] != regions_.saga[to] &&
        (block == kNoRegion || is_outside(regions_.blocks[block].entry))) {
      return merge(undone_[regions_.saga[from]], reach);
    }
    if (regions_.of[to] == region) {
      if (error != ErrorId().raw()) merge(caught_[regions_.block[to]][error], reach);
      return merge(reach_[to], reach);
    }
    const NestedBlock& around = regions_.blocks[block];
    if (to == (around.is_each() ? around.entry : around.exit)) return merge(outcome.end, reach);
    merge(outcome.leaves[{to, error}], reach);
  }

  // All nodes of the region, whose first ones are reached.
  Outcome walk(std::uint32_t region) {
    Outcome outcome;
    for (const NodeIndex node : regions_.regions[region].nodes) {
      if (!reach_[node].exists) continue;
      if (const std::uint32_t block = regions_.block[node]; block != kNoRegion) {
        walk_past(region, block, outcome);
        continue;
      }
      for (const Edge& edge : cfg_.nodes[node].out) {
        if (follows(node, edge))
          arrive(region, node, edge.to, error_at(edge.to, edge.error), past(node, edge), outcome);
      }
      if (goal_ == PathGoal::kUndo && costs_.waits[node])
        arrive(region, node, Cfg::kFailedNode, ErrorId().raw(), reach_[node], outcome);
    }
    return outcome;
  }

  void walk_past(std::uint32_t region, std::uint32_t index, Outcome& outcome) {
    const NestedBlock& block = regions_.blocks[index];
    const Outcome& inner = blocks_[index];
    for (const auto& [target, reach] : inner.leaves)
      arrive(region, block.entry, target.first, target.second, then(reach_[block.entry], reach), outcome);
    if (!inner.end.exists || block.exit == kNoNode) return;
    if (!block.is_handler()) {
      const Reach reach = then(reach_[block.entry], inner.end);
      return arrive(region, block.entry, block.exit, ErrorId().raw(), reach, outcome);
    }
    // Each error goes on along the path on which it came.
    for (const Edge& edge : cfg_.nodes[block.exit].out) {
      const auto caught = caught_[index].find(edge.error.raw());
      if (caught == caught_[index].end() || !follows(block.exit, edge)) continue;
      arrive(region, block.exit, edge.to, error_at(edge.to, edge.error), then(caught->second, inner.end),
             outcome);
    }
  }

  Outcome solve(std::uint32_t region, const NestedBlock& block) {
    Reach begin;
    begin.exists = true;
    if (regions_.regions[region].nodes.empty()) return {begin, {}};
    for (const NodeIndex node : regions_.regions[region].nodes) {
      const std::vector<NodeIndex>& in = cfg_.nodes[node].in;
      if (std::find(in.begin(), in.end(), block.entry) != in.end()) reach_[node] = begin;
    }
    return walk(region);
  }

  void solve_flow() {
    Reach begin;
    begin.exists = true;
    if (goal_ != PathGoal::kUndo) {
      reach_[Cfg::kEntryNode] = begin;
      walk(0);
      return;
    }
    for (std::size_t region = 0; region < regions_.regions.size(); ++region) {
      const std::uint32_t block = regions_.regions[region].block;
      if (block != kNoRegion && !is_outside(regions_.blocks[block].entry)) continue;
      for (const NodeIndex node : regions_.regions[region].nodes) {
        if (!is_outside(node) && is_begin_of_saga(node)) reach_[node] = begin;
      }
      walk(static_cast<std::uint32_t>(region));
    }
  }

  [[nodiscard]] bool is_begin_of_saga(NodeIndex node) const {
    const std::vector<NodeIndex>& in = cfg_.nodes[node].in;
    return std::any_of(in.begin(), in.end(),
                       [&](NodeIndex from) { return regions_.saga[from] != regions_.saga[node]; });
  }

  // However a branch ends.
  [[nodiscard]] Reach any_end(const Outcome& branch) const {
    Reach any = branch.end;
    for (const auto& [target, reach] : branch.leaves)
      merge(any, reach);
    return any;
  }

  // Of two that run beside each other.
  Reach beside(const Reach& left, const Reach& right) {
    if (goal_ == PathGoal::kUndo) return then(left, right);
    Reach result = right.length > left.length ? right : left;
    result.exists = left.exists && right.exists;
    return result;
  }

  // All branches have ended before control leaves the block, wherever it goes.
  Outcome join(const std::vector<Outcome>& branches) {
    Reach nothing;
    nothing.exists = true;
    Outcome result{nothing, {}};
    std::vector<Reach> ends;
    std::vector<Reach> ends_before{nothing};  // of the branches before
    for (const Outcome& branch : branches) {
      result.end = beside(result.end, branch.end);
      ends.push_back(any_end(branch));
      ends_before.push_back(beside(ends_before.back(), ends.back()));
    }
    Reach ends_behind = nothing;
    for (std::size_t i = branches.size(); i-- != 0;) {
      for (const auto& [target, leave] : branches[i].leaves) {
        Reach reach = beside(beside(leave, ends_before[i]), ends_behind);
        reach.fails = leave.fails;
        merge(result.leaves[target], reach);
      }
      ends_behind = beside(ends.at(i), ends_behind);
    }
    return result;
  }

  Outcome repeat(const Each& each, std::vector<Outcome> bodies) {
    Outcome body = bodies.empty() ? Outcome() : std::move(bodies.front());
    const std::uint64_t most = std::max<std::uint64_t>(each.most, 1);
    const std::uint64_t beside_each_other = std::clamp<std::uint64_t>(each.parallel, 1, most);
    const std::uint64_t rounds = (most + beside_each_other - 1) / beside_each_other;
    Reach nothing;
    nothing.exists = true;
    Outcome result{nothing, {}};
    const bool is_shortest = goal_ == PathGoal::kShortest;
    const bool repeats = body.end.exists && !is_shortest;
    const bool undoes = goal_ == PathGoal::kUndo;
    if (repeats) result.end = then(nothing, body.end, undoes ? most : rounds);
    const Reach any = any_end(body);
    for (const auto& [target, leave] : body.leaves) {
      Reach last = leave;
      if (beside_each_other > 1 && !is_shortest)
        last = undoes ? then(then(nothing, any, beside_each_other - 1), last) : beside(last, any);
      last.fails = leave.fails;
      const std::uint64_t before = undoes ? most - beside_each_other : rounds - 1;
      result.leaves[target] = repeats ? then(then(nothing, body.end, before), last) : last;
    }
    return result;
  }

  [[nodiscard]] FoundPath found(const Reach& reach) const {
    FoundPath path;
    path.exists = reach.exists;
    path.length = reach.length;
    if (reach.exists) append(reach.path, 1, path.stops);
    std::reverse(path.stops.begin(), path.stops.end());
    return path;
  }

  // From the end of the path to its begin. As deep as blocks stand in each other.
  void append(LinkIndex path, std::uint64_t times, std::vector<PathStop>& stops) const {
    for (LinkIndex i = path; i != kNoLink; i = links_[i].before) {
      const Link& link = links_[i];
      const std::uint64_t all = multiply_time(times, link.times);
      if (link.node != kNoNode) {
        stops.push_back({link.node, all, link.fails});
      } else {
        append(link.inner, all, stops);
      }
    }
  }

  const Cfg& cfg_;
  const Regions& regions_;
  const PathCosts& costs_;
  PathGoal goal_;
  std::vector<Link> links_;
  std::vector<Reach> reach_;                                   // by node, from the begin of its region
  std::vector<llvm::MapVector<std::uint32_t, Reach>> caught_;  // by block that is a handler: by error
  std::vector<Outcome> blocks_;                                // by block, from its entry
  std::vector<Reach> undone_;                                  // by saga
};

}  // namespace

EndPaths find_paths(const Cfg& cfg, const Regions& regions, const PathCosts& costs, PathGoal goal) {
  Solver solver(cfg, regions, costs, goal);
  solver.run();
  return {solver.at(Cfg::kDoneNode), solver.at(Cfg::kEndNode), solver.at(Cfg::kFailedNode)};
}

std::vector<FoundPath> find_undo_paths(const Cfg& cfg, const Regions& regions, const PathCosts& costs) {
  Solver solver(cfg, regions, costs, PathGoal::kUndo);
  solver.run();
  std::vector<FoundPath> result;
  for (std::size_t saga = 0; saga < regions.sagas.size(); ++saga)
    result.push_back(solver.undone(saga));
  return result;
}

}  // namespace zc::model
