// The control-flow graph of one flow: what the analyses of the checks and the planner run over.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

#include <cstdint>
#include <vector>

namespace zc::model {

enum class NodeKind : std::uint8_t {
  kEntry,      // of the flow; a job's parameters are set
  kStep,       // `statement`: a step
  kCondition,  // of a `when`
  kFork,       // `parallel`: all successors run
  kJoin,       // all predecessors have finished
  kEachHead,   // before each element
  kEachNext,   // behind the body: back to the head
  kEachEnd,    // after the last
  kCall,       // another flow runs
  kEnqueue,
  kReturn,   // answers
  kHandler,  // entry of a `rescue`, `on error`, `on cancel` or `on overload`
  kRaise,    // behind an `on error` that does not answer: its errors go on
  kEnd,      // the flow ran off its last statement
  kDone,     // answered
  kFailed,   // ended with an error
};

enum class EdgeKind : std::uint8_t {
  kNext,
  kTrue,
  kFalse,
  kBranch,
  kNeed,
  kInsert,
  kReplace,
  kLoop,
  kError,
  kCancel,
  kOverload,  // from the entry, instead of the body
  kDone
};

// An edge along which the node's writes have not happened.
[[nodiscard]] constexpr bool is_before_writes(EdgeKind kind) {
  return kind == EdgeKind::kNeed || kind == EdgeKind::kInsert || kind == EdgeKind::kReplace ||
         kind == EdgeKind::kError || kind == EdgeKind::kCancel || kind == EdgeKind::kDone;
}

using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = 0xFFFFFFFF;
inline constexpr std::uint32_t kNoIndex = 0xFFFFFFFF;

struct Edge {
  NodeIndex to = kNoNode;
  EdgeKind kind = EdgeKind::kNext;
  ErrorId error;  // of kError

  friend bool operator==(const Edge&, const Edge&) = default;
};

struct Node {
  NodeKind kind = NodeKind::kEntry;
  std::uint32_t statement = kNoIndex;  // in `Cfg::statements`
  NodeIndex fork = kNoNode;            // kJoin: where its branches began
  NodeIndex region = kNoNode;          // the innermost fork whose branches this node stands in
  std::uint32_t branch = 0;            // of `region`, which of them
  NodeIndex loop = kNoNode;            // head of the innermost `each` whose body this node stands in
  bool in_overload = false;            // stands in `on overload`: nothing of the body has run before it
  std::vector<Edge> out;
  std::vector<NodeIndex> in;
};

// Statements in the order of `for_each_statement`. Edges that leave a node before its writes happened are
// kNeed, kInsert, kReplace, kError, kCancel and kDone: what the node writes is not set behind them.
struct Cfg {
  FlowId flow;
  std::vector<Node> nodes;  // the first is kEntry, then kEnd, kDone and kFailed
  std::vector<const Statement*> statements;
  std::vector<NodeIndex>
      node_of_statement;         // where control enters a statement; kNoNode for one that makes no node
  std::vector<NodeIndex> order;  // reachable nodes in reverse postorder

  static constexpr NodeIndex kEntryNode = 0, kEndNode = 1, kDoneNode = 2, kFailedNode = 3;
};

// Calls `visit(statement)` for each statement before those inside it; the body first, then the alternatives.
template <typename Statements, typename Visit>
void for_each_statement_of(Statements& block, const Visit& visit) {
  for (auto& statement : block) {
    visit(statement);
    for (auto& branch : statement.branches)
      for_each_statement_of(branch, visit);
  }
}
template <typename FlowType, typename Visit> void for_each_statement(FlowType& flow, const Visit& visit) {
  for_each_statement_of(flow.body, visit);
  for (auto& alternative : flow.alternatives)
    for_each_statement_of(alternative.body, visit);
}

// The graph points into `program`, which must stay as it is. Linear in the size of the flow.
[[nodiscard]] Cfg build_cfg(const Program& program, FlowId flow);

// The slots that a node reads; the same slot may come more than once. `optional` reads may find it unset.
[[nodiscard]] std::vector<SlotUse> reads_of(const Program& program, const Cfg& cfg, NodeIndex node);
// The slots that a node writes when it succeeds.
[[nodiscard]] std::vector<SlotUse> writes_of(const Program& program, const Cfg& cfg, NodeIndex node);
// The slots that an expression mentions. A mention is optional when the expression can do without it: left of
// `??`, or compared with null.
void collect_slots(const Expression& expression, std::vector<SlotUse>& slots);

// One node a line: `3 step load -> next 4, error NotFound 3`. Deterministic.
void dump_cfg(const Program& program, const Cfg& cfg, llvm::raw_ostream& out);
// Every flow of the root packages.
void dump_cfg(const Program& program, llvm::raw_ostream& out);

}  // namespace zc::model
