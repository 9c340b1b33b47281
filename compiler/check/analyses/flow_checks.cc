// Builds what the analyses of a flow share, and runs them.

#include "compiler/check/analyses/flow_checks.h"

#include "compiler/check/data/data_checks.h"
#include "compiler/check/durable/durable_checks.h"
#include "compiler/check/effects/effect_checks.h"
#include "compiler/check/governance/governance.h"
#include "compiler/check/sagas/saga_checks.h"
#include "compiler/check/time/time_checks.h"
#include "compiler/check/transactions/transactions.h"
#include "compiler/model/outcome/outcome.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::check {

namespace {

// Something in the flow could not be resolved: a path through it may do anything.
bool is_broken(const Context& context, model::FlowId id) {
  bool broken = context.broken_flows[id.index()];
  model::for_each_statement(context.program.flows[id], [&](const model::Statement& statement) {
    if (statement.kind == model::StatementKind::kStep) {
      broken = broken || !statement.step.is_valid() || context.broken_steps[statement.step.index()];
    }
    const bool is_cut =
        (statement.kind == model::StatementKind::kChain || statement.kind == model::StatementKind::kCall) &&
        statement.branches.empty();
    broken = broken || is_cut;
  });
  return broken;
}

FlowContext make_flow_context(Context& context, model::FlowId id, FlowReports& reports) {
  FlowContext flow{context, reports, id, model::build_cfg(context.program, id), {}, {}, {}, {}};
  llvm::DenseMap<model::SlotId, std::uint32_t> local;
  const auto localize = [&](const std::vector<model::SlotUse>& uses) {
    std::vector<LocalUse> result;
    result.reserve(uses.size());
    for (const model::SlotUse& use : uses) {
      const auto [entry, is_new] = local.try_emplace(use.slot, static_cast<std::uint32_t>(flow.slots.size()));
      if (is_new) flow.slots.push_back(use.slot);
      result.push_back({entry->second, use.optional, use.span});
    }
    return result;
  };
  flow.reachable.resize(static_cast<unsigned>(flow.cfg.nodes.size()));
  for (const model::NodeIndex node : flow.cfg.order)
    flow.reachable.set(node);
  for (std::size_t i = 0; i < flow.cfg.nodes.size(); ++i) {
    const auto node = static_cast<model::NodeIndex>(i);
    flow.reads.push_back(localize(model::reads_of(context.program, flow.cfg, node)));
    flow.writes.push_back(localize(model::writes_of(context.program, flow.cfg, node)));
  }
  return flow;
}

bool has_effects(const Context& context, const model::Flow& flow) {
  bool found = flow.idempotency.has_value();
  model::for_each_statement(flow, [&](const model::Statement& statement) {
    if (statement.answer && model::is_streamed(context.program, *statement.answer)) found = true;
    if (statement.kind == model::StatementKind::kEnqueue) found = true;
    if (statement.kind != model::StatementKind::kStep || !statement.step.is_valid()) return;
    const model::Step& step = context.program.steps[statement.step];
    found = found || step.call.has_value() || step.group.has_value();
  });
  return found;
}

}  // namespace

std::string FlowContext::slot_name(std::uint32_t local) const {
  const model::Slot& declared = slot(local);
  if (declared.origin.package == flow().origin.package) return declared.origin.name;
  for (const model::Import& import : context.program.packages[flow().origin.package].imports) {
    if (import.package == declared.origin.package) return import.alias + "." + declared.origin.name;
  }
  return declared.origin.name;
}

FlowReports::FlowReports(const model::Program& program)
    : written_(program.slots.size()),
      read_early_(program.slots.size()),
      raised_(program.errors.size()),
      client_errors_(program.errors.size()) {
  for (const model::Step& step : program.steps) {
    for (const model::SlotUse& use : step.writes)
      written_[use.slot.index()] = true;
  }
  for (const model::Flow& flow : program.flows) {
    for (const model::Parameter& parameter : flow.parameters)
      written_[parameter.slot.index()] = true;
    model::for_each_statement(flow, [&](const model::Statement& statement) {
      if (!statement.each) return;
      if (statement.each->item.is_valid()) written_[statement.each->item.index()] = true;
      if (statement.each->results.is_valid()) written_[statement.each->results.index()] = true;
    });
  }
}

void FlowReports::add_client_error(model::ErrorId error, const ClientError& place) {
  ClientError& known = client_errors_[error.index()];
  if (!known.flow.is_valid()) known = place;
}

bool FlowReports::is_new(Kind kind, Span span, model::SlotId slot) {
  return seen_.insert({kind, span, slot.raw()}).second;
}

void check_flows(Context& context) {
  FlowReports reports(context.program);
  WriteUses uses;
  LongTimeouts long_timeouts;
  DataChecks data(context);
  Accesses accesses(context.program);
  SagaUses sagas(context.program);
  DurableChecks durable(context.program);
  context.begin("effects");
  check_group_conflicts(context, accesses);
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    const model::FlowId id(i);
    if (llvm::is_contained(context.large_flows, id)) continue;
    context.begin("graphs");
    FlowContext flow = make_flow_context(context, id, reports);
    context.program.flows[id].has_effects = has_effects(context, flow.flow());
    if (is_broken(context, id)) continue;
    context.begin("slots");
    const SlotStates states = compute_slot_states(flow);
    check_slots(flow, states);
    check_streams(flow);
    context.begin("effects");
    check_racing_slots(flow, states);
    check_conflicts(flow, accesses);
    context.begin("shape");
    check_shape(flow);
    check_overload(flow);
    context.begin("auth");
    check_authentication(flow);
    context.begin("errors");
    check_errors(flow);
    context.begin("time");
    check_deadline(flow);
    check_period(flow);
    long_timeouts.collect(flow);
    context.begin("sagas");
    check_sagas(flow, sagas);
    context.begin("transactions");
    check_transactions(flow);
    context.begin("durable");
    durable.check(flow);
    context.begin("liveness");
    collect_write_uses(flow, uses);
    context.begin("data");
    data.check(flow);
  }
  long_timeouts.report(context);
  report_missing_statuses(context, reports);
  data.finish();
  if (context.is_incomplete) return;
  check_capacity(context);
  check_admission(context);
  report_never_written(context, reports);
  // Where a step stands too late or is misspelled, what it writes seems to be for nothing.
  if (context.engine.has_errors()) return;
  report_dead_writes(context, reports, uses);
  report_unraised_errors(context, reports);
  report_useless_undos(context, sagas);
}

}  // namespace zc::check
