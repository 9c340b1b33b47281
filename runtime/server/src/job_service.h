// The jobs of a service: where they wait, and who runs them on each worker.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/effects/registry.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/queue_store.h>
#include <zerver/server/server.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace zerver::server {

// Whether the journal of durable jobs is in memory, and gone with the program.
bool is_journal_in_memory(const Settings& settings);

// In this order: open_journal(), open(), offer(), then Systems::open() and, for each worker, Systems::bind()
// and bind(), before any of them runs; end() when none runs any more. Outlives the systems and the loops.
class JobService {
 public:
  JobService() = default;
  JobService(const JobService&) = delete;
  JobService& operator=(const JobService&) = delete;

  // Opens the journal when one of the packages has a durable job. Empty, or why the service must
  // not start: what the store of jobs keeps must not outlive what is known of it.
  [[nodiscard]] std::string open_journal(std::span<const flow::PackageInfo* const> packages,
                                         const Settings& settings, Log& log);
  // Opens the store; what is wrong with it is said when the system is opened.
  void open(std::span<const flow::PackageInfo* const> packages, const Settings& settings, const Clock& clock);
  // As the system behind `enqueue`.
  void offer(effects::Registry& registry);
  // What the jobs reach on that worker. Null when the program has none; else it lives as long as the systems.
  jobs::JobRunner* bind(flow::Worker& worker, std::vector<BoundPackage> packages);
  // Nothing runs here.
  void only_forward() noexcept;
  // What has become of each job and cron so far. Once it is bound, by any thread.
  std::vector<jobs::JobStats> stats() const {
    return group_ ? group_->stats() : std::vector<jobs::JobStats>();
  }
  // Of the journal of durable jobs; null: there are none. As stats().
  std::optional<flow::JournalStats> journal_stats() const {
    return journal_ == nullptr ? std::nullopt : std::optional(journal_->stats());
  }
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

  std::unique_ptr<flow::JobJournal> journal_;  // null: no job is durable
  std::unique_ptr<jobs::QueueStore> store_;
  std::string error_;  // why there is none
  std::optional<jobs::RunnerGroup> group_;
  std::vector<std::unique_ptr<Bound>> bound_;  // one a worker
};

}  // namespace zerver::server
