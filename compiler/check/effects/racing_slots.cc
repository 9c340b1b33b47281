// Slots between branches that run side by side: a read beside a write sees the one value or the other.

#include "compiler/check/effects/effect_checks.h"

#include <algorithm>
#include <string>
#include <utility>

namespace zc::check {

namespace {

using model::NodeIndex;
using model::NodeKind;
using model::Statement;

class RacingSlots {
 public:
  RacingSlots(FlowContext& flow, const SlotStates& states)
      : flow_(flow), states_(states), seen_in_(flow.cfg.nodes.size(), model::kNoNode) {}

  void check() {
    for (const NodeIndex node : flow_.cfg.order) {
      if (flow_.cfg.nodes[node].kind == NodeKind::kFork) check_fork(node);
      if (flow_.cfg.nodes[node].kind == NodeKind::kStep) check_loops(node);
    }
  }

 private:
  struct Use {
    NodeIndex node = model::kNoNode;
    std::size_t branch = 0;
    LocalUse use;
  };

  [[nodiscard]] const model::Node& node(NodeIndex index) const { return flow_.cfg.nodes[index]; }
  [[nodiscard]] const Statement& statement(NodeIndex index) const {
    return *flow_.cfg.statements[node(index).statement];
  }

  [[nodiscard]] std::string name(NodeIndex index) const {
    if (node(index).kind != NodeKind::kStep) return "flow `" + flow_.flow().origin.name + "`";
    return "step `" + flow_.context.program.steps[statement(index).step].origin.name + "`";
  }

  // Where a use is reported: at the step in the flow, of an expression at the name itself.
  [[nodiscard]] Span place(NodeIndex index, const LocalUse& use) const {
    return node(index).kind == NodeKind::kStep ? statement(index).span : use.span;
  }

  [[nodiscard]] bool is_inside(NodeIndex index, NodeIndex fork) const {
    for (NodeIndex region = node(index).region; region != model::kNoNode; region = node(region).region) {
      if (region == fork) return true;
    }
    return false;
  }

  [[nodiscard]] bool writes(NodeIndex index, std::uint32_t slot) const {
    return has(flow_.writes[index], slot);
  }
  [[nodiscard]] bool reads(NodeIndex index, std::uint32_t slot) const {
    return has(flow_.reads[index], slot);
  }
  [[nodiscard]] static bool has(const std::vector<LocalUse>& uses, std::uint32_t slot) {
    return std::any_of(uses.begin(), uses.end(), [slot](const LocalUse& use) { return use.slot == slot; });
  }

  void check_fork(NodeIndex fork) {
    std::vector<Use> found;
    llvm::DenseMap<std::uint32_t, Use> writers;
    for (std::size_t branch = 0; branch < node(fork).out.size(); ++branch)
      collect(fork, branch, found, writers);
    for (const Use& read : found) {
      const auto writer = writers.find(read.use.slot);
      if (writer == writers.end() || writer->second.branch == read.branch) continue;
      // What is surely unset there is reported as read before it is written, two writers as a double write.
      const bool may_be_set = read.use.optional || states_.must[read.node][read.use.slot];
      if (may_be_set && !writes(read.node, read.use.slot)) report_fork(read, writer->second);
    }
  }

  // The reads of one branch, and the first writer of each slot.
  void collect(NodeIndex fork, std::size_t branch, std::vector<Use>& found,
               llvm::DenseMap<std::uint32_t, Use>& writers) {
    std::vector<NodeIndex> open{node(fork).out[branch].to};
    while (!open.empty()) {
      const NodeIndex index = open.back();
      open.pop_back();
      if (seen_in_[index] == fork || !is_inside(index, fork)) continue;
      seen_in_[index] = fork;
      for (const LocalUse& use : flow_.reads[index])
        found.push_back({index, branch, use});
      for (const LocalUse& use : flow_.writes[index])
        writers.try_emplace(use.slot, Use{index, branch, use});
      for (const model::Edge& edge : node(index).out)
        open.push_back(edge.to);
    }
  }

  void report_fork(const Use& read, const Use& writer) {
    const Span where = place(read.node, read.use);
    if (!flow_.reports.is_new(Kind::kRacingSlot, where, flow_.slots[read.use.slot])) return;
    auto& diagnostic = flow_.context.engine.report(
        Kind::kRacingSlot, where, flow_.slot_name(read.use.slot),
        "read by " + name(read.node) + " while " + name(writer.node) + " writes it");
    if (where != read.use.span) diagnostic.secondary(read.use.span, "read here");
    diagnostic.secondary(place(writer.node, writer.use), "side by side with this, which writes it")
        .help("read it before the branches part, or behind them");
  }

  // A step in the body of a loop, or of one around it, that changes what was there before the loop.
  void check_loops(NodeIndex index) {
    for (const LocalUse& use : flow_.writes[index]) {
      if (!reads(index, use.slot)) continue;
      for (NodeIndex head = node(index).loop; head != model::kNoNode; head = node(head).loop) {
        const model::Each& each = *statement(head).each;
        const bool is_side_by_side = each.parallel > 1 && each.most != 1;
        if (is_side_by_side && states_.may[head][use.slot]) report_each(index, use, each);
      }
    }
  }

  void report_each(NodeIndex index, const LocalUse& use, const model::Each& each) {
    const Span where = place(index, use);
    if (!flow_.reports.is_new(Kind::kRacingSlot, where, flow_.slots[use.slot])) return;
    flow_.context.engine
        .report(Kind::kRacingSlot, where, flow_.slot_name(use.slot),
                "changed by " + name(index) + " for several elements at the same time")
        .secondary(use.span, "written here")
        .secondary(each.over.span, "its elements run side by side")
        .help("leave `parallel` out, or collect what the elements make with `-> results`");
  }

  FlowContext& flow_;
  const SlotStates& states_;
  std::vector<NodeIndex> seen_in_;  // by node: the fork for which it was last collected
};

}  // namespace

void check_racing_slots(FlowContext& flow, const SlotStates& states) { RacingSlots(flow, states).check(); }

}  // namespace zc::check
