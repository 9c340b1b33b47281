// What an operator can set about the order in which requests run, and what can be seen of it.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/async/rate/limit.h>
#include <zerver/async/scheduling/controlled_delay.h>
#include <zerver/async/scheduling/quanta.h>
#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/core/time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// So many requests for one flow; more are answered with 429.
struct FlowRate {
  std::string flow;  // its name, `package.flow`
  async::RateLimit limit;
};

// So many requests for each tenant; more are answered with 429.
struct TenantRate {
  std::string header;  // names the tenant; requests without it are one tenant
  async::RateLimit limit;
  std::size_t tenants = 10'000;  // so many are told apart; the least active of more share one limit
};

struct Scheduling {
  async::Quanta quanta = async::kInteractiveQuanta;
  async::ReadyQueueOptions queue;  // of each worker
  // When a queue sheds, by class.
  std::array<async::DelayPolicy, async::kPriorities> delay = {
      async::DelayPolicy{Duration::from_milliseconds(20), Duration::from_milliseconds(200)},
      async::DelayPolicy{Duration::from_milliseconds(50), Duration::from_milliseconds(500)},
      async::DelayPolicy{Duration::from_seconds(1), Duration::from_seconds(10)}};
  Duration longest_pause = Duration::from_milliseconds(200);  // under pressure: async::PressurePolicy
  bool steal = true;  // idle workers take requests that wait elsewhere and have not begun
  std::vector<FlowRate> flow_rates;
  std::vector<TenantRate> tenant_rates;  // none or one
};

// How long the flows of a class run at a stretch, of all workers, and what that says about its quantum.
struct ClassTimes {
  std::uint64_t runs = 0;  // that were measured
  Duration p95;            // no longer for 95 % of them; within 1/8
  Duration p99;
  Duration quantum;   // now
  Duration proposed;  // async::propose_quanta()

  friend bool operator==(const ClassTimes&, const ClassTimes&) noexcept = default;
};

// One worker's, since its start.
struct SchedulerStats {
  std::array<std::uint64_t, async::kPriorities> waiting{};   // now
  std::array<std::uint64_t, async::kPriorities> begun{};     // flows, by class
  std::array<std::uint64_t, async::kPriorities> overruns{};  // runs that took longer than their quantum
  std::uint64_t queued = 0;                                  // requests that did not begin at once
  std::uint64_t stolen = 0;                                  // that this worker took from others
  std::uint64_t shed = 0;       // refused with 503 for waiting, or because a queue was full
  std::uint64_t limited = 0;    // refused with 429 or for `in_flight` of their flow
  std::uint64_t expired = 0;    // whose deadline passed before they began
  std::uint64_t degraded = 0;   // answered by the `on overload` of their flow instead of one of these three
  std::uint64_t suspended = 0;  // flows that wait for effects, now
  std::uint64_t sagas = 0;      // that have written something
  std::uint64_t sagas_unwound = 0;
  std::uint64_t undos_failed = 0;     // those of the recovery included
  std::uint64_t sagas_recovered = 0;  // ended by the recovery
  std::uint64_t accept_pauses = 0;    // times that new connections were left in the backlog
  std::uint64_t read_pauses = 0;      // times that open connections were not read
  bool accepts = true;                // now
  bool reads = true;
  bool batch = false;  // a batch worker
};

// One flow's, of all workers, since the start.
struct FlowStats {
  std::string name;  // `package.flow`
  async::Priority priority = async::Priority::kNormal;
  std::uint64_t begun = 0;
  std::uint64_t refused = 0;   // shed, limited or expired
  std::uint64_t degraded = 0;  // answered by its `on overload`
  std::uint64_t missed = 0;    // answered after their deadline
  std::uint64_t overruns = 0;
  std::uint64_t arena_peak = 0;            // bytes, the most that one request took
  Duration longest_run;                    // without waiting, of the runs that were measured
  Duration least_slack = Duration::max();  // from an answer to the deadline; not negative
};

// A flow that has begun, or waits to.
struct LiveFlow {
  std::string flow;
  std::string step;       // the last one that it entered; empty before the first
  std::string waits_for;  // `turn`, or the effects in flight as `target.step`, or nothing: it runs
  Duration age;           // since its request was there
  std::size_t worker = 0;
};

struct LiveFlows {
  std::vector<LiveFlow> flows;
  std::vector<std::size_t> busy;  // workers that did not answer in time: they are at one thing for that long
};

}  // namespace zerver::server
