// The jobs of a service: where they wait, and who runs them on each worker.
#pragma once

#include <zerver/core/log.h>
#include <zerver/effects/registry.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/server/server.h>

#include <memory>
#include <span>
#include <vector>

namespace zerver::server {

// In this order: offer(), then Systems::open() and, for each worker, Systems::bind() and bind(), before any
// of them runs; end() when none runs any more. Outlives the systems.
class JobService {
 public:
  explicit JobService(std::span<const flow::PackageInfo* const> packages)
      : store_(packages), group_(store_) {}
  JobService(const JobService&) = delete;
  JobService& operator=(const JobService&) = delete;

  // As the system behind `enqueue`.
  void offer(effects::Registry& registry);
  // What the jobs reach on that worker. Null when no flow of the program enqueues anything; else it lives as
  // long as the systems.
  jobs::JobRunner* bind(flow::Worker& worker, std::vector<BoundPackage> packages);
  // Says what is lost.
  void end(Log& log) noexcept;

 private:
  class Queue;
  struct Bound {
    flow::Worker* worker;
    jobs::JobRunner* runner;
    std::vector<BoundPackage> packages;
  };

  std::unique_ptr<jobs::JobRunner> make_runner(flow::Worker& worker);

  jobs::JobStore store_;
  jobs::RunnerGroup group_;
  std::vector<std::unique_ptr<Bound>> bound_;  // one a worker
};

}  // namespace zerver::server
