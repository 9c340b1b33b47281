// Where durable flows wait, and what has to be kept for them meanwhile: liveness over the control-flow graph.

#include "compiler/lock/make/entries.h"
#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringMap.h>

#include <algorithm>
#include <cstdint>

namespace zc::lock {
namespace {

using model::NodeIndex;

constexpr std::uint32_t kNoSaga = 0xFFFFFFFF;

// By statement, in the order of `for_each_statement`: the outermost saga that it stands in.
class SagaMap {
 public:
  explicit SagaMap(const model::Flow& flow) {
    block(flow.body, kNoSaga);
    for (const model::Alternative& alternative : flow.alternatives)
      block(alternative.body, kNoSaga);
  }

  [[nodiscard]] std::uint32_t operator[](std::uint32_t statement) const { return sagas_[statement]; }
  [[nodiscard]] bool has_sagas() const { return has_sagas_; }

 private:
  void block(const model::Block& statements, std::uint32_t saga) {
    for (const model::Statement& statement : statements) {
      const auto index = static_cast<std::uint32_t>(sagas_.size());
      sagas_.push_back(saga);
      const bool begins = statement.kind == model::StatementKind::kSaga;
      has_sagas_ = has_sagas_ || begins;
      for (const model::Block& branch : statement.branches)
        block(branch, begins && saga == kNoSaga ? index : saga);
    }
  }

  std::vector<std::uint32_t> sagas_;
  bool has_sagas_ = false;
};

// Slots that are read behind a point: with a value in any case, or whether they have one or not.
struct LiveSlots {
  llvm::BitVector required, any;

  friend bool operator==(const LiveSlots&, const LiveSlots&) = default;
};

class Suspensions {
 public:
  Suspensions(const model::Program& program, model::FlowId id, const SagaMap& sagas)
      : program_(program),
        flow_(program.flows[id]),
        sagas_(sagas),
        cfg_(model::build_cfg(program, id)),
        reads_(cfg_.nodes.size()),
        writes_(cfg_.nodes.size()),
        undo_reads_(cfg_.nodes.size()) {
    for (const NodeIndex node : cfg_.order) {
      reads_[node] = localize(model::reads_of(program, cfg_, node));
      writes_[node] = localize(model::writes_of(program, cfg_, node));
      if (const model::Step* step = step_at(node); step != nullptr && step->undo)
        undo_reads_[node] = undo(*step);
    }
    find_live();
    find_pending();
  }

  void append(TypeEntries& types, Entry& entry) const {
    llvm::StringMap<unsigned> uses;
    for (std::size_t i = 0; i < cfg_.statements.size(); ++i) {
      const NodeIndex node = cfg_.node_of_statement[i];
      if (node == model::kNoNode || !is_suspension(node)) continue;
      Entry point;
      point.kind = "suspend";
      point.name = local_name(program_, step_at(node)->origin, flow_.origin.package);
      if (const unsigned use = ++uses[point.name]; use > 1) point.name += "#" + std::to_string(use);
      point.span = cfg_.statements[i]->span;
      append_live(node, types, point);
      entry.members.push_back(std::move(point));
    }
  }

 private:
  struct Use {
    std::uint32_t slot = 0;
    bool optional = false;
  };

  std::vector<Use> localize(const std::vector<model::SlotUse>& uses) {
    std::vector<Use> result;
    for (const model::SlotUse& use : uses) {
      const auto [entry, is_new] = numbers_.try_emplace(use.slot, static_cast<std::uint32_t>(slots_.size()));
      if (is_new) slots_.push_back(use.slot);
      result.push_back({entry->second, use.optional});
    }
    return result;
  }

  std::vector<Use> undo(const model::Step& step) {
    std::vector<model::SlotUse> uses;
    for (const model::Expression& argument : step.undo->arguments)
      model::collect_slots(argument, uses);
    if (step.undo->key) model::collect_slots(*step.undo->key, uses);
    return localize(uses);
  }

  [[nodiscard]] const model::Step* step_at(NodeIndex index) const {
    const model::Node& node = cfg_.nodes[index];
    if (node.kind != model::NodeKind::kStep) return nullptr;
    const model::Statement& statement = *cfg_.statements[node.statement];
    return statement.step.is_valid() ? &program_.steps[statement.step] : nullptr;
  }

  [[nodiscard]] std::uint32_t saga_of(NodeIndex index) const {
    const std::uint32_t statement = cfg_.nodes[index].statement;
    return statement == model::kNoIndex ? kNoSaga : sagas_[statement];
  }

  // Clocks and random numbers answer at once; what they have answered is in the journal of a durable job.
  [[nodiscard]] bool waits(const model::EffectCall& call) const {
    return flow_.job.is_durable || !program_.targets[call.target].builtin;
  }
  [[nodiscard]] bool waits(const model::Group& group) const {
    return std::any_of(group.members.begin(), group.members.end(), [this](const model::GroupMember& member) {
      return member.group ? waits(*member.group) : waits(member.call);
    });
  }

  [[nodiscard]] bool is_suspension(NodeIndex node) const {
    const model::Step* step = step_at(node);
    const bool is_durable = flow_.trigger == model::Trigger::kJob || saga_of(node) != kNoSaga;
    if (step == nullptr || !is_durable) return false;
    return (step->call && waits(*step->call)) || (step->group && waits(*step->group));
  }

  // Backward, until nothing changes: only loops need a second pass.
  void find_live() {
    const auto size = static_cast<unsigned>(slots_.size());
    live_.assign(cfg_.nodes.size(), {llvm::BitVector(size), llvm::BitVector(size)});
    bool changed = true;
    while (changed) {
      changed = false;
      for (const NodeIndex node : llvm::reverse(cfg_.order)) {
        LiveSlots live = live_before(node);
        if (live == live_[node]) continue;
        live_[node] = std::move(live);
        changed = true;
      }
    }
  }

  [[nodiscard]] LiveSlots live_before(NodeIndex node) const {
    const auto size = static_cast<unsigned>(slots_.size());
    LiveSlots live{llvm::BitVector(size), llvm::BitVector(size)};
    const auto join = [&](bool before_writes) {
      for (const model::Edge& edge : cfg_.nodes[node].out) {
        if (model::is_before_writes(edge.kind) != before_writes) continue;
        live.required |= live_[edge.to].required;
        live.any |= live_[edge.to].any;
      }
    };
    join(/*before_writes=*/false);
    for (const Use& use : writes_[node]) {
      if (use.optional) continue;
      live.required.reset(use.slot);
      live.any.reset(use.slot);
    }
    join(/*before_writes=*/true);
    for (const Use& use : reads_[node]) {
      live.any.set(use.slot);
      if (!use.optional) live.required.set(use.slot);
    }
    return live;
  }

  // Forward: what the undos of steps that may have been done in the same saga read. Behind a pivot there is
  // no way back.
  void find_pending() {
    pending_.assign(cfg_.nodes.size(), llvm::BitVector(static_cast<unsigned>(slots_.size())));
    if (!sagas_.has_sagas()) return;
    bool changed = true;
    while (changed) {
      changed = false;
      for (const NodeIndex node : cfg_.order) {
        if (saga_of(node) == kNoSaga) continue;
        llvm::BitVector pending = pending_[node];
        for (const NodeIndex from : cfg_.nodes[node].in) {
          if (saga_of(from) == saga_of(node)) pending |= pending_behind(from);
        }
        if (pending == pending_[node]) continue;
        pending_[node] = std::move(pending);
        changed = true;
      }
    }
  }

  [[nodiscard]] llvm::BitVector pending_behind(NodeIndex node) const {
    llvm::BitVector pending = pending_[node];
    if (const model::Step* step = step_at(node); step != nullptr && step->pivot) pending.reset();
    for (const Use& use : undo_reads_[node])
      pending.set(use.slot);
    return pending;
  }

  void append_live(NodeIndex node, TypeEntries& types, Entry& point) const {
    llvm::BitVector required = live_[node].required;
    required |= pending_[node];
    llvm::BitVector any = live_[node].any;
    any |= required;
    for (const unsigned local : any.set_bits()) {
      const model::Slot& slot = program_.slots[slots_[local]];
      Entry live;
      live.kind = "live";
      live.name = local_name(program_, slot.origin, flow_.origin.package);
      live.span = point.span;
      types.set_type(live, slot.type, !required[local]);
      point.members.push_back(std::move(live));
    }
  }

  const model::Program& program_;
  const model::Flow& flow_;
  const SagaMap& sagas_;
  const model::Cfg cfg_;
  llvm::DenseMap<model::SlotId, std::uint32_t> numbers_;
  std::vector<model::SlotId> slots_;                           // by local number
  std::vector<std::vector<Use>> reads_, writes_, undo_reads_;  // by node
  std::vector<LiveSlots> live_;                                // before each node
  std::vector<llvm::BitVector> pending_;                       // before each node
};

}  // namespace

void append_suspensions(const model::Program& program, model::FlowId id, TypeEntries& types, Entry& entry) {
  const SagaMap sagas(program.flows[id]);
  if (program.flows[id].trigger != model::Trigger::kJob && !sagas.has_sagas()) return;
  Suspensions(program, id, sagas).append(types, entry);
}

}  // namespace zc::lock
