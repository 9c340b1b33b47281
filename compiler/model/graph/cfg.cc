// Builds the control-flow graph of a flow from its structured body.

#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/DenseMap.h>

#include <algorithm>
#include <utility>

namespace zc::model {

namespace {

class Builder {
 public:
  Builder(const Program& program, FlowId flow) : program_(program), flow_(program.flows[flow]) {
    cfg_.flow = flow;
    for_each_statement(flow_, [this](const Statement& statement) {
      const auto index = static_cast<std::uint32_t>(cfg_.statements.size());
      cfg_.statements.push_back(&statement);
      indices_.emplace_back(&statement, index);
    });
    std::sort(indices_.begin(), indices_.end());
    cfg_.node_of_statement.assign(cfg_.statements.size(), kNoNode);
  }

  Cfg build() {
    for (const NodeKind kind : {NodeKind::kEntry, NodeKind::kEnd, NodeKind::kDone, NodeKind::kFailed})
      add_node(kind);
    connect(block(flow_.body, {{Cfg::kEntryNode, EdgeKind::kNext}}), Cfg::kEndNode);
    number();
    return std::move(cfg_);
  }

 private:
  // An edge that has no end yet.
  struct Exit {
    NodeIndex from = kNoNode;
    EdgeKind kind = EdgeKind::kNext;
  };
  using Exits = std::vector<Exit>;

  struct Handler {
    std::size_t position = 0;  // of its statement in the block
    const Statement* statement = nullptr;
    NodeIndex node = kNoNode;
    NodeIndex raise = kNoNode;  // kRaise, when control comes to the end of an `on error`
  };
  struct Scope {
    std::vector<Handler> handlers;
    llvm::DenseMap<ErrorId, std::vector<std::uint32_t>>
        rescues;                                   // in `handlers`: those that name it, in order
    llvm::DenseMap<ErrorId, std::uint32_t> hooks;  // the first `on error` that names it
    std::uint32_t catch_all = kNoIndex;            // the first `on error` that takes any
    std::size_t position = 0;                      // of the statement that is being built
    bool in_on_error = false;   // or in `on cancel`: its own errors are not for the handlers of this block
    bool in_on_cancel = false;  // which happens once
  };

  static void add_handler(Scope& scope, const Handler& handler) {
    const auto index = static_cast<std::uint32_t>(scope.handlers.size());
    scope.handlers.push_back(handler);
    const bool is_hook = handler.statement->kind == StatementKind::kOnError;
    if (is_hook && handler.statement->errors.empty()) scope.catch_all = std::min(scope.catch_all, index);
    for (const ErrorId error : handler.statement->errors) {
      if (!error.is_valid()) continue;  // it could not be resolved
      if (is_hook) {
        scope.hooks.try_emplace(error, index);
      } else {
        scope.rescues[error].push_back(index);
      }
    }
  }

  NodeIndex add_node(NodeKind kind, const Statement* statement = nullptr) {
    Node node;
    node.kind = kind;
    node.region = region_;
    node.branch = branch_;
    node.loop = loop_;
    node.in_overload = in_overload_;
    if (statement != nullptr) node.statement = index_of(*statement);
    cfg_.nodes.push_back(std::move(node));
    const auto index = static_cast<NodeIndex>(cfg_.nodes.size() - 1);
    if (statement != nullptr && cfg_.node_of_statement[index_of(*statement)] == kNoNode) {
      cfg_.node_of_statement[index_of(*statement)] = index;
    }
    return index;
  }

  std::uint32_t index_of(const Statement& statement) const {
    return std::lower_bound(indices_.begin(), indices_.end(), std::pair(&statement, std::uint32_t{0}))
        ->second;
  }

  void add_edge(NodeIndex from, NodeIndex to, EdgeKind kind, ErrorId error = ErrorId()) {
    const Edge edge{to, kind, error};
    const std::vector<Edge>& out = cfg_.nodes[from].out;
    if (std::find(out.begin(), out.end(), edge) == out.end()) add_new_edge(from, edge);
  }

  // The edges from one node to another are made side by side, so that `in` has the node once.
  void add_new_edge(NodeIndex from, const Edge& edge) {
    cfg_.nodes[from].out.push_back(edge);
    std::vector<NodeIndex>& in = cfg_.nodes[edge.to].in;
    if (in.empty() || in.back() != from) in.push_back(from);
  }

  void connect(const Exits& exits, NodeIndex to) {
    for (const Exit& exit : exits)
      add_edge(exit.from, to, exit.kind);
  }

  // Where an error that is raised by the statement under construction goes.
  NodeIndex handler_of(ErrorId error) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (scope->in_on_error || scope->handlers.empty()) continue;
      if (const auto rescues = scope->rescues.find(error); rescues != scope->rescues.end()) {
        const auto behind = std::upper_bound(rescues->second.begin(), rescues->second.end(), scope->position,
                                             [&](std::size_t position, std::uint32_t index) {
                                               return position < scope->handlers[index].position;
                                             });
        if (behind != rescues->second.end()) return scope->handlers[*behind].node;
      }
      std::uint32_t hook = scope->catch_all;
      if (const auto named = scope->hooks.find(error); named != scope->hooks.end())
        hook = std::min(hook, named->second);
      if (hook != kNoIndex) return scope->handlers[hook].node;
    }
    return Cfg::kFailedNode;
  }

  void add_failures(NodeIndex node, const Step& step) {
    for (const ErrorId error : step.fails)
      add_new_edge(node, {handler_of(error), EdgeKind::kError, error});
    if (step.call || step.group) add_cancellations(node);
  }

  // A request is cancelled where it waits.
  void add_cancellations(NodeIndex node) {
    for (const Scope& scope : scopes_) {
      if (scope.in_on_cancel) continue;
      for (const Handler& handler : scope.handlers) {
        if (handler.statement->kind == StatementKind::kOnCancel)
          add_edge(node, handler.node, EdgeKind::kCancel);
      }
    }
  }

  static bool is_handler(StatementKind kind) {
    return kind == StatementKind::kRescue || kind == StatementKind::kOnError ||
           kind == StatementKind::kOnCancel;
  }

  Exits block(const Block& statements, Exits exits) {
    scopes_.emplace_back();
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const Statement& statement = statements[i];
      if (is_handler(statement.kind)) {
        const NodeIndex node = add_node(NodeKind::kHandler, &statement);
        add_handler(scopes_.back(), {i, &statement, node});
      }
    }
    for (std::size_t i = 0; i < statements.size(); ++i) {
      scopes_.back().position = i;
      exits = one(statements[i], std::move(exits));
    }
    const std::vector<Handler> handlers = std::move(scopes_.back().handlers);
    scopes_.pop_back();
    for (const Handler& handler : handlers)
      pass_on(handler);
    return exits;
  }

  // What an `on error` has taken leaves its block.
  void pass_on(const Handler& handler) {
    if (handler.raise == kNoNode) return;
    std::vector<ErrorId> errors;
    for (const NodeIndex from : cfg_.nodes[handler.node].in) {
      for (const Edge& edge : cfg_.nodes[from].out) {
        if (edge.to == handler.node && edge.error.is_valid()) errors.push_back(edge.error);
      }
    }
    std::sort(errors.begin(), errors.end());
    errors.erase(std::unique(errors.begin(), errors.end()), errors.end());
    for (const ErrorId error : errors)
      add_new_edge(handler.raise, {handler_of(error), EdgeKind::kError, error});
  }

  Exits one(const Statement& statement, Exits entry) {
    switch (statement.kind) {
      case StatementKind::kStep:
        return step(statement, entry);
      case StatementKind::kChain:
      case StatementKind::kSaga:
      case StatementKind::kTx:
        return statement.branches.empty() ? entry : block(statement.branches.front(), std::move(entry));
      case StatementKind::kCall:
        return call(statement, entry);
      case StatementKind::kParallel:
        return parallel(statement, entry);
      case StatementKind::kWhen:
        return when(statement, entry);
      case StatementKind::kEach:
        return each(statement, entry);
      case StatementKind::kRescue:
      case StatementKind::kOnError:
      case StatementKind::kOnCancel:
        return handler(statement, std::move(entry));
      case StatementKind::kOnOverload:
        overload(statement);
        return entry;
      case StatementKind::kEnqueue: {
        const NodeIndex node = add_node(NodeKind::kEnqueue, &statement);
        connect(entry, node);
        add_cancellations(node);
        return {{node, EdgeKind::kNext}};
      }
      case StatementKind::kReturn: {
        const NodeIndex node = add_node(NodeKind::kReturn, &statement);
        connect(entry, node);
        add_edge(node, Cfg::kDoneNode, EdgeKind::kDone);
        return {};
      }
    }
    return entry;
  }

  Exits step(const Statement& statement, const Exits& entry) {
    const NodeIndex node = add_node(NodeKind::kStep, &statement);
    connect(entry, node);
    Exits exits{{node, EdgeKind::kNext}};
    if (!statement.step.is_valid()) return exits;
    const Step& step = program_.steps[statement.step];
    add_failures(node, step);
    if (step.may_done) add_edge(node, Cfg::kDoneNode, EdgeKind::kDone);
    for (const std::uint32_t index : statement.alternatives) {
      const Alternative& alternative = flow_.alternatives[index];
      switch (alternative.kind) {
        case Alternative::Kind::kNeed:
          append(exits, block(alternative.body, {{node, EdgeKind::kNeed}}));
          break;
        case Alternative::Kind::kInsert:
          append(exits, block(alternative.body, {{node, EdgeKind::kInsert}}));
          break;
        case Alternative::Kind::kReplace:
          connect(block(alternative.body, {{node, EdgeKind::kReplace}}), Cfg::kEndNode);
          break;
      }
    }
    return exits;
  }

  Exits call(const Statement& statement, const Exits& entry) {
    const NodeIndex node = add_node(NodeKind::kCall, &statement);
    connect(entry, node);
    if (!statement.branches.empty()) {
      // What the called flow does not answer, this flow does not answer either: it goes on behind the call.
      return block(statement.branches.front(), {{node, EdgeKind::kNext}});
    }
    return {{node, EdgeKind::kNext}};
  }

  Exits parallel(const Statement& statement, const Exits& entry) {
    const NodeIndex fork = add_node(NodeKind::kFork, &statement);
    connect(entry, fork);
    const NodeIndex outer = std::exchange(region_, fork);
    const std::uint32_t outer_branch = std::exchange(branch_, 0);
    Exits ends;
    for (const Block& branch : statement.branches) {
      append(ends, block(branch, {{fork, EdgeKind::kBranch}}));
      ++branch_;
    }
    region_ = outer;
    branch_ = outer_branch;
    const NodeIndex join = add_node(NodeKind::kJoin, &statement);
    cfg_.nodes[join].fork = fork;
    if (statement.branches.empty()) ends.push_back({fork, EdgeKind::kNext});
    connect(ends, join);
    return {{join, EdgeKind::kNext}};
  }

  Exits when(const Statement& statement, const Exits& entry) {
    const NodeIndex node = add_node(NodeKind::kCondition, &statement);
    connect(entry, node);
    Exits exits = block(statement.branches.at(0), {{node, EdgeKind::kTrue}});
    if (statement.branches.size() > 1) {
      append(exits, block(statement.branches[1], {{node, EdgeKind::kFalse}}));
    } else {
      exits.push_back({node, EdgeKind::kFalse});
    }
    return exits;
  }

  Exits each(const Statement& statement, const Exits& entry) {
    const NodeIndex head = add_node(NodeKind::kEachHead, &statement);
    connect(entry, head);
    const NodeIndex outer = std::exchange(loop_, head);
    const Exits ends = block(statement.branches.at(0), {{head, EdgeKind::kTrue}});
    const NodeIndex next = add_node(NodeKind::kEachNext, &statement);
    loop_ = outer;
    connect(ends, next);
    add_edge(next, head, EdgeKind::kLoop);
    const NodeIndex end = add_node(NodeKind::kEachEnd, &statement);
    add_edge(head, end, EdgeKind::kFalse);
    return {{end, EdgeKind::kNext}};
  }

  Exits handler(const Statement& statement, Exits entry) {
    const bool is_rescue = statement.kind == StatementKind::kRescue;
    const NodeIndex node = cfg_.node_of_statement[index_of(statement)];
    scopes_.back().in_on_error = !is_rescue;
    scopes_.back().in_on_cancel = statement.kind == StatementKind::kOnCancel;
    Exits ends = block(statement.branches.at(0), {{node, EdgeKind::kNext}});
    scopes_.back().in_on_error = false;
    scopes_.back().in_on_cancel = false;
    if (is_rescue) {
      append(entry, std::move(ends));
    } else if (statement.kind == StatementKind::kOnCancel) {
      connect(ends, Cfg::kFailedNode);
    } else if (!ends.empty()) {
      const NodeIndex raise = add_node(NodeKind::kRaise, &statement);
      connect(ends, raise);
      std::vector<Handler>& handlers = scopes_.back().handlers;
      std::find_if(handlers.begin(), handlers.end(), [&](const Handler& handler) {
        return handler.statement == &statement;
      })->raise = raise;
    }
    return entry;
  }

  // Nothing of the flow has begun there, so none of its handlers has anything to do with it.
  void overload(const Statement& statement) {
    std::vector<Scope> outer = std::exchange(scopes_, {});
    in_overload_ = true;
    const NodeIndex node = add_node(NodeKind::kHandler, &statement);
    add_edge(Cfg::kEntryNode, node, EdgeKind::kOverload);
    connect(block(statement.branches.at(0), {{node, EdgeKind::kNext}}), Cfg::kEndNode);
    in_overload_ = false;
    scopes_ = std::move(outer);
  }

  static void append(Exits& exits, Exits more) { exits.insert(exits.end(), more.begin(), more.end()); }

  // Fills `order`, without recursion: a flow is as long as its author likes.
  void number() {
    std::vector<bool> seen(cfg_.nodes.size());
    std::vector<std::pair<NodeIndex, std::size_t>> stack{{Cfg::kEntryNode, 0}};
    seen[Cfg::kEntryNode] = true;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == cfg_.nodes[node].out.size()) {
        cfg_.order.push_back(node);
        stack.pop_back();
        continue;
      }
      const NodeIndex to = cfg_.nodes[node].out[next++].to;
      if (!seen[to]) {
        seen[to] = true;
        stack.emplace_back(to, 0);
      }
    }
    std::reverse(cfg_.order.begin(), cfg_.order.end());
  }

  const Program& program_;
  const Flow& flow_;
  Cfg cfg_;
  std::vector<std::pair<const Statement*, std::uint32_t>> indices_;
  std::vector<Scope> scopes_;
  NodeIndex region_ = kNoNode;
  std::uint32_t branch_ = 0;
  NodeIndex loop_ = kNoNode;
  bool in_overload_ = false;
};

void collect(const Expression& expression, bool optional, std::vector<SlotUse>& slots) {
  if (expression.kind == ExpressionKind::kSlot) {
    slots.push_back({expression.slot, optional, expression.span});
    return;
  }
  const bool has_two = expression.kind == ExpressionKind::kBinary && expression.operands.size() == 2;
  const bool coalesces = has_two && expression.op == Operator::kCoalesce;
  const bool compares =
      has_two && (expression.op == Operator::kEqual || expression.op == Operator::kNotEqual);
  const auto is_null = [](const Expression& operand) {
    const Expression* inner = &operand;
    while (inner->kind == ExpressionKind::kConvert && !inner->operands.empty())
      inner = &inner->operands.front();
    return inner->kind == ExpressionKind::kConstant && inner->constant.kind == Constant::Kind::kNull;
  };
  const bool with_null = compares && (is_null(expression.operands[0]) || is_null(expression.operands[1]));
  for (std::size_t i = 0; i < expression.operands.size(); ++i) {
    const bool passes_on =
        expression.kind == ExpressionKind::kField || expression.kind == ExpressionKind::kConvert;
    collect(expression.operands[i], with_null || (coalesces && i == 0) || (passes_on && optional), slots);
  }
}

}  // namespace

Cfg build_cfg(const Program& program, FlowId flow) { return Builder(program, flow).build(); }

void collect_slots(const Expression& expression, std::vector<SlotUse>& slots) {
  collect(expression, false, slots);
}

std::vector<SlotUse> reads_of(const Program& program, const Cfg& cfg, NodeIndex index) {
  const Node& node = cfg.nodes[index];
  std::vector<SlotUse> reads;
  if (node.statement == kNoIndex) return reads;
  const Statement& statement = *cfg.statements[node.statement];
  switch (node.kind) {
    case NodeKind::kStep:
      if (statement.step.is_valid()) reads = program.steps[statement.step].reads;
      break;
    case NodeKind::kCondition:
      if (statement.condition) collect_slots(*statement.condition, reads);
      break;
    case NodeKind::kEachHead:
      collect_slots(statement.each->over, reads);
      break;
    case NodeKind::kEnqueue:
      for (const Expression& argument : statement.enqueue->arguments)
        collect_slots(argument, reads);
      if (statement.enqueue->unique) collect_slots(*statement.enqueue->unique, reads);
      break;
    case NodeKind::kReturn:
      if (statement.answer->body) collect_slots(*statement.answer->body, reads);
      for (const AnswerHeader& header : statement.answer->headers)
        collect_slots(header.value, reads);
      break;
    default:
      break;
  }
  return reads;
}

std::vector<SlotUse> writes_of(const Program& program, const Cfg& cfg, NodeIndex index) {
  const Node& node = cfg.nodes[index];
  std::vector<SlotUse> writes;
  if (node.kind == NodeKind::kEntry) {
    for (const Parameter& parameter : program.flows[cfg.flow].parameters) {
      if (parameter.slot.is_valid()) writes.push_back({parameter.slot, false, parameter.origin.span});
    }
  }
  if (node.statement == kNoIndex) return writes;
  const Statement& statement = *cfg.statements[node.statement];
  if (node.kind == NodeKind::kStep && statement.step.is_valid()) return program.steps[statement.step].writes;
  if (node.kind == NodeKind::kEachHead && statement.each->item.is_valid()) {
    writes.push_back({statement.each->item, false, statement.span});
  }
  if (node.kind == NodeKind::kEachEnd && statement.each->results.is_valid()) {
    writes.push_back({statement.each->results, false, statement.span});
  }
  return writes;
}

}  // namespace zc::model
