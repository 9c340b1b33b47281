// What may stand in `on overload`: it runs when there is no time for the flow, for a client of whom nothing
// is known.

#include "compiler/check/analyses/flow_checks.h"

#include <llvm/ADT/STLExtras.h>

#include <string>

namespace zc::check {

namespace {

using model::Statement;
using model::StatementKind;

class OverloadChecker {
 public:
  explicit OverloadChecker(FlowContext& flow) : flow_(flow) {}

  void check(const model::Block& block) {
    for (const Statement& statement : block)
      check(statement);
  }

 private:
  void check(const Statement& statement) {
    if (const std::string subject = work_of(statement); !subject.empty()) {
      if (flow_.reports.is_new(Kind::kWorkInOverload, statement.span)) {
        flow_.context.engine.report(Kind::kWorkInOverload, statement.span, subject)
            .secondary(flow_.flow().origin.span, "in this flow")
            .note("it runs when there is no time: it reads the request, computes and answers");
      }
      return;
    }
    if (statement.answer) check_answer(*statement.answer);
    for (const model::Block& branch : statement.branches)
      check(branch);
    for (const std::uint32_t alternative : statement.alternatives)
      check(flow_.flow().alternatives[alternative].body);
  }

  // How a message names what cannot run there; empty: it can.
  [[nodiscard]] std::string work_of(const Statement& statement) const {
    switch (statement.kind) {
      case StatementKind::kStep: {
        const model::Step& step = flow_.context.program.steps[statement.step];
        const bool waits = step.call || step.group;
        return waits ? "the effect of step `" + step.origin.name + "`" : std::string();
      }
      case StatementKind::kParallel:
        return "`parallel`";
      case StatementKind::kEach:
        return "`each`";
      case StatementKind::kSaga:
        return "`saga`";
      case StatementKind::kTx:
        return "`tx`";
      case StatementKind::kCall:
        return "`call`";
      case StatementKind::kEnqueue:
        return "`enqueue`";
      case StatementKind::kOnCancel:
        return "`on cancel`";
      case StatementKind::kChain:
      case StatementKind::kWhen:
      case StatementKind::kRescue:
      case StatementKind::kOnError:
      case StatementKind::kOnOverload:
      case StatementKind::kReturn:
        break;
    }
    return {};
  }

  void check_answer(const model::Answer& answer) {
    for (const model::Gate& gate : answer.reveals) {
      if (!flow_.reports.is_new(Kind::kRevealingOverload, gate.span)) continue;
      flow_.context.engine.report(Kind::kRevealingOverload, gate.span)
          .secondary(flow_.flow().origin.span, "in this flow")
          .note("nobody has been asked who he is: what stands before the flow does not run");
    }
  }

  FlowContext& flow_;
};

}  // namespace

void check_overload(FlowContext& flow) {
  for (const Statement& statement : flow.flow().body) {
    if (statement.kind == StatementKind::kOnOverload) OverloadChecker(flow).check(statement.branches.front());
  }
}

}  // namespace zc::check
