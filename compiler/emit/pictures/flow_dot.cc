// The flows of a package as one graph.

#include "compiler/emit/pictures/captions.h"
#include "compiler/emit/pictures/dot_text.h"
#include "compiler/emit/pictures/emit_dot.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/model/graph/def_use.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/raw_ostream.h>

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace zc::emit {
namespace {

using model::EdgeKind;
using model::NodeIndex;
using model::NodeKind;

constexpr llvm::StringLiteral kControl = "#555555";
constexpr llvm::StringLiteral kSlot = "#1f5fbf";
constexpr llvm::StringLiteral kError = "#b3261e";
constexpr llvm::StringLiteral kEffectFill = "#fff4d6";
constexpr llvm::StringLiteral kStepFill = "#f4f6f8";

// One flow, as a cluster.
class FlowGraph {
 public:
  FlowGraph(const model::Program& program, model::FlowId id, std::size_t index, llvm::raw_ostream& out)
      : program_(program),
        flow_(program.flows[id]),
        cfg_(model::build_cfg(program, id)),
        captions_(program, flow_.origin.package),
        index_(index),
        out_(out) {}

  void write() {
    out_ << llvm::formatv(
        "\n  subgraph cluster_{0} {{\n    label=<<b>{1}</b>>; labeljust=l; color=\"#bbbbbb\"; "
        "style=rounded;\n",
        index_, html(flow_.origin.name));
    for (const NodeIndex node : cfg_.order)
      write_node(node);
    for (const model::SlotEdge& edge : model::slot_edges(program_, cfg_))
      slots_[{edge.writer, edge.reader}].push_back(edge);
    for (const NodeIndex node : cfg_.order) {
      for (const model::Edge& edge : cfg_.nodes[node].out)
        write_control(node, edge);
    }
    for (const auto& [ends, edges] : slots_)
      write_slots(ends.first, ends.second, edges);
    write_targets();
    out_ << "  }\n";
  }

 private:
  [[nodiscard]] std::string id(NodeIndex node) const { return llvm::formatv("f{0}n{1}", index_, node).str(); }
  // A group is a cluster: control enters at its fork and leaves at its join.
  [[nodiscard]] std::string exit_id(NodeIndex node) const {
    return groups_.contains(node) ? id(node) + "join" : id(node);
  }

  [[nodiscard]] const model::Statement& statement(NodeIndex node) const {
    return *cfg_.statements[cfg_.nodes[node].statement];
  }

  void node(const std::string& name, llvm::StringRef label, llvm::StringRef attributes) {
    out_ << llvm::formatv("    {0} [label=<{1}>, {2}];\n", name, label, attributes);
  }

  void write_node(NodeIndex index) {
    switch (cfg_.nodes[index].kind) {
      case NodeKind::kEntry:
        node(id(index), entry_label(), "shape=oval, style=\"bold\"");
        break;
      case NodeKind::kStep:
        write_step(index, program_.steps[statement(index).step]);
        break;
      case NodeKind::kFork:
        node(id(index), "<b>parallel</b>", "shape=box, height=0.1, style=filled, fillcolor=\"#dddddd\"");
        break;
      case NodeKind::kJoin:
        node(id(index), "all finished", "shape=box, height=0.1, style=filled, fillcolor=\"#dddddd\"");
        break;
      case NodeKind::kEachNext:
        node(id(index), "next", "shape=box, height=0.1, style=filled, fillcolor=\"#dddddd\"");
        break;
      case NodeKind::kEachEnd:
        node(id(index), "each: end", "shape=box, height=0.1, style=filled, fillcolor=\"#dddddd\"");
        break;
      case NodeKind::kCondition:
      case NodeKind::kEachHead:
        node(id(index), html(captions_.statement(statement(index))), "shape=diamond");
        break;
      case NodeKind::kCall:
      case NodeKind::kEnqueue:
        node(id(index), html(captions_.statement(statement(index))), "shape=box, style=dashed");
        break;
      case NodeKind::kHandler:
        node(id(index), colored(captions_.statement(statement(index)), kError),
             llvm::formatv("shape=hexagon, color=\"{0}\"", kError).str());
        break;
      case NodeKind::kRaise:
        node(id(index), colored("the error goes on", kError),
             llvm::formatv("shape=hexagon, color=\"{0}\"", kError).str());
        break;
      case NodeKind::kReturn:
        node(id(index), "<b>" + html(captions_.statement(statement(index))) + "</b>", "shape=oval");
        break;
      case NodeKind::kEnd:
        node(id(index), "end", "shape=oval");
        break;
      case NodeKind::kDone:
      case NodeKind::kFailed:
        break;  // answers and failures are said at the node that ends the flow
    }
  }

  std::string entry_label() const {
    std::string label = html(captions_.trigger(flow_));
    if (flow_.deadline) {
      label += "<br/><font point-size=\"9\">deadline " + html(duration_text(*flow_.deadline)) + "</font>";
    }
    if (flow_.has_effects)
      label += "<br/><font point-size=\"9\">" + html(longest_wait(program_, cfg_.flow)) + "</font>";
    return label;
  }

  void write_step(NodeIndex index, const model::Step& step) {
    std::vector<std::string> lines{"<b>" + html(captions_.name(step.origin)) + "</b>"};
    if (!step.reads.empty()) lines.push_back("reads " + colored(captions_.slots(step.reads), kSlot));
    if (!step.writes.empty()) lines.push_back("writes " + colored(captions_.slots(step.writes), kSlot));
    if (step.undo) lines.push_back("undo " + html(captions_.effect(*step.undo)));
    if (step.pivot) lines.push_back("pivot");
    if (step.may_done) lines.push_back("may answer");
    if (!step.fails.empty()) lines.push_back(colored(captions_.errors(step.fails), kError));
    const std::string label = llvm::join(lines, "<br/>");
    const bool is_group = step.group.has_value();
    const bool is_effect = step.call.has_value() || is_group;
    node(id(index), label,
         llvm::formatv("shape=box, style=\"rounded,filled\", fillcolor=\"{0}\"",
                       is_effect ? kEffectFill : kStepFill)
             .str());
    const std::vector<EffectCaption> effects = captions_.effects(step);
    if (!is_group) {
      for (const EffectCaption& effect : effects)
        calls_.push_back({id(index), effect});
      return;
    }
    groups_.insert({index, true});
    out_ << llvm::formatv("    subgraph cluster_{0} {{\n      label=\"\"; style=dashed; color=\"#bbbbbb\";\n",
                          id(index));
    for (std::size_t i = 0; i != effects.size(); ++i) {
      const std::string member = id(index) + "m" + std::to_string(i);
      std::string text = effects[i].slot.empty() ? "" : colored(effects[i].slot, kSlot) + "&#160;=&#160;";
      text += html(effects[i].operation);
      if (!effects[i].is_required) text += "<br/>optional";
      out_ << "  ";
      node(member, text, llvm::formatv("shape=box, style=filled, fillcolor=\"{0}\"", kEffectFill).str());
      members_.push_back({id(index), member});
      calls_.push_back({member, effects[i]});
    }
    out_ << "    }\n";
    node(exit_id(index), html(captions_.join(*step.group)),
         "shape=box, height=0.1, style=filled, fillcolor=\"#dddddd\"");
  }

  // A handled error is an edge; one that ends the flow is said at its step.
  void write_control(NodeIndex from, const model::Edge& edge) {
    if (edge.to == model::Cfg::kDoneNode || edge.to == model::Cfg::kFailedNode) return;
    std::string label = control_label(edge);
    std::string attributes =
        llvm::formatv("color=\"{0}\", fontcolor=\"{0}\"", edge.kind == EdgeKind::kError ? kError : kControl)
            .str();
    if (edge.kind == EdgeKind::kError || edge.kind == EdgeKind::kCancel || edge.kind == EdgeKind::kOverload)
      attributes += ", style=dashed";
    // A slot that goes the same way needs no line of its own.
    const auto carried = slots_.find({from, edge.to});
    if (edge.kind == EdgeKind::kNext && carried != slots_.end()) {
      label += colored(names_of(carried->second), kSlot);
      slots_.erase(carried);
    }
    if (!label.empty()) attributes += ", label=<" + label + ">";
    out_ << llvm::formatv("    {0} -> {1} [{2}];\n", exit_id(from), id(edge.to), attributes);
  }

  std::string control_label(const model::Edge& edge) const {
    switch (edge.kind) {
      case EdgeKind::kTrue:
        return "yes";
      case EdgeKind::kFalse:
        return "no";
      case EdgeKind::kNeed:
        return "need";
      case EdgeKind::kInsert:
        return "insert";
      case EdgeKind::kReplace:
        return "replace";
      case EdgeKind::kLoop:
        return "next element";
      case EdgeKind::kError:
        return html(captions_.name(program_.errors[edge.error].origin));
      case EdgeKind::kCancel:
        return "cancelled";
      case EdgeKind::kOverload:
        return "no time";
      case EdgeKind::kNext:
      case EdgeKind::kBranch:
      case EdgeKind::kDone:
        return {};
    }
    return {};
  }

  void write_slots(NodeIndex writer, NodeIndex reader, const std::vector<model::SlotEdge>& edges) const {
    out_ << llvm::formatv(
        "    {0} -> {1} [color=\"{2}\", label=<{3}>, constraint=false, arrowhead=vee, arrowsize=0.6, "
        "penwidth=0.7];\n",
        exit_id(writer), id(reader), kSlot, colored(names_of(edges), kSlot));
  }

  std::string names_of(const std::vector<model::SlotEdge>& edges) const {
    std::vector<std::string> names;
    for (const model::SlotEdge& edge : edges)
      names.push_back(captions_.name(program_.slots[edge.slot].origin));
    return llvm::join(names, ", ");
  }

  void write_targets() {
    for (const auto& [from, to] : members_) {
      out_ << llvm::formatv("    {0} -> {1} [color=\"{2}\"];\n", from, to, kControl);
      out_ << llvm::formatv("    {0} -> {1}join [color=\"{2}\"];\n", to, from, kControl);
    }
    std::map<std::size_t, bool> seen;
    for (const auto& [from, effect] : calls_) {
      const std::string target = llvm::formatv("f{0}t{1}", index_, effect.target.index()).str();
      if (seen.emplace(effect.target.index(), true).second) {
        node(target, html(captions_.name(program_.targets[effect.target].origin)),
             "shape=cylinder, style=filled, fillcolor=\"#e6f0e6\"");
      }
      std::string label = html(effect.operation);
      if (!effect.policy.empty()) label += "<br/>" + html(effect.policy);
      out_ << llvm::formatv("    {0} -> {1} [style=dotted, label=<{2}>, arrowhead={3}, constraint=false];\n",
                            from, target, label, effect.is_write ? "normal" : "onormal");
    }
  }

  const model::Program& program_;
  const model::Flow& flow_;
  const model::Cfg cfg_;
  const Captions captions_;
  const std::size_t index_;
  llvm::raw_ostream& out_;
  llvm::DenseMap<NodeIndex, bool> groups_;
  std::vector<std::pair<std::string, std::string>> members_;  // step and node of a group's effect
  std::vector<std::pair<std::string, EffectCaption>> calls_;  // node and its effect
  std::map<std::pair<NodeIndex, NodeIndex>, std::vector<model::SlotEdge>> slots_;
};

}  // namespace

std::string emit_flow_dot(const model::Program& program, model::PackageId package) {
  std::string text;
  llvm::raw_string_ostream out(text);
  begin_graph(program.packages[package].name, "TB", out);
  std::size_t index = 0;
  for (std::size_t i = 0; i != program.flows.size(); ++i) {
    const model::FlowId id(i);
    if (program.flows[id].origin.package == package) FlowGraph(program, id, index++, out).write();
  }
  out << "}\n";
  return text;
}

}  // namespace zc::emit
