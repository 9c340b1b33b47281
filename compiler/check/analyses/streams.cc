// Streams are read once: what a step has taken is there for nobody behind it, nor beside it.

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/model/effects.h"

#include <algorithm>

namespace zc::check {

namespace {

using model::NodeIndex;
using model::NodeKind;

class StreamUses {
 public:
  explicit StreamUses(FlowContext& flow) : flow_(flow) {}

  void check() {
    for (const NodeIndex node : flow_.cfg.order) {
      if (flow_.cfg.nodes[node].kind != NodeKind::kStep) continue;
      for (const LocalUse& use : flow_.reads[node]) {
        if (!is_stream(use.slot)) continue;
        check_step(node, use);
        check_behind(node, use);
        check_beside(node, use);
      }
    }
  }

 private:
  [[nodiscard]] const model::Node& node(NodeIndex index) const { return flow_.cfg.nodes[index]; }
  [[nodiscard]] const model::Step& step(NodeIndex index) const {
    return flow_.context.program.steps[flow_.cfg.statements[node(index).statement]->step];
  }
  [[nodiscard]] bool is_stream(std::uint32_t slot) const {
    return flow_.context.types.kind(flow_.slot(slot).type) == model::TypeKind::kStream;
  }
  [[nodiscard]] static const LocalUse* find(const std::vector<LocalUse>& uses, std::uint32_t slot) {
    const auto found =
        std::find_if(uses.begin(), uses.end(), [&](const auto& use) { return use.slot == slot; });
    return found == uses.end() ? nullptr : &*found;
  }
  [[nodiscard]] Span place(NodeIndex index, const LocalUse& use) const {
    return node(index).kind == NodeKind::kStep ? flow_.cfg.statements[node(index).statement]->span : use.span;
  }

  // Several effects of one group.
  void check_step(NodeIndex index, const LocalUse& use) {
    const model::Expression* first = nullptr;
    model::for_each_call(step(index), [&](const model::EffectCall& call) {
      model::for_each_whole_argument(call, [&](const model::Expression& argument) {
        if (argument.kind != model::ExpressionKind::kSlot || argument.slot != flow_.slots[use.slot]) return;
        if (first == nullptr) {
          first = &argument;
        } else {
          report(argument.span, use.slot, step(index), first->span);
        }
      });
    });
  }

  // Whoever can come later, the step itself in the next run of a loop included, unless it is opened anew.
  void check_behind(NodeIndex from, const LocalUse& use) {
    std::vector<bool> seen(flow_.cfg.nodes.size());
    std::vector<NodeIndex> left = {from};
    while (!left.empty()) {
      const NodeIndex at = left.back();
      left.pop_back();
      const bool opens = at != from && find(flow_.writes[at], use.slot) != nullptr;
      for (const model::Edge& edge : node(at).out) {
        if ((opens && !model::is_before_writes(edge.kind)) || seen[edge.to]) continue;
        seen[edge.to] = true;
        if (const LocalUse* const later = find(flow_.reads[edge.to], use.slot)) {
          report(place(edge.to, *later), use.slot, step(from), place(from, use));
        } else {
          left.push_back(edge.to);
        }
      }
    }
  }

  // In another branch of a `parallel`; of two that take it, the later one is told.
  void check_beside(NodeIndex index, const LocalUse& use) {
    for (const NodeIndex other : flow_.cfg.order) {
      if (other < index || !is_beside(index, other)) continue;
      if (const LocalUse* const read = find(flow_.reads[other], use.slot))
        report(place(other, *read), use.slot, step(index), place(index, use));
    }
  }
  [[nodiscard]] bool is_beside(NodeIndex one, NodeIndex other) const {
    for (NodeIndex a = one; node(a).region != model::kNoNode; a = node(a).region) {
      for (NodeIndex b = other; node(b).region != model::kNoNode; b = node(b).region) {
        if (node(a).region == node(b).region) return node(a).branch != node(b).branch;
      }
    }
    return false;
  }

  void report(Span where, std::uint32_t slot, const model::Step& taker, Span taken) {
    if (!flow_.reports.is_new(Kind::kMisplacedStream, where, flow_.slots[slot])) return;
    auto& diagnostic = flow_.context.engine.report(
        Kind::kMisplacedStream, where, "stream `" + flow_.slot_name(slot) + "` has been read by then");
    if (taken != where) diagnostic.secondary(taken, "step `" + taker.origin.name + "` takes it here");
    diagnostic.help("open it once for each that reads it");
  }

  FlowContext& flow_;
};

}  // namespace

void check_streams(FlowContext& flow) { StreamUses(flow).check(); }

}  // namespace zc::check
