// Puts the times of the steps onto the graph of a flow.

#include "compiler/model/timing/timing.h"

#include "compiler/model/timing/paths.h"

#include <llvm/ADT/DenseMap.h>

#include <algorithm>
#include <utility>

namespace zc::model {

namespace {

class Timer {
 public:
  Timer(const Program& program, const Cfg& cfg)
      : program_(program),
        cfg_(cfg),
        regions_(find_regions(program, cfg)),
        otherwise_(program.flows[cfg.flow].deadline ? Otherwise::kNothing : Otherwise::kDefault) {}

  FlowTiming run() {
    FlowTiming timing;
    measure(timing);
    find_longest(timing);
    find_shortest(timing);
    find_undos(timing);
    return timing;
  }

 private:
  // Null for a node that is no step.
  [[nodiscard]] const Step* step_of(NodeIndex index) const {
    const Node& node = cfg_.nodes[index];
    if (node.kind != NodeKind::kStep) return nullptr;
    const StepId id = cfg_.statements[node.statement]->step;
    return id.is_valid() ? &program_.steps[id] : nullptr;
  }
  [[nodiscard]] const StepTime& time_of(NodeIndex index) const {
    return times_.at(cfg_.statements[cfg_.nodes[index].statement]->step);
  }

  [[nodiscard]] TimedCall timed(NodeIndex index, const EffectCall& call, Otherwise otherwise) const {
    const Statement& statement = *cfg_.statements[cfg_.nodes[index].statement];
    const Step& step = program_.steps[statement.step];
    TimedCall result;
    result.step = statement.step;
    result.use = statement.span;
    result.call = &call;
    result.time = time_call(program_, call, otherwise);
    result.group = step.group ? &*step.group : nullptr;
    return result;
  }

  // What can wait at all: the nodes that are reached, in the order of the text.
  void measure(FlowTiming& timing) {
    std::vector<NodeIndex> reached;
    for (const Region& region : regions_.regions)
      reached.insert(reached.end(), region.nodes.begin(), region.nodes.end());
    std::sort(reached.begin(), reached.end());
    for (const NodeIndex node : reached) {
      if (cfg_.nodes[node].kind == NodeKind::kEachHead &&
          cfg_.statements[cfg_.nodes[node].statement]->each->most == 0)
        timing.has_unbounded_each = true;
      const Step* step = step_of(node);
      if (step == nullptr) continue;
      const auto [time, is_new] = times_.try_emplace(cfg_.statements[cfg_.nodes[node].statement]->step);
      if (is_new) {
        time->second = time_step(program_, *step, otherwise_);
        for (const EffectCall* call : time->second.unbounded)
          timing.unbounded.push_back(timed(node, *call, otherwise_));
      }
      steps_.push_back(node);
    }
  }

  [[nodiscard]] PathCosts no_costs() const {
    const std::size_t count = cfg_.nodes.size();
    return {std::vector<Nanoseconds>(count), std::vector<bool>(count), std::vector<bool>(count),
            std::vector<bool>(count)};
  }

  void find_longest(FlowTiming& timing) const {
    PathCosts costs = no_costs();
    for (const NodeIndex node : steps_) {
      costs.of_node[node] = multiply_time(time_of(node).worst, regions_.times[node]);
      costs.is_stop[node] = costs.of_node[node] != 0;
    }
    EndPaths ends = find_paths(cfg_, regions_, costs, PathGoal::kLongest);
    // Of paths with the same length one that answers is easier to follow.
    FoundPath longest = std::move(ends.done);
    for (FoundPath* other : {&ends.end, &ends.failed}) {
      if (other->exists && (!longest.exists || other->length > longest.length)) longest = std::move(*other);
    }
    timing.worst = longest.length;
    for (const PathStop& stop : longest.stops) {
      for (const EffectCall* call : time_of(stop.node).longest) {
        TimedCall timed_call = timed(stop.node, *call, otherwise_);
        if (timed_call.time.worst() == 0) continue;
        timed_call.times = stop.times * regions_.times[stop.node];
        timing.path.push_back(std::move(timed_call));
      }
      if (stop.fails) timing.path.back().fails = true;
    }
  }

  void find_shortest(FlowTiming& timing) const {
    PathCosts costs = no_costs();
    for (const NodeIndex node : steps_) {
      costs.of_node[node] = time_of(node).best;
      costs.is_stop[node] = costs.of_node[node] != 0;
    }
    const EndPaths ends = find_paths(cfg_, regions_, costs, PathGoal::kShortest);
    timing.best = std::min(ends.done.exists ? ends.done.length : kForever,
                           ends.end.exists ? ends.end.length : kForever);
  }

  void find_undos(FlowTiming& timing) const {
    if (regions_.sagas.empty()) return;
    PathCosts costs = no_costs();
    std::vector<bool> is_bounded(regions_.sagas.size(), true);
    for (const NodeIndex node : steps_) {
      const std::uint32_t saga = regions_.saga[node];
      if (saga == kNoRegion) continue;
      const Step& step = *step_of(node);
      costs.waits[node] = time_of(node).worst != 0 || !time_of(node).is_bounded();
      costs.is_pivot[node] = step.pivot;
      if (!step.undo) continue;
      const CallTime undo = time_call(program_, *step.undo);
      costs.is_stop[node] = true;
      costs.of_node[node] = undo.worst();
      if (!undo.is_bounded()) is_bounded[saga] = false;
    }
    const std::vector<FoundPath> paths = find_undo_paths(cfg_, regions_, costs);
    for (std::size_t saga = 0; saga < paths.size(); ++saga) {
      if (paths[saga].stops.empty()) continue;
      SagaTiming result;
      result.statement = regions_.sagas[saga];
      result.worst = paths[saga].length;
      result.is_bounded = is_bounded[saga];
      for (const PathStop& stop : paths[saga].stops) {
        result.undos.push_back(timed(stop.node, *step_of(stop.node)->undo, Otherwise::kNothing));
        result.undos.back().group = nullptr;
        result.undos.back().times = stop.times;
      }
      std::reverse(result.undos.begin(), result.undos.end());
      timing.sagas.push_back(std::move(result));
    }
  }

  const Program& program_;
  const Cfg& cfg_;
  Regions regions_;
  Otherwise otherwise_;
  llvm::DenseMap<StepId, StepTime> times_;
  std::vector<NodeIndex> steps_;
};

}  // namespace

FlowTiming compute_timing(const Program& program, const Cfg& cfg) { return Timer(program, cfg).run(); }

FlowTiming compute_timing(const Program& program, FlowId flow) {
  return compute_timing(program, build_cfg(program, flow));
}

}  // namespace zc::model
