// One life of a simulated service: everything that is gone when its process is killed.
#pragma once

#include "sim_service.h"
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/effects/registry.h>
#include <zerver/effects/systems.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/saga/log.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/flow/service.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/queue_store.h>
#include <zerver/jobs/runner_group.h>
#include <zerver/testing/faults.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/testing/sim_world.h>
#include <zerver/trace/ring.h>

#include <optional>
#include <string>
#include <vector>

namespace zerver::testing {

class FaultSystem;

// What is there before and behind it.
struct SimSurroundings {
  SimLoop& loop;
  Random& random;
  Log& log;
  trace::Ring& ring;
  const effects::Registry& registry;
  const flow::Environment& variables;
  FaultSource* const& source;  // when it starts
  FaultCounts& counts;
  flow::SagaLog& sagas;
  flow::JobJournal& journal;
  jobs::QueueStore& queue;
};

class SimProcess {
 public:
  // All outlive it.
  SimProcess(const std::vector<const flow::PackageInfo*>& packages, const SimWorld::Options& options,
             const SimSurroundings& around);
  SimProcess(const SimProcess&) = delete;
  SimProcess& operator=(const SimProcess&) = delete;

  // Throws std::runtime_error, one line.
  void start();
  bool has_started() const noexcept { return started_; }
  SimService& service() noexcept { return service_; }
  const SimService& service() const noexcept { return service_; }
  const std::optional<flow::SagaRecovery>& recovery() const noexcept { return recovery_; }
  void add_violations(std::vector<std::string>& found) const;

  // It has been killed. From here on nothing runs but what is destroyed; of the operations that were on their
  // way to their systems, some have arrived. The connections are destroyed behind that, and it is.
  void die(Random& random);

 private:
  class Queue;

  effects::Registry with_faults();
  void offer_jobs(effects::Registry& registry);

  const std::vector<const flow::PackageInfo*>* packages_;
  const SimWorld::Options* options_;
  SimSurroundings around_;
  jobs::RunnerGroup job_group_;
  std::vector<jobs::JobRunner*> runners_;  // of `systems_`
  SimService service_;
  bool started_ = false;
  effects::Systems systems_;
  std::vector<FaultSystem*> fault_systems_;                       // of `systems_`
  std::vector<std::vector<std::vector<flow::Target*>>> targets_;  // by worker, by package
  std::optional<flow::SagaRecovery> recovery_;
};

}  // namespace zerver::testing
