// What a flow can end with, and what its handlers can never see.

#include "compiler/check/analyses/flow_checks.h"

#include <algorithm>

namespace zc::check {

namespace {

void check_handler(FlowContext& flow, model::NodeIndex index) {
  const model::Node& node = flow.cfg.nodes[index];
  const model::Statement& statement = *flow.cfg.statements[node.statement];
  std::vector<model::ErrorId> arriving;
  for (const model::NodeIndex from : node.in) {
    if (!flow.reachable[from]) continue;
    for (const model::Edge& edge : flow.cfg.nodes[from].out) {
      if (edge.to == index && edge.error.is_valid()) arriving.push_back(edge.error);
    }
  }
  for (const model::ErrorId error : statement.errors) {
    if (std::find(arriving.begin(), arriving.end(), error) != arriving.end()) continue;
    if (!flow.reports.is_new(Kind::kRescueNever, statement.span, model::SlotId(error.index()))) continue;
    flow.context.engine
        .report(Kind::kRescueNever, statement.span, flow.context.program.errors[error].origin.name)
        .note(
            "a handler takes the errors of the statements before it in its block that no other handler "
            "takes");
  }
}

}  // namespace

void check_errors(FlowContext& flow) {
  std::vector<model::ErrorId> errors;
  for (const model::NodeIndex index : flow.cfg.order) {
    for (const model::Edge& edge : flow.cfg.nodes[index].out) {
      if (edge.to != model::Cfg::kFailedNode || !edge.error.is_valid()) continue;
      if (std::find(errors.begin(), errors.end(), edge.error) == errors.end()) errors.push_back(edge.error);
    }
  }
  for (std::size_t i = 0; i < flow.cfg.nodes.size(); ++i) {
    if (flow.cfg.nodes[i].kind == model::NodeKind::kHandler)
      check_handler(flow, static_cast<model::NodeIndex>(i));
  }
  std::sort(errors.begin(), errors.end());
  flow.context.program.flows[flow.id].errors = std::move(errors);
}

}  // namespace zc::check
