// Finds the sagas of a flow and what follows what inside them.

#include "compiler/model/sagas/saga.h"

#include "compiler/model/effects.h"

#include <llvm/ADT/DenseMap.h>

#include <algorithm>
#include <deque>
#include <utility>

namespace zc::model {

namespace {

// Where statements stand: in which saga, in which branch of a `parallel`.
struct Places {
  struct SagaScope {
    std::uint32_t parent = kNoIndex;
    std::uint32_t statement = kNoIndex;
  };
  struct BranchScope {
    std::uint32_t parent = kNoIndex;
    SagaBranch branch;
  };
  std::vector<SagaScope> sagas;
  std::vector<BranchScope> branches;
  std::vector<std::uint32_t> saga_of, branch_of;  // by statement, innermost
  // By statement: the innermost saga that is about to end there, in `on error` or `on cancel`.
  std::vector<std::uint32_t> ending_of;
};

class PlaceFinder {
 public:
  PlaceFinder(const Program& program, const Cfg& cfg) : flow_(program.flows[cfg.flow]), cfg_(cfg) {
    places_.saga_of.assign(cfg.statements.size(), kNoIndex);
    places_.branch_of.assign(cfg.statements.size(), kNoIndex);
    places_.ending_of.assign(cfg.statements.size(), kNoIndex);
    for (std::size_t i = 0; i < cfg.statements.size(); ++i)
      indices_.try_emplace(cfg.statements[i], static_cast<std::uint32_t>(i));
  }

  Places find() {
    block(flow_.body, {});
    return std::move(places_);
  }

 private:
  struct Place {
    std::uint32_t saga = kNoIndex, ending = kNoIndex, branch = kNoIndex;
  };

  void block(const Block& statements, const Place& place) {
    for (const Statement& statement : statements)
      one(statement, place);
  }

  void one(const Statement& statement, Place place) {
    const std::uint32_t index = indices_.at(&statement);
    if (statement.kind == StatementKind::kOnError || statement.kind == StatementKind::kOnCancel) {
      if (place.saga != kNoIndex) place.ending = std::exchange(place.saga, kNoIndex);
    }
    places_.saga_of[index] = place.saga;
    places_.ending_of[index] = place.ending;
    places_.branch_of[index] = place.branch;
    Place inner = place;
    if (statement.kind == StatementKind::kSaga) {
      inner.saga = static_cast<std::uint32_t>(places_.sagas.size());
      places_.sagas.push_back({place.saga, index});
    }
    for (std::size_t i = 0; i < statement.branches.size(); ++i) {
      if (statement.kind == StatementKind::kParallel) {
        inner.branch = static_cast<std::uint32_t>(places_.branches.size());
        places_.branches.push_back(
            {place.branch, {cfg_.node_of_statement[index], static_cast<std::uint32_t>(i)}});
      }
      block(statement.branches[i], inner);
    }
    for (const std::uint32_t alternative : statement.alternatives)
      block(flow_.alternatives[alternative].body, inner);
  }

  const Flow& flow_;
  const Cfg& cfg_;
  Places places_;
  llvm::DenseMap<const Statement*, std::uint32_t> indices_;
};

// The part of the graph that is a saga's: its own nodes, and those at which it is about to end.
struct SagaNodes {
  std::vector<NodeIndex> all, own;  // in reverse postorder
};

// By statement of an `on error`: where its errors go on, when it does not answer.
using Raises = llvm::DenseMap<std::uint32_t, NodeIndex>;

// One saga out of its nodes.
class SagaBuilder {
 public:
  SagaBuilder(const Program& program, const Cfg& cfg, const Places& places, const Raises& raises,
              const SagaNodes& nodes, std::vector<std::uint32_t>& local)
      : program_(program),
        cfg_(cfg),
        places_(places),
        raises_(raises),
        nodes_(nodes.all),
        own_(nodes.own),
        local_(local) {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      local_[nodes_[i]] = static_cast<std::uint32_t>(i);
    step_at_.assign(nodes_.size(), kNoIndex);
  }
  SagaBuilder(const SagaBuilder&) = delete;
  SagaBuilder& operator=(const SagaBuilder&) = delete;
  ~SagaBuilder() {
    for (const NodeIndex node : nodes_)
      local_[node] = kNoIndex;
  }

  Saga build(std::uint32_t statement) {
    saga_.statement = statement;
    saga_.nodes = nodes_;
    std::vector<NodeIndex> in_text_order = own_;
    std::sort(in_text_order.begin(), in_text_order.end());
    for (const NodeIndex node : in_text_order)
      add_step(node);
    find_beside();
    find_after([](const SagaStep& step) { return step.can_end(); }, /*stops_at_pivot=*/true,
               &SagaStep::ends_after);
    find_after([](const SagaStep& step) { return !step.leaving.empty() && !step.is_retriable; },
               /*stops_at_pivot=*/false, &SagaStep::fails_after);
    find_before_pivot();
    find_behind_pivot();
    return std::move(saga_);
  }

 private:
  [[nodiscard]] bool is_inside(NodeIndex node) const { return local_[node] != kNoIndex; }
  [[nodiscard]] SagaStep* step_at(NodeIndex node) {
    const std::uint32_t step = step_at_[local_[node]];
    return step == kNoIndex ? nullptr : &saga_.steps[step];
  }
  [[nodiscard]] bool is_pivot(NodeIndex node) {
    const SagaStep* step = step_at(node);
    return step != nullptr && program_.steps[step->step].pivot;
  }

  // Whether the error ends the saga: no `rescue` inside takes it, perhaps behind an `on error`.
  [[nodiscard]] bool leaves(const Edge& edge) const {
    const Edge* at = &edge;
    while (is_inside(at->to)) {
      const Node& handler = cfg_.nodes[at->to];
      if (cfg_.statements[handler.statement]->kind != StatementKind::kOnError) return false;
      const auto raise = raises_.find(handler.statement);
      if (raise == raises_.end()) return true;  // it answers
      const std::vector<Edge>& out = cfg_.nodes[raise->second].out;
      const auto next =
          std::find_if(out.begin(), out.end(), [&](const Edge& other) { return other.error == edge.error; });
      if (next == out.end()) return true;
      at = &*next;
    }
    return true;
  }

  void add_step(NodeIndex node) {
    const Node& at = cfg_.nodes[node];
    if (at.kind != NodeKind::kStep || !cfg_.statements[at.statement]->step.is_valid()) return;
    SagaStep step;
    step.node = node;
    step.step = cfg_.statements[at.statement]->step;
    const Step& declared = program_.steps[step.step];
    step.writes = is_write(declared);
    bool has_effects = false;
    bool all_retried = true;
    for_each_call(declared, [&](const EffectCall& call) {
      has_effects = true;
      step.waits = step.waits || waits(program_, call);
      const bool is_retried = call.settings.retry && call.settings.retry->times > 0;
      all_retried = all_retried && is_retried && is_repeatable(program_, call);
    });
    step.is_retriable = has_effects && all_retried;
    for (const Edge& edge : at.out) {
      if (edge.kind != EdgeKind::kError || !leaves(edge)) continue;
      if (std::find(step.leaving.begin(), step.leaving.end(), edge.error) == step.leaving.end())
        step.leaving.push_back(edge.error);
    }
    for (std::uint32_t branch = places_.branch_of[at.statement]; branch != kNoIndex;
         branch = places_.branches[branch].parent) {
      if (is_inside(places_.branches[branch].branch.fork))
        step.branches.push_back(places_.branches[branch].branch);
    }
    std::reverse(step.branches.begin(), step.branches.end());
    step_at_[local_[node]] = static_cast<std::uint32_t>(saga_.steps.size());
    saga_.steps.push_back(std::move(step));
  }

  // Per `parallel`: the first step at which the saga can end, and the first in another branch than that.
  void find_beside() {
    struct Ends {
      std::uint32_t first = kNoIndex, branch = 0, other = kNoIndex;
    };
    llvm::DenseMap<NodeIndex, Ends> ends;
    for (std::size_t i = 0; i < saga_.steps.size(); ++i) {
      if (!saga_.steps[i].can_end()) continue;
      for (const SagaBranch& branch : saga_.steps[i].branches) {
        Ends& known = ends[branch.fork];
        if (known.first == kNoIndex) {
          known.first = static_cast<std::uint32_t>(i);
          known.branch = branch.number;
        } else if (known.other == kNoIndex && known.branch != branch.number) {
          known.other = static_cast<std::uint32_t>(i);
        }
      }
    }
    for (SagaStep& step : saga_.steps) {
      for (const SagaBranch& branch : step.branches) {
        const auto known = ends.find(branch.fork);
        if (known == ends.end()) continue;
        const std::uint32_t beside =
            known->second.branch == branch.number ? known->second.other : known->second.first;
        if (beside != kNoIndex) step.ends_beside = beside;
      }
    }
  }

  // Backward from the steps that `is_end` takes, breadth first, so that each step is told the nearest one.
  template <typename IsEnd>
  void find_after(const IsEnd& is_end, bool stops_at_pivot, std::uint32_t SagaStep::* result) {
    std::vector<std::uint32_t> at(nodes_.size(), kNoIndex);  // where control comes to the node
    std::deque<NodeIndex> open;
    for (std::size_t i = 0; i < saga_.steps.size(); ++i) {
      if (!is_end(saga_.steps[i])) continue;
      at[local_[saga_.steps[i].node]] = static_cast<std::uint32_t>(i);
      open.push_back(saga_.steps[i].node);
    }
    for (; !open.empty(); open.pop_front()) {
      const NodeIndex node = open.front();
      const std::uint32_t end = at[local_[node]];
      for (const NodeIndex from : cfg_.nodes[node].in) {
        if (!is_inside(from)) continue;
        for (const Edge& edge : cfg_.nodes[from].out) {
          if (edge.to != node) continue;
          const bool has_completed = !is_before_writes(edge.kind);
          SagaStep* step = step_at(from);
          if (has_completed && step != nullptr && step->*result == kNoIndex) step->*result = end;
          const bool stops = has_completed && stops_at_pivot && is_pivot(from);
          if (stops || at[local_[from]] != kNoIndex) continue;
          at[local_[from]] = end;
          open.push_back(from);
        }
      }
    }
  }

  void find_before_pivot() {
    std::vector<bool> seen(nodes_.size());
    std::vector<NodeIndex> open;
    for (const NodeIndex node : nodes_) {
      const std::vector<NodeIndex>& in = cfg_.nodes[node].in;
      const bool is_entry =
          std::any_of(in.begin(), in.end(), [this](NodeIndex from) { return !is_inside(from); });
      if (is_entry) open.push_back(node);
    }
    while (!open.empty()) {
      const NodeIndex node = open.back();
      open.pop_back();
      if (seen[local_[node]]) continue;
      seen[local_[node]] = true;
      if (SagaStep* step = step_at(node)) step->is_before_pivot = true;
      for (const Edge& edge : cfg_.nodes[node].out) {
        if (is_inside(edge.to) && (is_before_writes(edge.kind) || !is_pivot(node))) open.push_back(edge.to);
      }
    }
  }

  void find_behind_pivot() {
    std::vector<bool> seen(nodes_.size());
    std::vector<NodeIndex> open;
    for (std::size_t i = 0; i < saga_.steps.size(); ++i) {
      const NodeIndex pivot = saga_.steps[i].node;
      if (!is_pivot(pivot)) continue;
      for (const Edge& edge : cfg_.nodes[pivot].out) {
        if (!is_before_writes(edge.kind)) open.push_back(edge.to);
      }
      while (!open.empty()) {
        const NodeIndex node = open.back();
        open.pop_back();
        if (!is_inside(node) || seen[local_[node]]) continue;
        seen[local_[node]] = true;
        if (SagaStep* step = step_at(node)) step->pivot = static_cast<std::uint32_t>(i);
        for (const Edge& edge : cfg_.nodes[node].out)
          open.push_back(edge.to);
      }
    }
  }

  const Program& program_;
  const Cfg& cfg_;
  const Places& places_;
  const Raises& raises_;
  const std::vector<NodeIndex>& nodes_;
  const std::vector<NodeIndex>& own_;
  std::vector<std::uint32_t>& local_;   // by node of the flow: its index in `nodes_`
  std::vector<std::uint32_t> step_at_;  // by local node
  Saga saga_;
};

}  // namespace

std::vector<Saga> find_sagas(const Program& program, const Cfg& cfg) {
  const bool has_saga =
      std::any_of(cfg.statements.begin(), cfg.statements.end(),
                  [](const Statement* statement) { return statement->kind == StatementKind::kSaga; });
  if (!has_saga) return {};
  const Places places = PlaceFinder(program, cfg).find();
  std::vector<SagaNodes> nodes(places.sagas.size());
  const auto add = [&](NodeIndex node, std::uint32_t saga, bool is_own) {
    for (; saga != kNoIndex; saga = places.sagas[saga].parent) {
      nodes[saga].all.push_back(node);
      if (is_own) nodes[saga].own.push_back(node);
    }
  };
  Raises raises;
  for (const NodeIndex node : cfg.order) {
    const std::uint32_t statement = cfg.nodes[node].statement;
    if (statement == kNoIndex) continue;
    add(node, places.saga_of[statement], /*is_own=*/true);
    add(node, places.ending_of[statement], /*is_own=*/false);
    if (cfg.nodes[node].kind == NodeKind::kRaise) raises.try_emplace(statement, node);
  }
  std::vector<std::uint32_t> local(cfg.nodes.size(), kNoIndex);
  std::vector<Saga> sagas;
  for (std::size_t i = 0; i < places.sagas.size(); ++i) {
    sagas.push_back(
        SagaBuilder(program, cfg, places, raises, nodes[i], local).build(places.sagas[i].statement));
  }
  return sagas;
}

}  // namespace zc::model
