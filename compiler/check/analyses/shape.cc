// The shape of a flow: what can never run, and paths without an answer.

#include "compiler/check/analyses/flow_checks.h"

namespace zc::check {

namespace {

using model::Block;
using model::NodeIndex;
using model::Statement;
using model::StatementKind;

bool is_handler(const Statement& statement) {
  return statement.kind == StatementKind::kRescue || statement.kind == StatementKind::kOnError ||
         statement.kind == StatementKind::kOnCancel || statement.kind == StatementKind::kOnOverload;
}

class ShapeChecker {
 public:
  explicit ShapeChecker(FlowContext& flow) : flow_(flow) {}

  void check() {
    model::for_each_statement(flow_.flow(), [this](const Statement& statement) {
      node_of_.try_emplace(&statement, flow_.cfg.node_of_statement[next_++]);
    });
    check_block(flow_.flow().body);
    check_returns(flow_.flow().body, /*in_parallel=*/false);
    const bool answers =
        flow_.flow().trigger == model::Trigger::kRoute || flow_.flow().trigger == model::Trigger::kSlug;
    if (answers && flow_.reachable[model::Cfg::kEndNode]) report_no_response();
  }

 private:
  // Where control enters a statement; none when nothing in it makes a node.
  [[nodiscard]] NodeIndex entry_of(const Statement& statement) const {
    const NodeIndex own = node_of_.at(&statement);
    if (own != model::kNoNode) return own;
    for (const Block& branch : statement.branches) {
      for (const Statement& inner : branch) {
        if (is_handler(inner)) continue;
        const NodeIndex node = entry_of(inner);
        if (node != model::kNoNode) return node;
      }
    }
    return model::kNoNode;
  }

  void check_block(const Block& block) {
    const Statement* before = nullptr;
    for (const Statement& statement : block) {
      const NodeIndex entry = entry_of(statement);
      const bool is_reachable = entry == model::kNoNode || flow_.reachable[entry];
      if (!is_reachable && !is_handler(statement)) {
        if (flow_.reports.is_new(Kind::kUnreachable, statement.span)) {
          auto& diagnostic = flow_.context.engine.report(Kind::kUnreachable, statement.span);
          if (before != nullptr) diagnostic.secondary(before->span, "control never comes past this");
        }
        return;
      }
      if (is_reachable) {
        for (const Block& branch : statement.branches)
          check_block(branch);
        for (const std::uint32_t alternative : statement.alternatives)
          check_block(flow_.flow().alternatives[alternative].body);
      }
      if (!is_handler(statement)) before = &statement;
    }
  }

  // An answer ends the flow: beside other branches it would end them half done.
  void check_returns(const Block& block, bool in_parallel) {
    for (const Statement& statement : block) {
      if (statement.kind == StatementKind::kReturn && in_parallel &&
          flow_.reports.is_new(Kind::kReturnInParallel, statement.span)) {
        flow_.context.engine.report(Kind::kReturnInParallel, statement.span)
            .help("write a slot here, and answer behind the block");
      }
      if (statement.kind == StatementKind::kStep && in_parallel) check_decisions(statement);
      for (const Block& branch : statement.branches) {
        check_returns(branch, in_parallel || statement.kind == StatementKind::kParallel);
      }
      for (const std::uint32_t index : statement.alternatives) {
        const model::Alternative& alternative = flow_.flow().alternatives[index];
        if (alternative.kind != model::Alternative::Kind::kReplace)
          check_returns(alternative.body, in_parallel);
      }
    }
  }

  // `may done` answers, and so does a chain instead of the rest.
  void check_decisions(const Statement& statement) {
    if (!statement.step.is_valid()) return;
    const model::Step& step = flow_.context.program.steps[statement.step];
    if (!step.may_done && step.may_replace.empty()) return;
    if (!flow_.reports.is_new(Kind::kReturnInParallel, statement.span)) return;
    flow_.context.engine.report(Kind::kReturnInParallel, statement.span)
        .secondary(step.origin.span, step.may_done ? "may answer" : "may replace the rest of the flow")
        .help("let it decide before the block, or behind it");
  }

  void report_no_response() {
    const model::Origin& origin = flow_.flow().origin;
    auto& diagnostic = flow_.context.engine.report(Kind::kNoResponse, origin.span, origin.name);
    std::size_t count = 0;
    for (const NodeIndex from : flow_.cfg.nodes[model::Cfg::kEndNode].in) {
      if (!flow_.reachable[from] || count == kMaxLabels) continue;
      const std::uint32_t statement = flow_.cfg.nodes[from].statement;
      if (statement == model::kNoIndex) continue;
      diagnostic.secondary(flow_.cfg.statements[statement]->span, "the flow can end behind this");
      ++count;
    }
    diagnostic.help("end the path with `return`");
  }

  static constexpr std::size_t kMaxLabels = 3;

  FlowContext& flow_;
  llvm::DenseMap<const Statement*, NodeIndex> node_of_;
  std::size_t next_ = 0;
};

}  // namespace

void check_shape(FlowContext& flow) { ShapeChecker(flow).check(); }

}  // namespace zc::check
