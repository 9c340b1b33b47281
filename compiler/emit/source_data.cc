// What the templates of a generated source file are filled with.

#include "compiler/emit/data.h"
#include "compiler/plan/names/names.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

namespace zc::emit {
namespace {

Data error_data(const plan::ErrorAnswerPlan& error) {
  return object({{"type", error.type},
                 {"status", std::to_string(error.status)},
                 {"code", error.code},
                 {"domain", error.domain},
                 {"why_member", when_set(error.why)},
                 {"uri", error.uri},
                 {"title", error.title},
                 {"why", error.why.empty() ? std::string("{}") : "error." + error.why},
                 {"uses_error", flag(!error.why.empty() || !error.fields.empty())},
                 {"retryable", flag(error.retryable)},
                 {"fields", list(error.fields, [](const plan::CodecFieldPlan& field) {
                    return object(
                        {{"name", field.name}, {"key", field.key}, {"required", flag(field.required)}});
                  })}});
}

Data statement_data(const plan::StatementPlan& statement) {
  std::size_t left = statement.lines.size();
  return object({{"name", statement.name},
                 {"is_short", flag(statement.lines.size() == 1)},
                 {"lines", list(statement.lines, [&](const std::string& line) {
                    return object({{"text", line}, {"end", --left == 0 ? ";" : ""}});
                  })}});
}

Data site_data(const plan::SitePlan& site) {
  return object({{"name", site.name},
                 {"step", site.step},
                 {"target", std::to_string(site.target)},
                 {"operation", site.operation},
                 {"has_fails", flag(!site.fails.empty())},
                 {"fails", llvm::join(site.fails, ", ")},
                 {"has_policy", flag(!site.policy.empty())},
                 {"policy", list(site.policy)},
                 {"rate", when_set(site.rate)},
                 {"answers_name", when_set(site.answers_name)},
                 {"answers", list(site.answers)},
                 {"columns_name", when_set(site.columns_name)},
                 {"columns", list(site.columns)},
                 {"fields_name", site.fields_name},
                 {"fields", list(site.fields)}});
}

Data target_data(const plan::TargetPlan& target) {
  return object({{"name", target.name},
                 {"adapter", target.adapter},
                 {"has_function", flag(!target.function.empty())},
                 {"function", target.function},
                 {"uses_environment", flag(llvm::any_of(target.statements,
                                                        [](llvm::StringRef statement) {
                                                          return statement.contains("environment.");
                                                        }))},
                 {"has_statements", flag(!target.statements.empty())},
                 {"statements", list(target.statements)},
                 {"operations", when_set(target.operations)},
                 {"declared", when_set(target.declared)},
                 {"compress_over", when_set(target.compress_over)},
                 {"format", when_set(target.format)},
                 {"rpcs", when_set(target.rpcs)},
                 {"settings", list(target.settings)}});
}

std::vector<std::string> presences_of(const std::vector<plan::SlotPlan>& slots) {
  std::vector<std::string> result;
  for (const plan::SlotPlan& slot : slots)
    if (!slot.presence.empty()) result.push_back(slot.presence);
  return result;
}

Data slot_data(const plan::SlotPlan& slot) { return object({{"name", slot.name}, {"type", slot.type}}); }

Data storage_data(const plan::StoragePlan& storage) {
  return object({{"name", storage.name},
                 {"slots", list(storage.slots, slot_data)},
                 {"presences", list(presences_of(storage.slots))}});
}

Data job_data(const plan::JobPlan& job) {
  return object({{"comment", job.comment},
                 {"name", job.arguments_type},
                 {"type", job.arguments_type},
                 {"members", list(job.fields,
                                  [](const plan::FieldPlan& field) {
                                    return object({{"type", field.type}, {"member", field.name}});
                                  })},
                 {"codec", codec_data(job.codec)},
                 {"codec_size", codec_size(job.codec)},
                 {"is_enqueued", flag(job.is_enqueued)},
                 {"is_own", flag(job.is_own)},
                 {"flow_name", job.flow_name},
                 {"flow", std::to_string(job.flow)},
                 {"function", job.function},
                 {"runner", job.runner},
                 {"is_coroutine", flag(job.is_coroutine)},
                 {"durable", when_set(job.durable_name)},
                 {"durable_sites", list(job.durable_sites)},
                 {"settings", list(job.settings)}});
}

Data cron_data(const plan::CronPlan& cron) {
  return object({{"flow_name", cron.flow_name},
                 {"flow", std::to_string(cron.flow)},
                 {"function", cron.function},
                 {"runner", cron.runner},
                 {"is_coroutine", flag(cron.is_coroutine)},
                 {"settings", list(cron.settings)}});
}

Data flow_data(const plan::FlowPlan& flow) {
  std::string arguments;
  if (flow.uses_path) {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < flow.captures; ++i)
      values.push_back("values[" + std::to_string(i) + "]");
    arguments = ", {" + llvm::join(values, ", ") + "}";
  }
  return object({{"name", plan::string_literal(flow.name)},
                 {"slug", plan::string_literal(flow.slug)},
                 {"method", plan::string_literal(flow.method)},
                 {"path", flag(flow.uses_path)},
                 {"pattern", plan::string_literal(flow.path)},
                 {"path_arguments", arguments},
                 {"captures", std::to_string(flow.captures)},
                 {"has_outcomes", flag(!flow.outcomes.empty())},
                 {"outcomes", flow.outcomes_name},
                 {"each_outcome", list(flow.outcomes)},
                 {"constant", flow.constant},
                 {"function", flow.function},
                 {"storage", flow.storage},
                 {"heading", flow.heading},
                 {"result", flow.is_coroutine ? "zerver::flow::FlowTask" : "void"},
                 {"is_coroutine", flag(flow.is_coroutine)},
                 {"is_routed", flag(flow.is_routed)},
                 {"job", when_set(flow.arguments_type)},
                 {"is_durable", flag(!flow.durable_sites.empty())},
                 // It answers nobody, so what it does may need no exchange.
                 {"is_plain_job", flag(!flow.is_routed && !flow.is_coroutine)},
                 {"needs_end", flag(flow.is_coroutine && flow.suspensions.empty())},
                 {"doc", doc(flow.doc)},
                 {"deadline", when_set(flow.deadline)},
                 {"settings", list(flow.settings)},
                 {"has_slots", flag(!flow.slots.empty())},
                 {"unused_slots", flag(!flow.slots.empty() && !flow.uses_slots)},
                 {"slots", list(flow.slots, slot_data)},
                 {"presences", list(presences_of(flow.slots))},
                 {"storages", list(flow.storages, storage_data)},
                 {"branches", list(flow.branches, branch_data)},
                 {"overload", list(flow.on_overload, flow_data)},
                 {"body", body_data(flow.body)}});
}

Data error_constants_data(const plan::Plan& plan) {
  bool is_first = true;
  return list(plan.error_constants, [&](const std::string& name) {
    return object({{"name", name}, {"value", std::exchange(is_first, false) ? " = 1" : ""}});
  });
}

Data configurations_data(const plan::Plan& plan) {
  Data result(Data::type::list);
  for (const plan::AdapterPlan& adapter : plan.adapters) {
    if (adapter.configuration.name.empty()) continue;
    result.push_back(object({{"name", adapter.configuration.name},
                             {"parameters", list(adapter.configuration.parameters, [](const auto& parameter) {
                                return object({{"name", parameter.field.name},
                                               {"read", parameter.read},
                                               {"flow_name", parameter.flow_name},
                                               {"expected", parameter.expected}});
                              })}}));
  }
  return result;
}

// Adapters whose operations are calls over gRPC.
Data rpcs_data(const plan::Plan& plan) {
  Data result(Data::type::list);
  for (const plan::AdapterPlan& adapter : plan.adapters) {
    if (adapter.rpcs.empty()) continue;
    result.push_back(object({{"adapter", adapter.name},
                             {"rpcs", adapter.rpcs},
                             {"calls", list(adapter.operations, [&](const plan::OperationPlan& operation) {
                                return object({{"path", operation.rpc.path},
                                               {"function", when_set(operation.rpc.function)},
                                               {"requests", when_set(operation.rpc.requests)},
                                               {"arguments", adapter.name + "::" + operation.arguments},
                                               {"answer", when_set(operation.rpc.answer)},
                                               {"part", when_set(operation.rpc.part)},
                                               {"whole", when_set(operation.rpc.whole)},
                                               {"has_message", flag(!operation.parameters.empty())},
                                               {"message", message_data(operation.rpc.message)}});
                              })}}));
  }
  return result;
}

bool uses_protobuf(const plan::Plan& plan) {
  return has_rpcs(plan) ||
         llvm::any_of(plan.types, [](const plan::TypePlan& type) { return type.has_protobuf; }) ||
         llvm::any_of(plan.targets, [](const plan::TargetPlan& target) { return !target.rpcs.empty(); });
}

}  // namespace

Data source_data(const plan::Plan& plan) {
  Data data = object(
      {{"source", plan.source},
       {"header", plan.path + ".flow.h"},
       {"package", plan::string_literal(plan.package)},
       {"namespace", plan.cpp_namespace},
       {"includes", list(plan.source_includes)},
       {"has_deprecated", flag(plan.has_deprecated)},
       {"has_patterns", flag(!plan.patterns.empty())},
       {"patterns", list(plan.patterns,
                         [](const plan::PatternPlan& pattern) {
                           return object({{"name", pattern.name}, {"expression", pattern.expression}});
                         })},
       {"has_types", flag(llvm::any_of(plan.types,
                                       [](const plan::TypePlan& type) {
                                         return type.has_json || type.has_row || !type.values.empty() ||
                                                !type.scalar.checks.empty();
                                       }))},
       {"types", list(plan.types, type_data)},
       {"uses_protobuf", flag(uses_protobuf(plan))},
       {"has_rpcs", flag(has_rpcs(plan))},
       {"rpc_adapters", rpcs_data(plan)},
       {"has_configurations", flag(has_configurations(plan))},
       {"configurations", configurations_data(plan)},
       {"has_errors", flag(!plan.errors.empty())},
       {"errors", list(plan.errors, error_data)},
       {"error_constants", error_constants_data(plan)},
       {"has_error_constants", flag(!plan.error_constants.empty())},
       {"answers_exits", flag(plan.answers_exits)},
       {"has_exit_answers", flag(!plan.exit_answers.empty())},
       {"exit_answers", list(plan.exit_answers,
                             [](const plan::ExitAnswerPlan& answer) {
                               return object({{"constant", answer.constant}, {"type", answer.type}});
                             })},
       {"has_sites", flag(!plan.sites.empty())},
       {"statements", list(plan.statements, statement_data)},
       {"sites", list(plan.sites, site_data)},
       {"has_limits", flag(!plan.limits.empty())},
       {"limits", plan.limits},
       {"has_targets", flag(!plan.targets.empty())},
       {"has_sagas", flag(!plan.saga_steps.empty())},
       {"saga_steps", saga_steps_data(plan)},
       {"has_jobs", flag(!plan.jobs.empty())},
       {"has_own_jobs", flag(llvm::any_of(plan.jobs, [](const plan::JobPlan& job) { return job.is_own; }))},
       {"jobs", list(plan.jobs, job_data)},
       {"has_crons", flag(!plan.crons.empty())},
       {"crons", list(plan.crons, cron_data)},
       {"has_rates", flag(!plan.rates.empty())},
       {"rates",
        list(plan.rates,
             [](const plan::RatePlan& rate) { return object({{"count", rate.count}, {"per", rate.per}}); })},
       {"targets", list(plan.targets, target_data)},
       {"has_steps", flag(!plan.step_places.empty())},
       {"step_places", list(plan.step_places)},
       {"has_flows", flag(!plan.flows.empty())},
       {"flows", list(plan.flows, flow_data)}});
  set_router(plan, data);
  return data;
}

}  // namespace zc::emit
