#include "metrics/metrics_text.h"

#include <zerver/async/priority.h>
#include <zerver/core/fault.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace zerver::server {
namespace {

std::string status_text(std::uint16_t status) { return status == 0 ? "other" : std::to_string(status); }

std::string full_name(const AnswerStats& answers) {
  return std::string(answers.package) + "." + std::string(answers.flow);
}

// --- The process ---

void write_process(Exposition& out, const ServiceFigures& figures) {
  const ProcessStats& process = figures.process;
  out.gauge("zerver_build_info", "What is running; always 1.");
  out.sample(std::uint64_t{1}, {{"program", figures.program}, {"version", figures.version}});
  out.counter("process_cpu_seconds",
              "Processor time of all threads, of the program and of the system for it.");
  out.sample(process.cpu_seconds);
  const auto gauge = [&out](std::string_view name, std::string_view help, const auto& value) {
    if (!value) return;
    out.gauge(name, help);
    out.sample(*value);
  };
  gauge("process_start_time_seconds", "When the program was started, in seconds since 1970.",
        process.start_seconds);
  gauge("process_resident_memory_bytes", "Memory that is present.", process.resident_bytes);
  gauge("process_virtual_memory_bytes", "Address space.", process.virtual_bytes);
  gauge("process_open_fds", "Open descriptors.", process.open_descriptors);
  gauge("process_max_fds", "Descriptors that may be open.", process.most_descriptors);
  gauge("process_threads", "Threads.", process.threads);
  if (process.allocated_bytes != 0) {
    out.gauge("zerver_allocated_bytes", "Memory that malloc has given out.");
    out.sample(process.allocated_bytes);
  }
}

// --- Requests ---

// Jobs and crons are flows that no request is for.
bool is_served(const AnswerStats& flow) noexcept { return !flow.route.empty(); }

void write_answers(Exposition& out, const AnswersStats& answers) {
  out.counter("zerver_flow_requests", "Requests that were answered; 499: their client was gone before.");
  for (const AnswerStats& flow : answers.flows) {
    const std::string name = full_name(flow);
    for (const auto& [status, count] : flow.statuses)
      out.sample(
          count,
          {{"flow", name}, {"method", flow.method}, {"route", flow.route}, {"status", status_text(status)}});
  }
  out.counter("zerver_unrouted_requests", "Requests that no flow was found for, or that were malformed.");
  for (const auto& [status, count] : answers.unrouted)
    out.sample(count, {{"status", status_text(status)}});
  out.histogram("zerver_flow_duration_seconds",
                "From when a request was there, its wait for a turn included, to its answer.");
  for (const AnswerStats& flow : answers.flows) {
    if (is_served(flow)) out.sample(flow.times, {{"flow", full_name(flow)}});
  }
  out.histogram("zerver_class_duration_seconds", "The same by class of priority.");
  for (std::size_t i = 0; i < answers.classes.size(); ++i)
    out.sample(answers.classes[i], {{"class", async::name_of(static_cast<async::Priority>(i))}});
}

// Both lists have the flows of the packages in their order.
void write_flows(Exposition& out, const std::vector<FlowStats>& flows, const AnswersStats& answers) {
  const auto write = [&](auto value_of) {
    for (std::size_t i = 0; i < std::min(flows.size(), answers.flows.size()); ++i) {
      if (is_served(answers.flows[i])) out.sample(value_of(flows[i]), {{"flow", flows[i].name}});
    }
  };
  out.counter("zerver_flow_begun", "Requests whose flow has begun.");
  write([](const FlowStats& flow) { return flow.begun; });
  out.counter("zerver_flow_refused", "Requests that were refused before their flow began: 429, 503 or 504.");
  write([](const FlowStats& flow) { return flow.refused; });
  out.counter("zerver_flow_degraded", "Requests that were answered by the `on overload` of their flow.");
  write([](const FlowStats& flow) { return flow.degraded; });
  out.counter("zerver_flow_deadline_missed", "Requests that were answered behind their deadline.");
  write([](const FlowStats& flow) { return flow.missed; });
  out.counter("zerver_flow_overruns", "Runs that took longer than the quantum of their class.");
  write([](const FlowStats& flow) { return flow.overruns; });
  out.gauge("zerver_flow_arena_peak_bytes", "The most memory of the arena that one request took.");
  write([](const FlowStats& flow) { return flow.arena_peak; });
}

// --- Workers ---

using ByClass = std::array<std::uint64_t, async::kPriorities>;

class Workers {
 public:
  Workers(Exposition& out, const std::vector<SchedulerStats>& workers) : out_(out), workers_(workers) {
    for (std::size_t i = 0; i < workers.size(); ++i)
      numbers_.push_back(std::to_string(i));
  }

  void counter(std::string_view name, std::string_view help, std::uint64_t SchedulerStats::* value) {
    out_.counter(name, help);
    write(value);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t SchedulerStats::* value) {
    out_.gauge(name, help);
    write(value);
  }
  void flag(std::string_view name, std::string_view help, bool SchedulerStats::* value) {
    out_.gauge(name, help);
    for (std::size_t i = 0; i < workers_.size(); ++i)
      out_.sample(std::uint64_t{workers_[i].*value}, {{"worker", numbers_[i]}});
  }
  void by_class(ByClass SchedulerStats::* value) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      for (std::size_t c = 0; c < async::kPriorities; ++c)
        out_.sample((workers_[i].*value)[c],
                    {{"worker", numbers_[i]}, {"class", async::name_of(static_cast<async::Priority>(c))}});
    }
  }

 private:
  void write(std::uint64_t SchedulerStats::* value) {
    for (std::size_t i = 0; i < workers_.size(); ++i)
      out_.sample(workers_[i].*value, {{"worker", numbers_[i]}});
  }

  Exposition& out_;
  const std::vector<SchedulerStats>& workers_;
  std::vector<std::string> numbers_;
};

void write_workers(Exposition& out, const ServiceFigures& figures) {
  out.gauge("zerver_connections", "Open connections.");
  out.sample(std::uint64_t{figures.snapshot.connections});
  out.gauge("zerver_connections_limit", "Connections that may be open.");
  out.sample(figures.most_connections);
  Workers workers(out, figures.snapshot.workers);
  out.gauge("zerver_queue_depth", "Requests that wait for their turn.");
  workers.by_class(&SchedulerStats::waiting);
  out.counter("zerver_worker_begun", "Flows that have begun.");
  workers.by_class(&SchedulerStats::begun);
  out.counter("zerver_worker_overruns", "Runs that took longer than the quantum of their class.");
  workers.by_class(&SchedulerStats::overruns);
  workers.gauge("zerver_worker_suspended", "Flows that wait for effects.", &SchedulerStats::suspended);
  workers.counter("zerver_worker_queued", "Requests that did not begin at once.", &SchedulerStats::queued);
  workers.counter("zerver_worker_stolen", "Requests that were taken from other workers.",
                  &SchedulerStats::stolen);
  workers.counter("zerver_worker_shed", "Requests that were refused with 503 because too much waited.",
                  &SchedulerStats::shed);
  workers.counter("zerver_worker_limited", "Requests that were refused for a rate, or an `in_flight`.",
                  &SchedulerStats::limited);
  workers.counter("zerver_worker_expired", "Requests whose deadline passed before they began.",
                  &SchedulerStats::expired);
  workers.counter("zerver_worker_degraded", "Requests that were answered by an `on overload`.",
                  &SchedulerStats::degraded);
  workers.counter("zerver_worker_accept_pauses", "Times that new connections were left in the backlog.",
                  &SchedulerStats::accept_pauses);
  workers.counter("zerver_worker_read_pauses", "Times that open connections were not read.",
                  &SchedulerStats::read_pauses);
  workers.flag("zerver_worker_accepts", "1: new connections are accepted.", &SchedulerStats::accepts);
  workers.flag("zerver_worker_reads", "1: open connections are read.", &SchedulerStats::reads);
}

// --- Targets ---

struct TargetCount {
  std::string_view member;
  std::uint64_t flow::TargetStats::* value;
};
constexpr TargetCount kTargetCounts[] = {
#define TARGET_COUNT(member) {#member, &flow::TargetStats::member},
#include <zerver/flow/call/target_counts.def>
#undef TARGET_COUNT
};

struct CountName {
  std::string_view member;
  std::string_view name;
  std::string_view help;
};
constexpr CountName kCountNames[] = {
    {"operations", "zerver_target_attempts", "Attempts that reached the target, hedges included."},
    {"succeeded", "zerver_target_succeeded", "Attempts that it answered, if only with a refusal."},
    {"failed", "zerver_target_failed",
     "Attempts with a fault of the target's, or without an answer in time."},
    {"timeouts", "zerver_target_timeouts", "Attempts without an answer in time."},
    {"retries", "zerver_target_retries", "Attempts behind the first one of a call."},
    {"hedges", "zerver_target_hedges", "Attempts beside another one."},
    {"waited", "zerver_target_waited", "Attempts that waited for a place in flight."},
    {"refused", "zerver_target_refused", "Attempts for which there was neither a place nor room to wait."},
    {"refused_open", "zerver_target_breaker_refused", "Attempts that the breaker did not let through."},
    {"refused_rate", "zerver_target_rate_refused", "Calls above their rate."},
    {"refused_budget", "zerver_target_budget_refused", "Retries and hedges that a budget did not allow."},
    {"cancelled", "zerver_target_cancelled", "Attempts that were given up."},
    {"late", "zerver_target_late", "Answers that came when nobody waited any more."},
};

constexpr const CountName* name_of_count(std::string_view member) noexcept {
  for (const CountName& each : kCountNames) {
    if (each.member == member) return &each;
  }
  return nullptr;
}

constexpr bool has_names() noexcept {
  for (const TargetCount& count : kTargetCounts) {
    if (name_of_count(count.member) == nullptr) return false;
  }
  return true;
}
static_assert(has_names(), "what is counted of a target is a metric");

void write_breakers(Exposition& out, const std::vector<flow::TargetStats>& targets) {
  using State = flow::Breaker::State;
  out.gauge("zerver_target_breaker_state", "1 for the state that the breaker is in.");
  for (const flow::TargetStats& target : targets) {
    if (!target.breaker) continue;
    for (const State state : {State::kClosed, State::kHalfOpen, State::kOpen})
      out.sample(std::uint64_t{*target.breaker == state},
                 {{"target", target.name}, {"state", name_of(state)}});
  }
  out.counter("zerver_target_breaker_openings", "Times that the breaker has opened.");
  for (const flow::TargetStats& target : targets) {
    if (target.breaker) out.sample(target.breaker_openings, {{"target", target.name}});
  }
  out.gauge("zerver_target_retry_budget_tokens", "Retries and hedges that the budget pays for now.");
  for (const flow::TargetStats& target : targets) {
    if (target.retries_left) out.sample(std::uint64_t{*target.retries_left}, {{"target", target.name}});
  }
}

void write_states(Exposition& out, const Snapshot& snapshot) {
  using State = effects::Health::State;
  out.gauge("zerver_target_health", "1 for what the target's traffic has shown.");
  for (const effects::TargetState& target : snapshot.states) {
    for (const State state : {State::kStarting, State::kUp, State::kDegraded, State::kDown})
      out.sample(std::uint64_t{target.health.state == state},
                 {{"target", target.info->name}, {"state", name_of(state)}});
  }
  const auto pools = [&](auto write) {
    for (const effects::TargetState& target : snapshot.states) {
      if (target.pool) write(target.info->name, *target.pool);
    }
  };
  out.gauge("zerver_target_connections", "Connections of the pool.");
  pools([&out](std::string_view target, const effects::PoolState& pool) {
    out.sample(std::uint64_t{pool.idle}, {{"target", target}, {"state", "idle"}});
    out.sample(std::uint64_t{pool.open - std::min(pool.open, pool.idle)},
               {{"target", target}, {"state", "used"}});
  });
  out.gauge("zerver_target_connections_limit", "Connections that the pool may have.");
  pools([&out](std::string_view target, const effects::PoolState& pool) {
    if (pool.most != 0) out.sample(std::uint64_t{pool.most}, {{"target", target}});
  });
  out.gauge("zerver_target_connections_waiting", "Operations that wait for a connection.");
  pools([&out](std::string_view target, const effects::PoolState& pool) {
    out.sample(std::uint64_t{pool.waiting}, {{"target", target}});
  });
}

void write_addresses(Exposition& out, const Snapshot& snapshot) {
  const auto addresses = [&](auto value) {
    for (const effects::TargetState& target : snapshot.states) {
      for (const effects::AddressState& address : target.addresses)
        out.sample(std::uint64_t{value(address)},
                   {{"target", target.info->name}, {"address", address.address}});
    }
  };
  out.gauge("zerver_target_address_in_flight", "Operations that are under way at one address of the target.");
  addresses([](const effects::AddressState& address) { return address.in_flight; });
  out.gauge("zerver_target_address_left_out", "1 for an address that gets no operations for now.");
  addresses([](const effects::AddressState& address) { return address.is_left_out; });
  out.counter("zerver_target_address_calls", "Operations that went to the address.");
  addresses([](const effects::AddressState& address) { return address.calls; });
  out.counter("zerver_target_address_failures",
              "Connections that could not be made, and answers that speak against the address.");
  addresses([](const effects::AddressState& address) { return address.failures; });
}

void write_targets(Exposition& out, const Snapshot& snapshot) {
  const auto gauge = [&](std::string_view name, std::string_view help,
                         std::uint32_t flow::TargetStats::* value) {
    out.gauge(name, help);
    for (const flow::TargetStats& target : snapshot.targets)
      out.sample(std::uint64_t{target.*value}, {{"target", target.name}});
  };
  gauge("zerver_target_in_flight", "Operations that are under way.", &flow::TargetStats::in_flight);
  gauge("zerver_target_in_flight_limit", "Operations that may be under way at the same time.",
        &flow::TargetStats::in_flight_cap);
  gauge("zerver_target_waiting", "Operations that wait for a place in flight.", &flow::TargetStats::waiting);
  for (const TargetCount& count : kTargetCounts) {
    const CountName& names = *name_of_count(count.member);
    out.counter(names.name, names.help);
    for (const flow::TargetStats& target : snapshot.targets)
      out.sample(target.*count.value, {{"target", target.name}});
  }
  write_breakers(out, snapshot.targets);
  write_states(out, snapshot);
  write_addresses(out, snapshot);
}

std::string_view outcome_name(std::size_t outcome) noexcept {
  if (outcome == flow::OperationCounts::kSuccess) return "success";
  if (outcome == flow::OperationCounts::kLetGo) return "let-go";
  return name_of(static_cast<FaultKind>(outcome - 1));
}

void write_effects(Exposition& out, const std::vector<effects::OperationStats>& operations) {
  out.counter("zerver_effect_attempts", "Attempts to perform an operation, by how they ended.");
  for (const effects::OperationStats& each : operations) {
    for (std::size_t i = 0; i < each.sum.outcomes.size(); ++i) {
      if (each.sum.outcomes[i] != 0)
        out.sample(each.sum.outcomes[i],
                   {{"target", each.target}, {"operation", each.operation}, {"outcome", outcome_name(i)}});
    }
  }
  out.histogram("zerver_effect_duration_seconds", "From the beginning of an attempt to its end.");
  for (const effects::OperationStats& each : operations) {
    if (each.sum.times.count() != 0)
      out.sample(each.sum.times, {{"target", each.target}, {"operation", each.operation}});
  }
}

// --- Sagas, jobs, the audit ---

void write_sagas(Exposition& out, const Snapshot& snapshot) {
  const auto sum = [&](std::uint64_t SchedulerStats::* value) {
    std::uint64_t all = 0;
    for (const SchedulerStats& worker : snapshot.workers)
      all += worker.*value;
    return all;
  };
  out.counter("zerver_sagas", "Sagas that have written something.");
  out.sample(sum(&SchedulerStats::sagas));
  out.counter("zerver_sagas_unwound", "Sagas that were taken back.");
  out.sample(sum(&SchedulerStats::sagas_unwound));
  out.counter("zerver_sagas_recovered", "Sagas that were ended when their flow was gone.");
  out.sample(sum(&SchedulerStats::sagas_recovered));
  out.counter("zerver_saga_undos_failed", "Undos that failed, with all of their retries.");
  out.sample(sum(&SchedulerStats::undos_failed));
  out.gauge("zerver_sagas_open", "Sagas that their flows could not end.");
  out.sample(std::uint64_t{snapshot.sagas_open});
  out.gauge("zerver_sagas_stuck", "Sagas that wait for people: what they wrote cannot be taken back.");
  out.sample(std::uint64_t{snapshot.sagas_stuck});
}

void write_journal(Exposition& out, const Snapshot& snapshot) {
  if (!snapshot.journal) return;
  out.gauge("zerver_journals_open", "Attempts of durable jobs that run.");
  out.sample(snapshot.journal->open);
  out.counter("zerver_journal_records", "Records for the journal of durable jobs.");
  out.sample(snapshot.journal->records);
  out.counter("zerver_journal_records_refused", "Entries that came too late: somebody else has the job.");
  out.sample(snapshot.journal->refused);
  const auto durable = [&](auto value) {
    for (const jobs::JobStats& job : snapshot.jobs) {
      if (job.is_durable) out.sample(job.*value, {{"job", job.name}});
    }
  };
  out.counter("zerver_job_effects_replayed",
              "Effects of durable jobs whose answers were read from the journal.");
  durable(&jobs::JobStats::replayed);
  out.counter("zerver_job_effects_written", "Effects of durable jobs that were written down.");
  durable(&jobs::JobStats::written);
}

void write_jobs(Exposition& out, const std::vector<jobs::JobStats>& all) {
  using Stats = jobs::JobStats;
  const auto kind_of = [](const Stats& job) -> std::string_view { return job.is_cron ? "cron" : "job"; };
  out.counter("zerver_job_attempts", "Attempts of jobs and crons, by how they ended.");
  constexpr std::pair<std::string_view, std::uint64_t Stats::*> kOutcomes[] = {
      {"success", &Stats::succeeded},
      {"failed", &Stats::failed},
      {"dead", &Stats::dead},
      {"given-back", &Stats::given_back},
      {"lost", &Stats::lost}};
  for (const Stats& job : all) {
    for (const auto& [outcome, value] : kOutcomes)
      out.sample(job.*value, {{"job", job.name}, {"kind", kind_of(job)}, {"outcome", outcome}});
  }
  out.gauge("zerver_jobs_running", "Jobs that run.");
  for (const Stats& job : all)
    out.sample(job.running, {{"job", job.name}, {"kind", kind_of(job)}});
  const auto crons = [&](auto sample) {
    for (const Stats& job : all) {
      if (job.is_cron) sample(job);
    }
  };
  out.counter("zerver_cron_missed", "Runs of a cron that were not over when it came again.");
  crons([&](const Stats& cron) { out.sample(cron.missed, {{"cron", cron.name}}); });
  out.counter("zerver_cron_passed_over", "Times of a cron at which the run before was not over.");
  crons([&](const Stats& cron) { out.sample(cron.passed_over, {{"cron", cron.name}}); });
  out.histogram("zerver_job_duration_seconds", "From the beginning of an attempt to the end of its flow.");
  for (const Stats& job : all)
    out.sample(job.times, {{"job", job.name}, {"kind", kind_of(job)}});
}

}  // namespace

void write_metrics(OutputBuffer& buffer, ExpositionFormat format, const ServiceFigures& figures) {
  Exposition out(buffer, format);
  write_process(out, figures);
  write_answers(out, figures.snapshot.answers);
  write_flows(out, figures.snapshot.flows, figures.snapshot.answers);
  write_workers(out, figures);
  write_targets(out, figures.snapshot);
  write_effects(out, figures.snapshot.operations);
  write_sagas(out, figures.snapshot);
  write_jobs(out, figures.snapshot.jobs);
  write_journal(out, figures.snapshot);
  out.counter("zerver_audit_records_lost", "Records of the audit that could not be written.");
  out.sample(figures.audit_lost);
  out.finish();
}

}  // namespace zerver::server
