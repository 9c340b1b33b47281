// What the states of slots mean for reads and writes.

#include "compiler/check/analyses/flow_checks.h"

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

using model::EdgeKind;
using model::NodeIndex;
using model::NodeKind;
using model::Presence;

class SlotChecker {
 public:
  SlotChecker(FlowContext& flow, const SlotStates& states)
      : flow_(flow), states_(states), maybe_(static_cast<unsigned>(flow.slots.size())) {}

  void check() {
    std::vector<std::vector<Presence>> presences(flow_.cfg.statements.size());
    for (const NodeIndex node : flow_.cfg.order) {
      check_reads(node, presences);
      check_writes(node);
      if (flow_.cfg.nodes[node].kind == NodeKind::kFork) check_branches(node);
    }
    store(std::move(presences));
  }

 private:
  [[nodiscard]] const model::Node& node(NodeIndex index) const { return flow_.cfg.nodes[index]; }
  [[nodiscard]] const model::Statement* statement(NodeIndex index) const {
    const std::uint32_t at = node(index).statement;
    return at == model::kNoIndex ? nullptr : flow_.cfg.statements[at];
  }
  [[nodiscard]] Span place(NodeIndex index) const {
    const model::Statement* found = statement(index);
    return found == nullptr ? flow_.flow().origin.span : found->span;
  }

  void check_reads(NodeIndex index, std::vector<std::vector<Presence>>& presences) {
    const bool is_step = node(index).kind == NodeKind::kStep;
    for (const LocalUse& use : flow_.reads[index]) {
      const Presence presence = states_.must[index][use.slot]
                                    ? Presence::kSet
                                    : (states_.may[index][use.slot] ? Presence::kMaybe : Presence::kUnset);
      if (is_step) presences[node(index).statement].push_back(presence);
      if (presence == Presence::kMaybe) maybe_.set(use.slot);
      if (use.optional || presence == Presence::kSet) continue;
      if (presence == Presence::kUnset) {
        report_unset(index, use);
      } else {
        report_maybe(index, use);
      }
    }
  }

  // Where a read is reported: in the flow, at the statement or, for an expression, at the name itself.
  [[nodiscard]] Span read_place(NodeIndex index, const LocalUse& use) const {
    return node(index).kind == NodeKind::kStep ? place(index) : use.span;
  }

  [[nodiscard]] std::string reader(NodeIndex index) const {
    const model::Statement* found = statement(index);
    if (found != nullptr && node(index).kind == NodeKind::kStep) {
      return "step `" + flow_.context.program.steps[found->step].origin.name + "`";
    }
    return "flow `" + flow_.flow().origin.name + "`";
  }

  // The first node of the flow that writes the slot, other than `except`.
  [[nodiscard]] NodeIndex writer_of(std::uint32_t slot, NodeIndex except = model::kNoNode) const {
    for (const NodeIndex index : flow_.cfg.order) {
      if (index == except) continue;
      for (const LocalUse& use : flow_.writes[index]) {
        if (use.slot == slot) return index;
      }
    }
    return model::kNoNode;
  }

  void report_unset(NodeIndex index, const LocalUse& use) {
    // A slot that nothing writes at all is reported where it is declared.
    if (!flow_.reports.is_written(flow_.slots[use.slot])) return;
    flow_.reports.add_early_read(flow_.slots[use.slot]);
    const Span where = read_place(index, use);
    if (!flow_.reports.is_new(Kind::kReadBeforeWrite, where, flow_.slots[use.slot])) return;
    auto& diagnostic = flow_.context.engine.report(Kind::kReadBeforeWrite, where, flow_.slot_name(use.slot),
                                                   reader(index), flow_.flow().origin.name);
    if (use.span != where) diagnostic.secondary(use.span, "read here");
    const NodeIndex writer = writer_of(use.slot, index);
    if (writer != model::kNoNode) {
      const bool is_in_loop = node(writer).loop != model::kNoNode && node(writer).loop != node(index).loop;
      const bool is_elsewhere = node(index).in_overload != node(writer).in_overload;
      diagnostic.secondary(place(writer), is_in_loop     ? "written here, for one element of the `each` only"
                                          : is_elsewhere ? "written here, on another way"
                                                         : "written here, too late");
      if (is_elsewhere) diagnostic.note("`on overload` runs instead of all else in the flow");
    } else {
      suggest_writer(diagnostic, use.slot);
    }
  }

  // Names a step that would write the slot.
  void suggest_writer(diagnostics::Diagnostic& diagnostic, std::uint32_t slot) const {
    const model::Program& program = flow_.context.program;
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      const model::Step& step = program.steps[model::StepId(i)];
      if (step.origin.package != flow_.slot(slot).origin.package) continue;
      const bool writes = std::any_of(step.writes.begin(), step.writes.end(), [&](const model::SlotUse& use) {
        return use.slot == flow_.slots[slot];
      });
      if (!writes) continue;
      diagnostic.help("step `" + step.origin.name + "` writes it");
      return;
    }
  }

  void report_maybe(NodeIndex index, const LocalUse& use) {
    const model::SlotId slot = flow_.slots[use.slot];
    const Span where = read_place(index, use);
    if (only_optional_writers(use.slot)) {
      if (!flow_.reports.is_new(Kind::kOptionalReadAsRequired, use.span, slot)) return;
      auto& diagnostic = flow_.context.engine.report(Kind::kOptionalReadAsRequired, use.span,
                                                     flow_.slot_name(use.slot), reader(index));
      if (use.span != where) diagnostic.secondary(where, "in flow `" + flow_.flow().origin.name + "`");
      add_writer_label(diagnostic, use.slot);
      if (node(index).kind == NodeKind::kStep) {
        diagnostic.fix("read it as optional", use.span.end_point(), "?");
      } else {
        diagnostic.help("say behind it with `??` what counts when it is unset");
      }
      return;
    }
    const Skip skip = find_skip(index, use.slot);
    const bool by_alternative =
        skip.node != model::kNoNode &&
        (skip.kind == EdgeKind::kInsert || skip.kind == EdgeKind::kReplace || skip.kind == EdgeKind::kNeed);
    const Kind kind = by_alternative ? Kind::kMissingAfterAlternative : Kind::kMaybeUnset;
    if (!flow_.reports.is_new(kind, where, slot)) return;
    auto& diagnostic = flow_.context.engine.report(kind, where, flow_.slot_name(use.slot), reader(index));
    if (use.span != where) diagnostic.secondary(use.span, "read here");
    add_writer_label(diagnostic, use.slot);
    if (skip.node != model::kNoNode) diagnostic.secondary(place(skip.node), "not written " + skip_text(skip));
    if (skip.error.is_valid()) add_handler_label(diagnostic, skip);
    if (node(index).kind == NodeKind::kStep)
      diagnostic.help("write it on every path, or read it as optional: `" + flow_.slot_name(use.slot) + "?`");
  }

  [[nodiscard]] bool only_optional_writers(std::uint32_t slot) const {
    for (const NodeIndex index : flow_.cfg.order) {
      for (const LocalUse& use : flow_.writes[index]) {
        if (use.slot == slot && !use.optional) return false;
      }
    }
    return true;
  }

  void add_writer_label(diagnostics::Diagnostic& diagnostic, std::uint32_t slot) const {
    const NodeIndex writer = writer_of(slot);
    if (writer == model::kNoNode) return;
    for (const LocalUse& use : flow_.writes[writer]) {
      if (use.slot == slot)
        diagnostic.secondary(use.span, use.optional ? "may stay unset here" : "written here");
    }
  }

  // The last decision on a path to a node along which the slot is not written, and which matters: another way
  // from there, or the decided node itself, would have written it.
  struct Skip {
    NodeIndex node = model::kNoNode;
    EdgeKind kind = EdgeKind::kNext;
    NodeIndex to = model::kNoNode;
    model::ErrorId error;
  };

  [[nodiscard]] Skip find_skip(NodeIndex start, std::uint32_t slot) const {
    const std::vector<bool> to_writer = nodes_before_writer(start, slot);
    std::vector<bool> seen(flow_.cfg.nodes.size());
    std::vector<NodeIndex> open{start};
    seen[start] = true;
    for (std::size_t next = 0; next < open.size(); ++next) {
      const NodeIndex index = open[next];
      for (const NodeIndex from : node(index).in) {
        if (!flow_.reachable[from] || states_.must[from][slot]) continue;
        for (const model::Edge& edge : node(from).out) {
          if (edge.to != index || edge.kind == EdgeKind::kLoop) continue;
          const bool is_before_writes = model::is_before_writes(edge.kind);
          if (writes_surely(from, slot) && !is_before_writes) continue;
          if (decides(from, edge, slot, to_writer)) return {from, edge.kind, edge.to, edge.error};
          if (!seen[from]) open.push_back(from);
          seen[from] = true;
        }
      }
    }
    return {};
  }

  [[nodiscard]] bool writes_surely(NodeIndex index, std::uint32_t slot) const {
    return std::any_of(flow_.writes[index].begin(), flow_.writes[index].end(),
                       [slot](const LocalUse& use) { return use.slot == slot && !use.optional; });
  }

  // Whether the slot would be set if control had left the node otherwise.
  [[nodiscard]] bool decides(NodeIndex from, const model::Edge& edge, std::uint32_t slot,
                             const std::vector<bool>& to_writer) const {
    if (model::is_before_writes(edge.kind) && writes_surely(from, slot)) return true;
    return std::any_of(node(from).out.begin(), node(from).out.end(), [&](const model::Edge& other) {
      return !(other == edge) && other.kind != EdgeKind::kLoop && to_writer[other.to];
    });
  }

  // The nodes from which control may come to a write of the slot before it comes to `start`.
  [[nodiscard]] std::vector<bool> nodes_before_writer(NodeIndex start, std::uint32_t slot) const {
    std::vector<bool> before(flow_.cfg.nodes.size());
    std::vector<NodeIndex> open;
    for (const NodeIndex index : flow_.cfg.order) {
      if (index == start || !writes_surely(index, slot)) continue;
      before[index] = true;
      open.push_back(index);
    }
    while (!open.empty()) {
      const NodeIndex index = open.back();
      open.pop_back();
      for (const NodeIndex from : node(index).in) {
        if (before[from] || from == start) continue;
        before[from] = true;
        open.push_back(from);
      }
    }
    return before;
  }

  // Where the error is taken that leaves the slot unset.
  void add_handler_label(diagnostics::Diagnostic& diagnostic, const Skip& skip) const {
    const model::Statement* handler = statement(skip.to);
    if (node(skip.to).kind != NodeKind::kHandler || handler == nullptr) return;
    const std::string& error = flow_.context.program.errors[skip.error].origin.name;
    for (std::size_t i = 0; i < handler->errors.size(); ++i) {
      if (handler->errors[i] != skip.error) continue;
      diagnostic.secondary(handler->named[i].span, "`" + error + "` is handled here, and the flow goes on");
      return;
    }
  }

  [[nodiscard]] llvm::StringRef skip_text(const Skip& skip) const {
    if (node(skip.node).kind == NodeKind::kEachHead) return "behind this: each element has slots of its own";
    switch (skip.kind) {
      case EdgeKind::kTrue:
        return "when this holds";
      case EdgeKind::kFalse:
        return "when this does not hold";
      case EdgeKind::kNeed:
        return "when this step needs something";
      case EdgeKind::kInsert:
        return "when this step inserts a chain";
      case EdgeKind::kReplace:
        return "when this step replaces the rest";
      case EdgeKind::kError:
        return "when this fails";
      default:
        return "behind this";
    }
  }

  void check_writes(NodeIndex index) {
    for (const LocalUse& use : flow_.writes[index]) {
      if (!states_.may[index][use.slot]) continue;
      // A step that also reads the slot changes it on purpose.
      const bool changes = std::any_of(flow_.reads[index].begin(), flow_.reads[index].end(),
                                       [&](const LocalUse& read) { return read.slot == use.slot; });
      if (!changes) report_double(index, writer_of(use.slot, index), use.slot, "on this path");
    }
  }

  void report_double(NodeIndex index, NodeIndex first, std::uint32_t slot, llvm::StringRef how) {
    if (!flow_.reports.is_new(Kind::kDoubleWrite, place(index), flow_.slots[slot])) return;
    auto& diagnostic = flow_.context.engine.report(Kind::kDoubleWrite, place(index), flow_.slot_name(slot));
    if (first != model::kNoNode) diagnostic.secondary(place(first), "first written here, " + how);
    diagnostic.note("a slot has one writer on each path; a step that changes it reads it as well");
  }

  // Two branches that write one slot, or one that reads what another one writes.
  void check_branches(NodeIndex fork) {
    std::vector<NodeIndex> writers(flow_.slots.size(), model::kNoNode);
    std::vector<std::size_t> branch_of(flow_.slots.size());
    std::vector<bool> seen(flow_.cfg.nodes.size());
    for (std::size_t branch = 0; branch < node(fork).out.size(); ++branch) {
      std::vector<NodeIndex> open{node(fork).out[branch].to};
      while (!open.empty()) {
        const NodeIndex index = open.back();
        open.pop_back();
        if (seen[index] || !is_inside(index, fork)) continue;
        seen[index] = true;
        for (const LocalUse& use : flow_.writes[index]) {
          if (writers[use.slot] != model::kNoNode && branch_of[use.slot] != branch) {
            report_double(index, writers[use.slot], use.slot, "side by side with this");
          }
          writers[use.slot] = index;
          branch_of[use.slot] = branch;
        }
        for (const model::Edge& edge : node(index).out)
          open.push_back(edge.to);
      }
    }
  }

  [[nodiscard]] bool is_inside(NodeIndex index, NodeIndex fork) const {
    for (NodeIndex region = node(index).region; region != model::kNoNode; region = node(region).region) {
      if (region == fork) return true;
    }
    return false;
  }

  void store(std::vector<std::vector<Presence>> presences) {
    model::Flow& flow = flow_.context.program.flows[flow_.id];
    flow.slots = flow_.slots;
    for (const unsigned slot : maybe_.set_bits())
      flow.maybe_slots.push_back(flow_.slots[slot]);
    std::size_t index = 0;
    model::for_each_statement(flow, [&](model::Statement& statement) {
      statement.read_presence = std::move(presences[index]);
      if (statement.kind == model::StatementKind::kStep && statement.read_presence.empty()) {
        // Never reached: nothing is known, and nothing runs.
        statement.read_presence.assign(flow_.context.program.steps[statement.step].reads.size(),
                                       Presence::kUnset);
      }
      ++index;
    });
  }

  FlowContext& flow_;
  const SlotStates& states_;
  llvm::BitVector maybe_;
};

}  // namespace

void check_slots(FlowContext& flow, const SlotStates& states) { SlotChecker(flow, states).check(); }

}  // namespace zc::check
