#include "compiler/check/data/data_checks.h"

#include "compiler/check/data/sinks.h"

#include <utility>

namespace zc::check {

void DataChecks::check(const FlowContext& flow) {
  for (const model::NodeIndex node : flow.cfg.order) {
    if (flow.cfg.nodes[node].kind == model::NodeKind::kStep)
      found_.steps.insert(flow.cfg.statements[flow.cfg.nodes[node].statement]->step.raw());
  }
  if (!table_.is_empty()) SinkChecker(flow, table_, found_).check();
}

void DataChecks::finish() {
  context_.program.departures = std::move(found_.departures);
  report_idle_gates(context_, table_, found_);
}

}  // namespace zc::check
