// Which errors come to a handler, and why those that do not never do.

#include "compiler/check/errors/handlers.h"

#include "compiler/model/outcome/outcome.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>

#include <cstddef>
#include <utility>

namespace zc::check {

namespace {

using model::Block;
using model::ErrorId;
using model::NodeIndex;
using model::Statement;
using model::StatementKind;

// Where a block raises an error first.
struct Raise {
  std::size_t position = 0;  // of the statement in the block
  NodeIndex node = model::kNoNode;
  NodeIndex handler = model::kNoNode;  // kFailedNode when it leaves the flow
};
using Raises = llvm::DenseMap<ErrorId, Raise>;

class HandlerChecker {
 public:
  explicit HandlerChecker(FlowContext& flow) : flow_(flow), arriving_(flow.cfg.nodes.size()) {}

  void check() {
    std::uint32_t index = 0;
    model::for_each_statement(flow_.flow(), [&](const Statement& statement) {
      index_of_.try_emplace(&statement, index++);
      has_handlers_ = has_handlers_ || is_handler(statement);
    });
    if (!has_handlers_) return;
    collect();
    check_block(flow_.flow().body);
    for (const model::Alternative& alternative : flow_.flow().alternatives)
      check_block(alternative.body);
  }

 private:
  static bool is_handler(const Statement& statement) {
    return statement.kind == StatementKind::kRescue || statement.kind == StatementKind::kOnError ||
           statement.kind == StatementKind::kOnCancel || statement.kind == StatementKind::kOnOverload;
  }

  void collect() {
    raisers_.resize(flow_.cfg.statements.size());
    for (std::size_t i = 0; i < flow_.cfg.nodes.size(); ++i) {
      const model::Node& node = flow_.cfg.nodes[i];
      const auto index = static_cast<NodeIndex>(i);
      bool raises = false;
      for (const model::Edge& edge : node.out) {
        if (!edge.error.is_valid()) continue;
        raises = true;
        if (edge.to != model::Cfg::kFailedNode && flow_.reachable[index])
          arriving_[edge.to].insert(edge.error);
      }
      if (raises) raisers_[node.statement].push_back(index);
    }
  }

  [[nodiscard]] NodeIndex node_of(const Statement& statement) const {
    return flow_.cfg.node_of_statement[index_of_.at(&statement)];
  }

  // Whether control comes into a block at all. What never runs is reported as such.
  [[nodiscard]] bool is_entered(const Block& block) const {
    for (const Statement& statement : block) {
      if (is_handler(statement)) continue;
      const NodeIndex node = node_of(statement);
      if (node != model::kNoNode) return flow_.reachable[node];
      if (!statement.branches.empty() && !statement.branches.front().empty())
        return is_entered(statement.branches.front());
    }
    return true;
  }

  void check_block(const Block& block) {
    if (!is_entered(block)) return;
    Raises raises;
    bool has_raises = false;
    for (std::size_t i = 0; i < block.size(); ++i) {
      const Statement& statement = block[i];
      if (is_handler(statement) && is_doubtful(statement)) {
        if (!std::exchange(has_raises, true)) raises = raises_of(block);
        report(statement, i, raises);
      }
      // What stands in a handler that never runs is not looked at: one report is enough.
      if (is_handler(statement) && !runs(statement)) continue;
      for (const Block& branch : statement.branches)
        check_block(branch);
    }
  }

  [[nodiscard]] bool runs(const Statement& handler) const { return flow_.reachable[node_of(handler)]; }

  [[nodiscard]] bool is_doubtful(const Statement& handler) const {
    if (!runs(handler)) return true;
    const auto& arriving = arriving_[node_of(handler)];
    for (const ErrorId error : handler.errors) {
      if (error.is_valid() && !arriving.contains(error)) return true;
    }
    return false;
  }

  void add_raises(const Statement& statement, std::size_t position, Raises& raises) const {
    for (const NodeIndex node : raisers_[index_of_.at(&statement)]) {
      for (const model::Edge& edge : flow_.cfg.nodes[node].out) {
        if (edge.error.is_valid()) raises.try_emplace(edge.error, Raise{position, node, edge.to});
      }
    }
    for (const Block& branch : statement.branches) {
      for (const Statement& inner : branch)
        add_raises(inner, position, raises);
    }
    for (const std::uint32_t alternative : statement.alternatives) {
      for (const Statement& inner : flow_.flow().alternatives[alternative].body)
        add_raises(inner, position, raises);
    }
  }

  [[nodiscard]] Raises raises_of(const Block& block) const {
    Raises raises;
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (block[i].kind == StatementKind::kOnOverload) continue;  // beside all handlers of the block
      // What a handler would raise that never runs comes to no other one, and to itself least of all.
      if (!is_handler(block[i]) || runs(block[i])) add_raises(block[i], i, raises);
    }
    return raises;
  }

  void report(const Statement& handler, std::size_t position, const Raises& raises) {
    if (handler.kind == StatementKind::kOnCancel) {
      report_never(handler, "nothing in its block waits, so nothing is cancelled there",
                   "a request is cancelled while it waits for an effect");
      return;
    }
    if (handler.errors.empty()) {
      report_never(handler, "nothing in its block fails with an error that gets here",
                   "an `on error` takes what no `rescue` in its block takes");
      return;
    }
    const auto& arriving = arriving_[node_of(handler)];
    for (std::size_t i = 0; i < handler.errors.size();) {
      // The errors of a domain are named together, and one that can happen is enough.
      std::size_t end = i + 1;
      while (handler.named[i].by_domain && end < handler.errors.size() && handler.named[end].by_domain &&
             handler.named[end].span == handler.named[i].span) {
        ++end;
      }
      bool arrives = false;
      for (std::size_t at = i; at < end; ++at)
        arrives = arrives || !handler.errors[at].is_valid() || arriving.contains(handler.errors[at]);
      if (!arrives) report_error(handler, position, raises, i, end);
      i = end;
    }
  }

  void report_never(const Statement& handler, llvm::StringRef why, llvm::StringRef note) {
    if (!flow_.reports.is_new(Kind::kHandlerNever, handler.span)) return;
    flow_.context.engine.report(Kind::kHandlerNever, handler.span, why).note(note);
  }

  // None of the errors [begin, end) of the handler, which one name stands for, ever gets to it.
  void report_error(const Statement& handler, std::size_t position, const Raises& raises, std::size_t begin,
                    std::size_t end) {
    const bool is_rescue = handler.kind == StatementKind::kRescue;
    const Raise* taken = nullptr;
    const Raise* behind = nullptr;
    ErrorId error = handler.errors[begin];
    for (std::size_t at = begin; at < end; ++at) {
      const auto found = raises.find(handler.errors[at]);
      if (found == raises.end()) continue;
      if (!flow_.reachable[found->second.node]) return;  // that this can never run is reported
      const bool is_before = !is_rescue || found->second.position < position;
      if (is_before && taken == nullptr) {
        taken = &found->second;
        error = handler.errors[at];
      } else if (!is_before && behind == nullptr) {
        behind = &found->second;
      }
    }
    const Span place = handler.named[begin].span;
    const Kind kind = taken != nullptr ? Kind::kHandledTwice : Kind::kRescueNever;
    if (!flow_.reports.is_new(kind, place, model::SlotId(error.index()))) return;
    if (taken != nullptr) {
      report_taken(handler, place, error, *taken);
      return;
    }
    const std::string what = handler.named[begin].by_domain
                                 ? "an error of `" + named_set(handler, begin, end) + "`"
                                 : "`" + flow_.context.program.errors[error].origin.name + "`";
    auto& diagnostic = flow_.context.engine.report(
        Kind::kRescueNever, place, is_rescue ? "nothing before this" : "nothing in this block", what);
    if (behind != nullptr) {
      diagnostic.secondary(place_of(behind->node), "fails with it, behind the `rescue`")
          .help("a `rescue` takes the errors of what stands before it: move it behind that statement");
      return;
    }
    diagnostic.note(is_rescue ? "a `rescue` takes the errors of the statements before it in its block"
                              : "an `on error` takes the errors of its block");
    add_removal(diagnostic, handler, begin, end);
  }

  // The domain or package that the errors [begin, end) of the handler are named by.
  [[nodiscard]] std::string named_set(const Statement& handler, std::size_t begin, std::size_t end) const {
    const model::Program& program = flow_.context.program;
    const model::ErrorType& first = program.errors[handler.errors[begin]];
    bool is_domain = first.domain.is_valid();
    for (std::size_t at = begin; at < end; ++at)
      is_domain = is_domain && program.errors[handler.errors[at]].domain == first.domain;
    return is_domain ? program.domains[first.domain].origin.name
                     : program.packages[first.origin.package].name;
  }

  void report_taken(const Statement& handler, Span place, ErrorId error, const Raise& raise) {
    const std::string& name = flow_.context.program.errors[error].origin.name;
    auto& diagnostic = flow_.context.engine.report(Kind::kHandledTwice, place, name);
    if (const Statement* other = statement_of(raise.handler); other != nullptr && other != &handler)
      diagnostic.secondary(naming(*other, error), "taken here");
    diagnostic.secondary(place_of(raise.node), "fails with it");
    diagnostic.note(handler.kind == StatementKind::kRescue
                        ? "the first `rescue` behind a statement takes its error"
                        : "a `rescue` comes before an `on error`, and the first of several takes the error");
  }

  // Takes the names [begin, end) out of the handler's list, or out with the whole handler.
  static void add_removal(diagnostics::Diagnostic& diagnostic, const Statement& handler, std::size_t begin,
                          std::size_t end) {
    const Span place = handler.named[begin].span;
    if (begin > 0) {
      const Span before = handler.named[begin - 1].span;
      diagnostic.fix("do not name it", Span{place.file, before.end, place.end}, "");
    } else if (end < handler.named.size()) {
      diagnostic.fix("do not name it", Span{place.file, place.begin, handler.named[end].span.begin}, "");
    } else {
      diagnostic.fix("remove the handler", handler.span, "");
    }
  }

  [[nodiscard]] const Statement* statement_of(NodeIndex node) const {
    const std::uint32_t statement = flow_.cfg.nodes[node].statement;
    return statement == model::kNoIndex ? nullptr : flow_.cfg.statements[statement];
  }

  [[nodiscard]] Span place_of(NodeIndex node) const {
    const Statement* statement = statement_of(node);
    return statement == nullptr ? flow_.flow().origin.span : statement->span;
  }

  // Where a handler names an error; the handler itself when it takes all.
  [[nodiscard]] static Span naming(const Statement& handler, ErrorId error) {
    for (std::size_t i = 0; i < handler.errors.size(); ++i) {
      if (handler.errors[i] == error) return handler.named[i].span;
    }
    return handler.span;
  }

  FlowContext& flow_;
  bool has_handlers_ = false;
  llvm::DenseMap<const Statement*, std::uint32_t> index_of_;
  std::vector<llvm::SmallDenseSet<ErrorId, 1>> arriving_;  // by node: errors that come to a handler
  std::vector<std::vector<NodeIndex>> raisers_;  // by statement: its nodes that raise, also unreachable ones
};

}  // namespace

void check_handlers(FlowContext& flow) { HandlerChecker(flow).check(); }

}  // namespace zc::check
