// A package that declares a service says who answers for each of its flows.

#include "compiler/check/governance/governance.h"

namespace zc::check {

namespace {

constexpr std::size_t kMaxLabels = 3;

void check_service(Context& context, const model::Service& service,
                   const std::vector<model::FlowId>& ownerless) {
  auto& diagnostic = context.engine.report(Kind::kMissingOwner, service.origin.span, service.origin.name,
                                           context.program.flows[ownerless.front()].origin.name);
  for (std::size_t i = 0; i < ownerless.size() && i < kMaxLabels; ++i) {
    diagnostic.secondary(context.program.flows[ownerless[i]].origin.span, "nobody owns this");
  }
  diagnostic.help("write `owner \"team\";` in the service, for all of its flows, or in the flow");
}

}  // namespace

void check_owners(Context& context) {
  std::vector<std::vector<model::FlowId>> ownerless(context.program.services.size());
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    const model::Flow& flow = context.program.flows[model::FlowId(i)];
    const model::ServiceId service = context.program.packages[flow.origin.package].service;
    if (!service.is_valid() || flow.owner || context.broken_flows[i]) continue;
    ownerless[service.index()].emplace_back(i);
  }
  for (std::size_t i = 0; i < ownerless.size(); ++i) {
    const model::Service& service = context.program.services[model::ServiceId(i)];
    if (!service.owner && !ownerless[i].empty()) check_service(context, service, ownerless[i]);
  }
}

}  // namespace zc::check
