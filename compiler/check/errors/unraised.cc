// Errors that are declared, and that no flow raises.

#include "compiler/check/analyses/flow_checks.h"

namespace zc::check {

namespace {

// As `report_unused`: a package that others import, or that has no flows, is not complete by itself.
std::vector<bool> complete_packages(const model::Program& program) {
  std::vector<bool> complete(program.packages.size());
  for (const model::Flow& flow : program.flows)
    complete[flow.origin.package.index()] = program.packages[flow.origin.package].is_root;
  for (const model::Package& package : program.packages) {
    for (const model::Import& import : package.imports) {
      if (import.package.is_valid()) complete[import.package.index()] = false;
    }
  }
  return complete;
}

}  // namespace

void report_unraised_errors(Context& context, const FlowReports& reports) {
  const model::Program& program = context.program;
  const std::vector<bool> complete = complete_packages(program);
  std::vector<model::StepId> raisers(program.errors.size());
  for (std::size_t i = program.steps.size(); i-- > 0;) {
    for (const model::ErrorId error : program.steps[model::StepId(i)].fails)
      raisers[error.index()] = model::StepId(i);
  }
  for (std::size_t i = 0; i < program.errors.size(); ++i) {
    const model::ErrorId id(i);
    const model::Origin& origin = program.errors[id].origin;
    // One that nothing mentions is reported as unused, one that a step names in vain at the step.
    const bool is_reported =
        !context.is_used({SymbolKind::kError, id.raw()}) || context.errors_in_vain.contains(id);
    if (!complete[origin.package.index()] || reports.is_raised(id) || is_reported) continue;
    auto& diagnostic = context.engine.report(Kind::kUnraisedError, origin.span, origin.name);
    if (const model::StepId raiser = raisers[i]; raiser.is_valid()) {
      const model::Origin& step = program.steps[raiser].origin;
      diagnostic.secondary(step.span, "step `" + step.name + "` raises it, and no flow runs that");
    }
    diagnostic.help("remove it, or name it in the `fails` of a step that a flow runs");
  }
}

}  // namespace zc::check
