// Liveness backward over the graph of each flow, and what it says about all flows together.

#include "compiler/check/analyses/flow_checks.h"

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

using model::NodeIndex;

class Liveness {
 public:
  explicit Liveness(const FlowContext& flow)
      : flow_(flow),
        live_(flow.cfg.nodes.size(), llvm::BitVector(static_cast<unsigned>(flow.slots.size()))) {}

  void run(WriteUses& uses) {
    // Only a loop's back edge points against the order, so a second pass is the last that changes anything.
    const bool loops = std::any_of(flow_.cfg.order.begin(), flow_.cfg.order.end(), [&](NodeIndex node) {
      return flow_.cfg.nodes[node].kind == model::NodeKind::kEachHead;
    });
    for (int pass = 0; pass < (loops ? 2 : 1); ++pass) {
      for (auto node = flow_.cfg.order.rbegin(); node != flow_.cfg.order.rend(); ++node)
        enter(*node);
    }
    for (const NodeIndex node : flow_.cfg.order)
      collect(node, uses);
  }

 private:
  // Slots that are read on some path behind the node's writes.
  [[nodiscard]] llvm::BitVector behind_writes(NodeIndex index) const {
    llvm::BitVector live(static_cast<unsigned>(flow_.slots.size()));
    for (const model::Edge& edge : flow_.cfg.nodes[index].out) {
      if (!model::is_before_writes(edge.kind)) live |= live_[edge.to];
      if (edge.kind == model::EdgeKind::kLoop) add_results(edge.to, live);
    }
    return live;
  }

  void enter(NodeIndex index) {
    llvm::BitVector live = behind_writes(index);
    for (const LocalUse& use : flow_.writes[index]) {
      if (!use.optional) live.reset(use.slot);
    }
    for (const model::Edge& edge : flow_.cfg.nodes[index].out) {
      if (model::is_before_writes(edge.kind)) live |= live_[edge.to];
    }
    for (const LocalUse& use : flow_.reads[index])
      live.set(use.slot);
    live_[index] = std::move(live);
  }

  // `-> results` collects what the body of an `each` makes: at its end every slot that may be an element is
  // read.
  void add_results(NodeIndex head, llvm::BitVector& live) const {
    const model::Each& each = *flow_.cfg.statements[flow_.cfg.nodes[head].statement]->each;
    if (!each.results.is_valid()) return;
    const model::Program& program = flow_.context.program;
    const model::TypeId element = flow_.context.types[program.slots[each.results].type].element;
    for (std::size_t slot = 0; slot < flow_.slots.size(); ++slot) {
      const auto local = static_cast<std::uint32_t>(slot);
      if (flow_.slots[slot] != each.item && flow_.slot(local).type == element) live.set(local);
    }
  }

  void collect(NodeIndex index, WriteUses& uses) const {
    const model::Node& node = flow_.cfg.nodes[index];
    if (node.kind != model::NodeKind::kStep) return;
    const model::Statement& statement = *flow_.cfg.statements[node.statement];
    const llvm::BitVector live = behind_writes(index);
    for (const LocalUse& use : flow_.writes[index]) {
      WriteUse& entry = uses[{statement.step.raw(), flow_.slots[use.slot].raw()}];
      entry.is_read = entry.is_read || live[use.slot];
      if (!entry.flow_use.is_valid()) entry.flow_use = statement.span;
    }
  }

  const FlowContext& flow_;
  std::vector<llvm::BitVector> live_;  // before each node
};

// A step's own `undo` reads what the step wrote.
bool undo_reads(const model::Step& step, model::SlotId slot) {
  if (!step.undo) return false;
  std::vector<model::SlotUse> uses;
  for (const model::Expression& argument : step.undo->arguments)
    model::collect_slots(argument, uses);
  if (step.undo->key) model::collect_slots(*step.undo->key, uses);
  return std::any_of(uses.begin(), uses.end(),
                     [slot](const model::SlotUse& use) { return use.slot == slot; });
}

}  // namespace

void collect_write_uses(const FlowContext& flow, WriteUses& uses) { Liveness(flow).run(uses); }

void report_never_written(Context& context, const FlowReports& reports) {
  std::vector<bool> seen(context.program.slots.size());
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    const model::Step& step = context.program.steps[model::StepId(i)];
    for (const model::SlotUse& use : step.reads) {
      if (reports.is_written(use.slot) || seen[use.slot.index()]) continue;
      seen[use.slot.index()] = true;
      const model::Origin& slot = context.program.slots[use.slot].origin;
      context.engine.report(Kind::kNeverWritten, slot.span, slot.name)
          .secondary(use.span, "step `" + step.origin.name + "` reads it")
          .help("write it in a step: `step read_" + slot.name + " -> " + slot.name + " = ...;`");
    }
  }
  for (const model::Flow& flow : context.program.flows) {
    for (const model::SlotId id : flow.slots) {
      if (reports.is_written(id) || seen[id.index()]) continue;
      seen[id.index()] = true;
      const model::Origin& slot = context.program.slots[id].origin;
      context.engine.report(Kind::kNeverWritten, slot.span, slot.name)
          .secondary(flow.origin.span, "flow `" + flow.origin.name + "` reads it")
          .help("write it in a step: `step read_" + slot.name + " -> " + slot.name + " = ...;`");
    }
  }
}

void report_dead_writes(Context& context, const FlowReports& reports, const WriteUses& uses) {
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    const model::StepId id(i);
    const model::Step& step = context.program.steps[id];
    if (!context.program.packages[step.origin.package].is_root) continue;
    for (const model::SlotUse& write : step.writes) {
      const auto found = uses.find({id.raw(), write.slot.raw()});
      if (found == uses.end() || found->second.is_read || undo_reads(step, write.slot)) continue;
      if (reports.is_read_early(write.slot)) continue;
      context.engine
          .report(Kind::kDeadWrite, write.span, context.program.slots[write.slot].origin.name,
                  step.origin.name)
          .secondary(found->second.flow_use, "nothing behind this reads it")
          .help("leave the slot out of the step's writes, if its value is of no use");
    }
  }
}

}  // namespace zc::check
