// The graph of a flow as text, for `--dump=cfg` and goldens.

#include "compiler/model/graph/cfg.h"

namespace zc::model {

namespace {

const char* node_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kEntry:
      return "entry";
    case NodeKind::kStep:
      return "step";
    case NodeKind::kCondition:
      return "condition";
    case NodeKind::kFork:
      return "fork";
    case NodeKind::kJoin:
      return "join";
    case NodeKind::kEachHead:
      return "each";
    case NodeKind::kEachNext:
      return "each-next";
    case NodeKind::kEachEnd:
      return "each-end";
    case NodeKind::kCall:
      return "call";
    case NodeKind::kEnqueue:
      return "enqueue";
    case NodeKind::kReturn:
      return "return";
    case NodeKind::kHandler:
      return "handler";
    case NodeKind::kRaise:
      return "raise";
    case NodeKind::kEnd:
      return "end";
    case NodeKind::kDone:
      return "done";
    case NodeKind::kFailed:
      return "failed";
  }
  return "";
}

const char* edge_name(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::kNext:
      return "next";
    case EdgeKind::kTrue:
      return "true";
    case EdgeKind::kFalse:
      return "false";
    case EdgeKind::kBranch:
      return "branch";
    case EdgeKind::kNeed:
      return "need";
    case EdgeKind::kInsert:
      return "insert";
    case EdgeKind::kReplace:
      return "replace";
    case EdgeKind::kLoop:
      return "loop";
    case EdgeKind::kError:
      return "error";
    case EdgeKind::kCancel:
      return "cancel";
    case EdgeKind::kOverload:
      return "overload";
    case EdgeKind::kDone:
      return "done";
  }
  return "";
}

void print_subject(const Program& program, const Statement& statement, llvm::raw_ostream& out) {
  switch (statement.kind) {
    case StatementKind::kStep:
      if (statement.step.is_valid()) out << ' ' << program.steps[statement.step].origin.name;
      break;
    case StatementKind::kCall:
      if (statement.flow.is_valid()) out << ' ' << program.flows[statement.flow].origin.name;
      break;
    case StatementKind::kEnqueue:
      out << ' ' << program.flows[statement.enqueue->job].origin.name;
      break;
    case StatementKind::kReturn:
      out << ' ' << statement.answer->status;
      break;
    case StatementKind::kRescue:
      out << " rescue";
      break;
    case StatementKind::kOnError:
      out << " on error";
      break;
    case StatementKind::kOnCancel:
      out << " on cancel";
      break;
    case StatementKind::kOnOverload:
      out << " on overload";
      break;
    default:
      break;
  }
}

void print_slots(const Program& program, const char* word, const std::vector<SlotUse>& uses,
                 llvm::raw_ostream& out) {
  const char* separator = "";
  for (const SlotUse& use : uses) {
    if (!use.slot.is_valid()) continue;
    if (*separator == '\0') out << ' ' << word << ' ';
    out << separator << program.slots[use.slot].origin.name << (use.optional ? "?" : "");
    separator = ", ";
  }
}

}  // namespace

void dump_cfg(const Program& program, const Cfg& cfg, llvm::raw_ostream& out) {
  const Flow& flow = program.flows[cfg.flow];
  out << "flow " << program.packages[flow.origin.package].name << '.' << flow.origin.name << '\n';
  std::vector<bool> is_reachable(cfg.nodes.size());
  for (const NodeIndex node : cfg.order)
    is_reachable[node] = true;
  for (std::size_t i = 0; i < cfg.nodes.size(); ++i) {
    const Node& node = cfg.nodes[i];
    const auto index = static_cast<NodeIndex>(i);
    out << "  " << i << ' ' << node_name(node.kind);
    if (node.statement != kNoIndex) print_subject(program, *cfg.statements[node.statement], out);
    print_slots(program, "reads", reads_of(program, cfg, index), out);
    print_slots(program, "writes", writes_of(program, cfg, index), out);
    if (!is_reachable[i]) out << " unreachable";
    const char* separator = " -> ";
    for (const Edge& edge : node.out) {
      out << separator << edge_name(edge.kind);
      if (edge.error.is_valid()) out << ' ' << program.errors[edge.error].origin.name;
      out << ' ' << edge.to;
      separator = ", ";
    }
    out << '\n';
  }
}

void dump_cfg(const Program& program, llvm::raw_ostream& out) {
  for (std::size_t i = 0; i < program.flows.size(); ++i) {
    const FlowId flow = program.flows.id_at(i);
    if (!program.packages[program.flows[flow].origin.package].is_root) continue;
    dump_cfg(program, build_cfg(program, flow), out);
  }
}

}  // namespace zc::model
