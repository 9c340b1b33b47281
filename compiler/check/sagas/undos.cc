// What `undo` and `pivot` of a step are good for.

#include "compiler/check/sagas/saga_checks.h"
#include "compiler/model/effects.h"

namespace zc::check {

void check_undos(Context& context) {
  for (const model::Step& step : context.program.steps) {
    if (!step.undo) continue;
    const bool is_resolved = step.kind != model::StepKind::kEffect || step.call;
    if (is_resolved && !model::is_write(step)) {
      context.engine.report(Kind::kUndoOfNothing, step.undo->span, step.origin.name)
          .secondary(step.origin.span, "only reads or computes")
          .help("leave the `undo` out");
    } else if (step.undo->access == model::Access::kRead) {
      context.engine.report(Kind::kUndoWithoutWrite, step.undo->span, step.origin.name)
          .secondary(step.origin.span, "what this writes stays")
          .help("undo it with an operation that writes");
    }
  }
}

void report_useless_undos(Context& context, const SagaUses& uses) {
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    const model::StepId id(i);
    const model::Step& step = context.program.steps[id];
    if (!context.program.packages[step.origin.package].is_root) continue;
    const SagaUses::Entry& entry = uses.of(id);
    const bool is_outside = entry.use == SagaUses::Use::kOutside;
    if (step.pivot && is_outside) {
      context.engine.report(Kind::kPivotOutsideSaga, step.pivot_span, step.origin.name)
          .secondary(entry.place, "used here, outside of `saga { }`")
          .fix("leave `pivot` out", step.pivot_span, "");
    }
    if (!step.undo || !model::is_write(step)) continue;
    if (step.pivot && !is_outside) {
      context.engine.report(Kind::kUndoNeverRuns, step.undo->span, step.origin.name)
          .secondary(step.pivot_span, "there is no way back from a pivot")
          .help("leave one of them out");
    } else if (is_outside) {
      context.engine.report(Kind::kUndoNeverRuns, step.undo->span, step.origin.name)
          .secondary(entry.place, "used here, outside of `saga { }`")
          .help("put the step into a `saga { }` with what can fail behind it");
    } else if (entry.use == SagaUses::Use::kBehindPivot) {
      context.engine.report(Kind::kUndoNeverRuns, step.undo->span, step.origin.name)
          .secondary(entry.place, "used here, behind the pivot")
          .help("move the pivot behind it, or leave the `undo` out");
    }
  }
}

}  // namespace zc::check
