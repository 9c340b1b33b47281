// A moment of a running service.
#include <zerver/async/priority.h>
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/server/snapshot.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

namespace zerver::server {

std::string_view name_of(flow::Breaker::State state) noexcept {
  switch (state) {
    case flow::Breaker::State::kClosed:
      return "closed";
    case flow::Breaker::State::kOpen:
      return "open";
    case flow::Breaker::State::kHalfOpen:
      break;
  }
  return "half-open";
}

namespace {

// --- JSON ---

void write_count(flow::JsonWriter& json, std::string_view key, std::uint64_t count) {
  json.key(key);
  json.integer(count);
}

void write_classes(flow::JsonWriter& json, std::string_view key,
                   const std::array<std::uint64_t, async::kPriorities>& counts) {
  json.key(key);
  json.begin_object();
  for (std::size_t index = 0; index < counts.size(); ++index)
    write_count(json, async::name_of(static_cast<async::Priority>(index)), counts[index]);
  json.end_object();
}

void write_worker(flow::JsonWriter& json, const SchedulerStats& worker) {
  json.begin_object();
  json.key("batch");
  json.boolean(worker.batch);
  write_classes(json, "waiting", worker.waiting);
  write_classes(json, "begun", worker.begun);
  write_classes(json, "overruns", worker.overruns);
  write_count(json, "queued", worker.queued);
  write_count(json, "stolen", worker.stolen);
  write_count(json, "shed", worker.shed);
  write_count(json, "limited", worker.limited);
  write_count(json, "expired", worker.expired);
  write_count(json, "degraded", worker.degraded);
  json.key("accepts");
  json.boolean(worker.accepts);
  json.key("reads");
  json.boolean(worker.reads);
  write_count(json, "accept_pauses", worker.accept_pauses);
  write_count(json, "read_pauses", worker.read_pauses);
  write_count(json, "suspended", worker.suspended);
  write_count(json, "sagas", worker.sagas);
  write_count(json, "sagas_unwound", worker.sagas_unwound);
  write_count(json, "undos_failed", worker.undos_failed);
  write_count(json, "sagas_recovered", worker.sagas_recovered);
  json.end_object();
}

// The bound of the bucket in which the time is that so many of a hundred do not exceed; microseconds. Past
// the last bound: that one.
std::int64_t percentile(const LatencyHistogram::Counts& times, std::uint64_t percent) {
  const std::uint64_t wanted = (times.count() * percent + 99) / 100;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
    seen += times.buckets[i];
    if (seen >= wanted) return LatencyHistogram::kBounds[i].nanoseconds / 1'000;
  }
  return LatencyHistogram::kBounds.back().nanoseconds / 1'000;
}

// From arrival to answer; nothing where nothing was counted.
void write_latency(flow::JsonWriter& json, const LatencyHistogram::Counts& times) {
  if (times.count() == 0) return;
  write_count(json, "answered", times.count());
  json.key("latency_p95_le_us");
  json.integer(percentile(times, 95));
  json.key("latency_p99_le_us");
  json.integer(percentile(times, 99));
}

void write_class_times(flow::JsonWriter& json, const Snapshot& snapshot) {
  json.key("classes");
  json.begin_object();
  for (std::size_t i = 0; i < snapshot.classes.size(); ++i) {
    const ClassTimes& times = snapshot.classes[i];
    json.key(async::name_of(static_cast<async::Priority>(i)));
    json.begin_object();
    write_count(json, "runs", times.runs);
    const auto write_time = [&](std::string_view key, Duration time) {
      json.key(key);
      json.integer(time.nanoseconds / 1'000);
    };
    write_time("p95_us", times.p95);
    write_time("p99_us", times.p99);
    write_time("quantum_us", times.quantum);
    write_time("proposed_quantum_us", times.proposed);
    write_latency(json, snapshot.answers.classes[i]);
    json.end_object();
  }
  json.end_object();
}

void write_flow(flow::JsonWriter& json, const FlowStats& flow) {
  json.begin_object();
  json.key("name");
  json.string(flow.name);
  json.key("priority");
  json.quoted(async::name_of(flow.priority));
  write_count(json, "begun", flow.begun);
  write_count(json, "refused", flow.refused);
  write_count(json, "degraded", flow.degraded);
  write_count(json, "missed", flow.missed);
  write_count(json, "overruns", flow.overruns);
  write_count(json, "arena_peak", flow.arena_peak);
  json.key("longest_run_us");
  json.integer(flow.longest_run.nanoseconds / 1'000);
  if (flow.least_slack != Duration::max()) {
    json.key("least_slack_us");
    json.integer(flow.least_slack.nanoseconds / 1'000);
  }
  json.end_object();
}

void write_addresses(flow::JsonWriter& json, const std::vector<effects::AddressState>& addresses) {
  json.key("addresses");
  json.begin_array();
  for (const effects::AddressState& address : addresses) {
    json.element();
    json.begin_object();
    json.key("address");
    json.string(address.address);
    write_count(json, "in_flight", address.in_flight);
    write_count(json, "calls", address.calls);
    write_count(json, "failures", address.failures);
    json.key("left_out");
    json.boolean(address.is_left_out);
    json.end_object();
  }
  json.end_array();
}

void write_target(flow::JsonWriter& json, const flow::TargetStats& target,
                  const effects::TargetState* state) {
  json.begin_object();
  json.key("name");
  json.string(target.name);
  write_count(json, "in_flight", target.in_flight);
  write_count(json, "in_flight_cap", target.in_flight_cap);
  write_count(json, "waiting", target.waiting);
  if (target.breaker) {
    json.key("breaker");
    json.quoted(name_of(*target.breaker));
    write_count(json, "breaker_openings", target.breaker_openings);
  }
  if (target.retries_left) write_count(json, "retries_left", *target.retries_left);
#define TARGET_COUNT(member) write_count(json, #member, target.member);
#include <zerver/flow/call/target_counts.def>
#undef TARGET_COUNT
  if (state != nullptr) {
    json.key("state");
    json.quoted(name_of(state->health.state));
    if (!state->health.why.empty()) {
      json.key("why");
      json.string(state->health.why);
    }
    if (state->pool) {
      write_count(json, "connections", state->pool->open);
      write_count(json, "connections_idle", state->pool->idle);
      write_count(json, "connections_waited_for", state->pool->waiting);
    }
    if (!state->addresses.empty()) write_addresses(json, state->addresses);
  }
  json.end_object();
}

template <class Item>
void write_list(flow::JsonWriter& json, std::string_view key, const std::vector<Item>& items,
                void (*write)(flow::JsonWriter&, const Item&)) {
  json.key(key);
  json.begin_array();
  for (const Item& item : items) {
    json.element();
    write(json, item);
  }
  json.end_array();
}

void write_live(flow::JsonWriter& json, const LiveFlow& live) {
  json.begin_object();
  json.key("flow");
  json.string(live.flow);
  json.key("step");
  json.string(live.step);
  json.key("waits_for");
  json.string(live.waits_for);
  json.key("age_us");
  json.integer(live.age.nanoseconds / 1'000);
  write_count(json, "worker", live.worker);
  json.end_object();
}

void write_cron(flow::JsonWriter& json, const jobs::JobStats& cron) {
  json.begin_object();
  json.key("name");
  json.string(cron.name);
  write_count(json, "running", cron.running);
  write_count(json, "succeeded", cron.succeeded);
  write_count(json, "failed", cron.dead);
  write_count(json, "missed", cron.missed);
  write_count(json, "passed_over", cron.passed_over);
  if (cron.least_slack != Duration::max()) {
    json.key("least_slack_us");
    json.integer(cron.least_slack.nanoseconds / 1'000);
  }
  json.end_object();
}

std::vector<jobs::JobStats> crons_of(const Snapshot& snapshot) {
  std::vector<jobs::JobStats> crons;
  std::ranges::copy_if(snapshot.jobs, std::back_inserter(crons), &jobs::JobStats::is_cron);
  return crons;
}

void write_durable(flow::JsonWriter& json, const jobs::JobStats& job) {
  json.begin_object();
  json.key("name");
  json.string(job.name);
  write_count(json, "running", job.running);
  write_count(json, "replayed", job.replayed);
  write_count(json, "written", job.written);
  json.end_object();
}

std::vector<jobs::JobStats> durable_of(const Snapshot& snapshot) {
  std::vector<jobs::JobStats> durable;
  std::ranges::copy_if(snapshot.jobs, std::back_inserter(durable), &jobs::JobStats::is_durable);
  return durable;
}

void write_worker_number(flow::JsonWriter& json, const std::size_t& worker) {
  json.integer(static_cast<std::int64_t>(worker));
}

// --- Text ---

// Columns as wide as their widest cell; the first one to the left.
class Table {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const {
    std::vector<std::size_t> widths;
    for (const std::vector<std::string>& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t column = 0; column < row.size(); ++column)
        widths[column] = std::max(widths[column], row[column].size());
    }
    std::string text;
    for (const std::vector<std::string>& row : rows_) {
      for (std::size_t column = 0; column < row.size(); ++column) {
        const std::string padding(widths[column] - row[column].size(), ' ');
        text += column == 0 ? row[column] + padding : "  " + padding + row[column];
      }
      text.erase(text.find_last_not_of(' ') + 1);
      text += '\n';
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string classes(const std::array<std::uint64_t, async::kPriorities>& counts) {
  return std::to_string(counts[0]) + "/" + std::to_string(counts[1]) + "/" + std::to_string(counts[2]);
}

// Of the classes that have run something.
std::string classes_text(const Snapshot& snapshot) {
  const auto microseconds = [](Duration time) { return std::to_string(time.nanoseconds / 1'000); };
  Table table;
  table.row({"class", "runs", "p95 us", "p99 us", "quantum us", "proposed us"});
  bool is_empty = true;
  for (std::size_t i = 0; i < snapshot.classes.size(); ++i) {
    const ClassTimes& times = snapshot.classes[i];
    if (times.runs == 0) continue;
    is_empty = false;
    table.row({std::string(async::name_of(static_cast<async::Priority>(i))), std::to_string(times.runs),
               microseconds(times.p95), microseconds(times.p99), microseconds(times.quantum),
               microseconds(times.proposed)});
  }
  return is_empty ? std::string() : table.text() + "\n";
}

std::string sagas_text(const Snapshot& snapshot) {
  std::uint64_t begun = 0, unwound = 0, failed = 0, recovered = 0;
  for (const SchedulerStats& worker : snapshot.workers) {
    begun += worker.sagas;
    unwound += worker.sagas_unwound;
    failed += worker.undos_failed;
    recovered += worker.sagas_recovered;
  }
  if (begun == 0 && recovered == 0 && snapshot.sagas_open == 0) return {};
  Table sagas;
  sagas.row({"sagas", "unwound", "undos failed", "recovered", "open", "stuck"});
  sagas.row({std::to_string(begun), std::to_string(unwound), std::to_string(failed),
             std::to_string(recovered), std::to_string(snapshot.sagas_open),
             std::to_string(snapshot.sagas_stuck)});
  return sagas.text() + "\n";
}

std::string addresses_text(const Snapshot& snapshot) {
  Table addresses;
  addresses.row({"address", "in flight", "calls", "failures", "left out"});
  bool has_some = false;
  for (const effects::TargetState& target : snapshot.states) {
    for (const effects::AddressState& address : target.addresses) {
      has_some = true;
      addresses.row({std::string(target.info->name) + " " + address.address,
                     std::to_string(address.in_flight), std::to_string(address.calls),
                     std::to_string(address.failures), address.is_left_out ? "yes" : "-"});
    }
  }
  return has_some ? "\n" + addresses.text() : "";
}

std::string crons_text(const Snapshot& snapshot) {
  const std::vector<jobs::JobStats> all = crons_of(snapshot);
  if (all.empty()) return {};
  Table crons;
  crons.row({"cron", "runs", "failed", "missed", "passed over", "least slack"});
  for (const jobs::JobStats& cron : all) {
    crons.row({std::string(cron.name), std::to_string(cron.succeeded + cron.dead), std::to_string(cron.dead),
               std::to_string(cron.missed), std::to_string(cron.passed_over),
               cron.least_slack == Duration::max()
                   ? std::string("-")
                   : std::to_string(cron.least_slack.nanoseconds / 1'000'000) + " ms"});
  }
  return "\n" + crons.text();
}

std::string live_text(const Snapshot& snapshot) {
  std::string text;
  if (!snapshot.live.empty()) {
    Table live;
    live.row({"live flow", "step", "waits for", "age", "worker"});
    for (const LiveFlow& flow : snapshot.live) {
      live.row({flow.flow, flow.step.empty() ? "-" : flow.step, flow.waits_for.empty() ? "-" : flow.waits_for,
                std::to_string(flow.age.nanoseconds / 1'000'000) + " ms", std::to_string(flow.worker)});
    }
    text = "\n" + live.text();
  }
  if (snapshot.live_count > snapshot.live.size())
    text += "and " + std::to_string(snapshot.live_count - snapshot.live.size()) + " more\n";
  for (const std::size_t worker : snapshot.busy_workers)
    text += "worker " + std::to_string(worker) + " is busy\n";
  return text;
}

}  // namespace

Snapshot figures_of(const Server& server, const effects::Systems& systems,
                    std::span<const flow::OpenSaga> sagas) {
  const auto stuck =
      std::ranges::count_if(sagas, [](const flow::OpenSaga& saga) { return !saga.why.empty(); });
  Snapshot snapshot;
  snapshot.connections = server.open_connections();
  snapshot.workers = server.scheduler_stats();
  snapshot.flows = server.flow_stats();
  snapshot.targets = systems.stats();
  snapshot.states = systems.states();
  snapshot.answers = server.answer_stats();
  snapshot.operations = systems.operation_stats();
  snapshot.sagas_open = sagas.size();
  snapshot.sagas_stuck = static_cast<std::size_t>(stuck);
  return snapshot;
}

Snapshot snapshot_of(Server& server, const effects::Systems& systems, std::span<const flow::OpenSaga> sagas,
                     Duration patience) {
  Snapshot snapshot = figures_of(server, systems, sagas);
  LiveFlows live = server.live_flows_within(patience);
  snapshot.classes = server.class_times(patience);
  snapshot.live_count = live.flows.size();
  std::ranges::sort(live.flows, std::ranges::greater(), &LiveFlow::age);
  if (snapshot.live_count > Snapshot::kMostLive) live.flows.resize(Snapshot::kMostLive);
  snapshot.live = std::move(live.flows);
  snapshot.busy_workers = std::move(live.busy);
  return snapshot;
}

std::string to_text(const Snapshot& snapshot) {
  const auto number = [](std::uint64_t count) { return std::to_string(count); };
  std::string text = "connections: " + number(snapshot.connections) + "\n\n";
  Table workers;
  workers.row({"worker", "waiting", "begun", "overruns", "suspended", "stolen", "shed", "limited", "expired",
               "degraded", "pauses"});
  for (std::size_t index = 0; index < snapshot.workers.size(); ++index) {
    const SchedulerStats& worker = snapshot.workers[index];
    workers.row({number(index) + (worker.batch ? " (batch)" : ""), classes(worker.waiting),
                 classes(worker.begun), classes(worker.overruns), number(worker.suspended),
                 number(worker.stolen), number(worker.shed), number(worker.limited), number(worker.expired),
                 number(worker.degraded), number(worker.accept_pauses) + "/" + number(worker.read_pauses)});
  }
  text += workers.text() + "\n" + classes_text(snapshot) + sagas_text(snapshot);
  Table flows;
  flows.row({"flow", "class", "begun", "refused", "degraded", "missed", "overruns", "arena peak"});
  for (const FlowStats& flow : snapshot.flows) {
    if (flow.begun == 0 && flow.refused == 0 && flow.degraded == 0) continue;
    flows.row({flow.name, std::string(async::name_of(flow.priority)), number(flow.begun),
               number(flow.refused), number(flow.degraded), number(flow.missed), number(flow.overruns),
               number(flow.arena_peak)});
  }
  text += flows.text();
  Table targets;
  std::vector<std::string> heading = {"target", "in flight", "waiting", "operations",
                                      "failed", "retries",   "refused", "breaker"};
  const bool has_states = !snapshot.states.empty();
  if (has_states) heading.emplace_back("state");
  targets.row(std::move(heading));
  for (std::size_t i = 0; i < snapshot.targets.size(); ++i) {
    const flow::TargetStats& target = snapshot.targets[i];
    if (target.operations == 0 && target.refused == 0 && target.refused_open == 0) continue;
    std::vector<std::string> cells = {
        std::string(target.name), number(target.in_flight) + "/" + number(target.in_flight_cap),
        number(target.waiting),   number(target.operations),
        number(target.failed),    number(target.retries),
        number(target.refused),   std::string(target.breaker ? name_of(*target.breaker) : "-")};
    if (has_states) cells.emplace_back(name_of(snapshot.states[i].health.state));
    targets.row(std::move(cells));
  }
  return text + "\n" + targets.text() + addresses_text(snapshot) + crons_text(snapshot) + live_text(snapshot);
}

std::string to_json(const Snapshot& snapshot) {
  OutputBuffer out;
  flow::JsonWriter json(out);
  json.begin_object();
  write_count(json, "connections", snapshot.connections);
  json.key("sagas");
  json.begin_object();
  write_count(json, "open", snapshot.sagas_open);
  write_count(json, "stuck", snapshot.sagas_stuck);
  json.end_object();
  write_list(json, "workers", snapshot.workers, write_worker);
  write_class_times(json, snapshot);
  write_list(json, "flows", snapshot.flows, write_flow);
  json.key("targets");
  json.begin_array();
  for (std::size_t i = 0; i < snapshot.targets.size(); ++i) {
    json.element();
    write_target(json, snapshot.targets[i], i < snapshot.states.size() ? &snapshot.states[i] : nullptr);
  }
  json.end_array();
  write_list(json, "crons", crons_of(snapshot), write_cron);
  if (snapshot.journal) {
    json.key("journal");
    json.begin_object();
    write_count(json, "open", snapshot.journal->open);
    write_count(json, "records", snapshot.journal->records);
    write_count(json, "refused", snapshot.journal->refused);
    json.end_object();
    write_list(json, "durable_jobs", durable_of(snapshot), write_durable);
  }
  write_list(json, "live", snapshot.live, write_live);
  write_count(json, "live_count", snapshot.live_count);
  write_list(json, "busy_workers", snapshot.busy_workers, write_worker_number);
  json.end_object();
  return std::string(out.view());
}

}  // namespace zerver::server
