// A moment of a running service.
#pragma once

#include <zerver/effects/systems.h>
#include <zerver/flow/call/shared_target.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/server.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace zerver::server {

// Taken while everything goes on: each number is of its own moment, all within about a millisecond.
struct Snapshot {
  std::size_t connections = 0;  // open
  std::vector<SchedulerStats> workers;
  std::vector<FlowStats> flows;
  std::vector<flow::TargetStats> targets;
  std::vector<effects::TargetState> states = {};  // of the targets, in their order
  std::size_t sagas_open = 0;                     // that their flows could not end
  std::size_t sagas_stuck = 0;                    // those of them that wait for people
};

// Any thread. The systems have been bound to the server's workers. `sagas` is what SagaRecovery::open() says.
Snapshot snapshot_of(const Server& server, const effects::Systems& systems,
                     std::span<const flow::OpenSaga> sagas = {});

// For people: aligned columns; flows and targets that have done nothing are left out, sagas when there have
// been none.
std::string to_text(const Snapshot& snapshot);
// One line with one JSON object: `connections`, `sagas`, `workers`, `flows`, `targets`.
std::string to_json(const Snapshot& snapshot);

}  // namespace zerver::server
