// What a flow can end with.

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/errors/handlers.h"
#include "compiler/model/outcome/outcome.h"

namespace zc::check {

namespace {

void collect_raised(FlowContext& flow) {
  for (const model::NodeIndex node : flow.cfg.order) {
    for (const model::Edge& edge : flow.cfg.nodes[node].out) {
      if (edge.error.is_valid()) flow.reports.add_raised(edge.error);
    }
  }
}

}  // namespace

void check_errors(FlowContext& flow) {
  const std::vector<model::Escape> escapes = model::escapes_of(flow.cfg);
  const bool answers =
      flow.flow().trigger == model::Trigger::kRoute || flow.flow().trigger == model::Trigger::kSlug;
  std::vector<model::ErrorId> errors;
  errors.reserve(escapes.size());
  for (const model::Escape& escape : escapes) {
    errors.push_back(escape.error);
    if (!answers || escape.raisers.empty()) continue;
    const model::Node& node = flow.cfg.nodes[escape.raisers.front()];
    const model::Statement& statement = *flow.cfg.statements[node.statement];
    flow.reports.add_client_error(escape.error, {flow.id, statement.step, statement.span});
  }
  flow.context.program.flows[flow.id].errors = std::move(errors);
  collect_raised(flow);
  check_handlers(flow);
}

}  // namespace zc::check
