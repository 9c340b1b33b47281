// Jobs and crons: how arguments travel, what hands them over, and the tables of those of a package.

#include "compiler/plan/expressions/constant_json.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <utility>

namespace zc::plan {
namespace {

const char* priority_spelling(llvm::StringRef word) {
  if (word == "interactive") return "zerver::async::Priority::kInteractive";
  if (word == "batch") return "zerver::async::Priority::kBatch";
  return "zerver::async::Priority::kNormal";
}

// What differs from what a job has by itself, as initialisers.
std::vector<std::string> job_settings(const model::JobSettings& job) {
  std::vector<std::string> result;
  result.push_back(".attempts = " + std::to_string(job.attempts));
  if (job.backoff.most != 0) {
    result.push_back(".backoff_first = " + duration(job.backoff.least));
    result.push_back(".backoff_cap = " + duration(std::max(job.backoff.least, job.backoff.most)));
  }
  if (job.lease) result.push_back(".lease = " + duration(*job.lease));
  if (!job.dead_letter.empty()) result.push_back(".dead_letter = " + string_literal(job.dead_letter));
  return result;
}

// The bits of one field; those of all its values have fewer digits so.
std::string bits(std::uint64_t values) { return "0x" + llvm::utohexstr(values); }

std::vector<std::string> cron_settings(const model::Flow& flow) {
  const model::Schedule& times = flow.cron.times;
  std::vector<std::string> result;
  result.push_back(".line = " + string_literal(flow.schedule));
  result.push_back(".schedule = {.seconds = " + bits(times.seconds) + ", .minutes = " + bits(times.minutes) +
                   ", .hours = " + bits(times.hours) + ", .days = " + bits(times.days) +
                   ", .months = " + bits(times.months) + ", .weekdays = " + bits(times.weekdays) +
                   ", .either_day = " + (times.either_day ? "true" : "false") + "}");
  if (!flow.time_zone.empty()) result.push_back(".zone = " + string_literal(flow.time_zone));
  if (flow.cron.overlap == model::Overlap::kQueue)
    result.emplace_back(".overlap = zerver::flow::Overlap::kQueue");
  if (flow.cron.overlap == model::Overlap::kAllow)
    result.emplace_back(".overlap = zerver::flow::Overlap::kAllow");
  if (flow.cron.catch_up) result.push_back(".catch_up = " + duration(*flow.cron.catch_up));
  return result;
}

std::size_t position_of(const Builder& builder, const std::string& flow_name) {
  const auto position =
      llvm::find_if(builder.plan.flows, [&](const FlowPlan& each) { return each.flow_name == flow_name; });
  return static_cast<std::size_t>(position - builder.plan.flows.begin());
}

void plan_sites(Builder& builder, const model::Flow& flow, const std::vector<DurableSitePlan>& sites,
                JobPlan& job) {
  if (sites.empty()) return;
  job.durable_name = builder.source_scope.claim(constant(flow.origin.name + "_sites"));
  for (const DurableSitePlan& site : sites)
    job.durable_sites.push_back("{.name = " + string_literal(site.name) +
                                (site.was.empty() ? "" : ", .was = " + string_literal(site.was)) +
                                (site.loops == 0 ? "" : ", .loops = " + std::to_string(site.loops)) + "}");
  job.settings.push_back(".run_durable = " + job.runner);
  job.settings.push_back(".sites = " + job.durable_name);
  constexpr llvm::StringLiteral kHeader = "<zerver/flow/durable/durable_step.h>";
  std::vector<std::string>& includes = builder.plan.source_includes;
  if (!llvm::is_contained(includes, kHeader)) includes.emplace_back(kHeader);
}

void plan_crons(Builder& builder) {
  for (std::size_t i = 0; i < builder.program.flows.size(); ++i) {
    const model::Flow& flow = builder.program.flows[model::FlowId(i)];
    if (flow.trigger != model::Trigger::kCron || !builder.is_own(flow.origin)) continue;
    const std::string name = builder.flow_name(flow.origin);
    CronPlan cron;
    cron.flow = position_of(builder, name);
    cron.flow_name = string_literal(name);
    cron.function = builder.plan.flows[cron.flow].function;
    cron.is_coroutine = builder.plan.flows[cron.flow].is_coroutine;
    cron.runner = builder.source_scope.claim("run_" + flow.origin.name + "_cron");
    cron.settings = cron_settings(flow);
    builder.plan.crons.push_back(std::move(cron));
  }
}

}  // namespace

JobPlan& job_plan(Builder& builder, model::FlowId id) {
  const auto known = llvm::find(builder.jobs, id);
  if (known != builder.jobs.end())
    return builder.plan.jobs[static_cast<std::size_t>(known - builder.jobs.begin())];
  builder.jobs.push_back(id);
  const model::Flow& job = builder.program.flows[id];
  JobPlan plan;
  plan.flow_name = string_literal(builder.flow_name(job.origin));
  plan.comment = "job " + builder.written_name(job.origin);
  plan.arguments_type = builder.source_scope.claim(upper_camel(job.origin.name) + "Arguments");
  NameScope fields({plan.arguments_type});
  for (const model::Parameter& parameter : job.parameters) {
    const bool is_optional = builder.program.types[parameter.type].kind == model::TypeKind::kOptional;
    const std::string name = fields.claim(parameter.origin.name);
    plan.fields.push_back({name, builder.writer.type(parameter.type), "", {}, "", false});
    plan.codec.push_back({name,
                          string_literal(parameter.origin.name),
                          string_literal(json_key(parameter.origin.name)),
                          "",
                          !is_optional,
                          is_optional,
                          {}});
    builder.require(parameter.type, builder.source_packages);
  }
  builder.plan.jobs.push_back(std::move(plan));
  return builder.plan.jobs.back();
}

// The flow of a job begins with its parameters.
void FlowBuilder::job() {
  const JobPlan& job = job_plan(builder_, id_);
  plan_.arguments_type = job.arguments_type;
  if (flow_.job.lease && flow_.has_effects)
    plan_.deadline = duration(std::min(*flow_.job.lease, flow_.deadline.value_or(*flow_.job.lease)));
  if (flow_.parameters.empty()) return;
  Operation operation;
  operation.kind = Operation::Kind::kAssign;
  operation.comment = "arguments";
  for (std::size_t i = 0; i < flow_.parameters.size(); ++i) {
    const model::SlotId slot = flow_.parameters[i].slot;
    operation.assigns.push_back(
        {"", slots_.slots.lookup(slot), "job." + job.fields[i].name, slots_.presence.lookup(slot)});
  }
  plan_.body.insert(plan_.body.begin(), std::move(operation));
}

void FlowBuilder::enqueue(const model::Statement& statement, Body& body) {
  const model::Enqueue& enqueue = *statement.enqueue;
  const model::Flow& job = builder_.program.flows[enqueue.job];
  JobPlan& known = job_plan(builder_, enqueue.job);
  known.is_enqueued = true;

  Operation operation;
  operation.kind = Operation::Kind::kEnqueue;
  operation.comment = "enqueue " + builder_.written_name(job.origin);
  EnqueuePlan& plan = operation.enqueue;
  plan.job = known.flow_name;
  plan.arguments_type = known.arguments_type;
  for (const model::Expression& argument : enqueue.arguments)
    plan.arguments.push_back(builder_.writer.value(argument, slots_));
  if (enqueue.after != 0) plan.settings.push_back(".after = " + duration(enqueue.after));
  if (enqueue.priority)
    plan.settings.push_back(std::string(".priority = ") + priority_spelling(*enqueue.priority));
  const auto unique = [&](const model::Expression& expression, const Bindings& bindings) {
    plan.settings.push_back(".unique = zerver::flow::concat(exchange.arena(), {" +
                            builder_.writer.value(expression, bindings) + "})");
  };
  if (enqueue.unique) {
    unique(*enqueue.unique, slots_);
  } else if (job.job.unique) {
    Bindings parameters;
    for (std::size_t i = 0; i < job.parameters.size(); ++i)
      parameters.slots[job.parameters[i].slot] = "job_arguments." + known.fields[i].name;
    unique(*job.job.unique, parameters);
  }
  SitePlan site;
  site.step = string_literal("enqueue " + builder_.written_name(job.origin));
  site.is_enqueue = true;
  site.operation = "zerver::flow::JobsAdapter::kPut";
  site.name = constant("enqueue_" + job.origin.name + "_call");
  const auto same = llvm::find_if(builder_.plan.sites, [&](const SitePlan& other) {
    return other.is_enqueue && other.step == site.step;
  });
  if (same == builder_.plan.sites.end()) {
    site.name = builder_.source_scope.claim(site.name);
    plan.site = site.name;
    builder_.plan.sites.push_back(std::move(site));
  } else {
    plan.site = same->name;
  }
  if (shields_ != 0) plan.shield = "zerver::flow::Shield::kCleanup";
  // What a saga or a transaction enqueues is handed over when it has completed.
  if (!transaction_.empty())
    plan.saga = transaction_;
  else if (!saga_.empty())
    plan.saga = use_saga();
  else
    plan.failed = guarded(break_off("call.result().error()", true));
  keep("enqueue " + builder_.written_name(job.origin), nullptr, operation);
  suspensions_.push_back(operation.comment);
  body.push_back(std::move(operation));
}

void plan_jobs(Builder& builder) {
  plan_crons(builder);
  // The queue is the last of the targets.
  const bool uses_queue = !builder.plan.crons.empty() || llvm::any_of(builder.jobs, [&](model::FlowId job) {
    return builder.is_own(builder.program.flows[job].origin);
  }) || llvm::any_of(builder.plan.jobs, [](const JobPlan& job) { return job.is_enqueued; });
  for (SitePlan& site : builder.plan.sites)
    if (site.is_enqueue) site.target = builder.plan.targets.size();
  if (uses_queue) {
    TargetPlan queue;
    queue.name = queue.adapter = string_literal("zerver.jobs");
    // Who waits for room in the queue is not refused.
    queue.settings.emplace_back(".in_flight = 0xFFFFFFFF");
    builder.plan.targets.push_back(std::move(queue));
  }
  for (std::size_t i = 0; i < builder.jobs.size(); ++i) {
    const model::Flow& flow = builder.program.flows[builder.jobs[i]];
    if (!builder.is_own(flow.origin)) continue;
    JobPlan& job = builder.plan.jobs[i];
    job.is_own = true;
    job.settings = job_settings(flow.job);
    job.runner = builder.source_scope.claim("run_" + flow.origin.name + "_job");
    job.flow = position_of(builder, builder.flow_name(flow.origin));
    job.function = builder.plan.flows[job.flow].function;
    job.is_coroutine = builder.plan.flows[job.flow].is_coroutine;
    plan_sites(builder, flow, builder.plan.flows[job.flow].durable_sites, job);
  }
}

}  // namespace zc::plan
