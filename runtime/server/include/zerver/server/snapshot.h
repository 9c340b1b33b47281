// A moment of a running service.
#pragma once

#include <zerver/effects/systems.h>
#include <zerver/flow/call/shared_target.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/jobs/job_attempts.h>
#include <zerver/server/answer_stats.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/server.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// Taken while everything goes on: each number is of its own moment, all within about a millisecond.
struct Snapshot {
  static constexpr std::size_t kMostLive = 100;

  std::size_t connections = 0;  // open
  std::vector<SchedulerStats> workers;
  std::array<ClassTimes, async::kPriorities> classes{};  // of the workers that were not busy
  std::vector<FlowStats> flows;
  std::vector<flow::TargetStats> targets;
  std::vector<effects::TargetState> states = {};  // of the targets, in their order
  std::vector<LiveFlow> live;             // flows that run or wait, the oldest first: kMostLive of them
  std::size_t live_count = 0;             // how many there are
  std::vector<std::size_t> busy_workers;  // whose flows are not known: they were busy with one of them
  AnswersStats answers;                   // empty without Settings::metrics, as is what follows
  std::vector<effects::OperationStats> operations;
  std::vector<jobs::JobStats> jobs;
  std::optional<flow::JournalStats> journal = {};  // of durable jobs; none: there are no such jobs
  std::size_t sagas_open = 0;                      // that their flows could not end
  std::size_t sagas_stuck = 0;                     // those of them that wait for people
};

// `closed`, `open` or `half-open`.
std::string_view name_of(flow::Breaker::State state) noexcept;

// What can be told without asking a worker: all but `classes`, `live` and `busy_workers`, and `jobs`, which
// the server does not know. Any thread.
Snapshot figures_of(const Server& server, const effects::Systems& systems,
                    std::span<const flow::OpenSaga> sagas = {});

// Any thread but a worker's: they have `patience` to say what they are at. The systems have been bound to the
// server's workers. `sagas` is what SagaRecovery::open() says.
Snapshot snapshot_of(Server& server, const effects::Systems& systems,
                     std::span<const flow::OpenSaga> sagas = {},
                     Duration patience = Duration::from_milliseconds(100));

// For people: aligned columns; flows and targets that have done nothing are left out, sagas when there have
// been none, and live flows when there are none.
std::string to_text(const Snapshot& snapshot);
// One line with one JSON object: `connections`, `sagas`, `workers`, `classes`, `flows`, `targets`, `crons`,
// `durable_jobs` and `journal` where there are any, `live`, `live_count`, `busy_workers`.
std::string to_json(const Snapshot& snapshot);

}  // namespace zerver::server
