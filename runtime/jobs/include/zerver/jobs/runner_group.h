// What the runners of one process share: the store, the jobs that the program knows, their bounds.
#pragma once

#include <zerver/core/time.h>
#include <zerver/flow/call/budget.h>
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/service.h>
#include <zerver/jobs/cron_times.h>
#include <zerver/jobs/job_attempts.h>
#include <zerver/jobs/queue_store.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::jobs {

class JobRunner;

struct RunnerOptions {
  // In the store. Programs that share it and are not the same have a queue each.
  std::string queue = "jobs";
  unsigned running = 32;  // jobs at the same time, of one worker
  // Who has claimed a job and has not been heard of for so long has lost it; at most the job's own `lease`
  // and kSlack. Claims are extended while a job runs.
  Duration lease = Duration::from_seconds(30);
  static constexpr Duration kSlack = Duration::from_seconds(1);
  // What durable jobs have done; lives longer. Null: it is kept in memory.
  flow::JobJournal* journal = nullptr;
};

// A job, or the flow of a cron, of one of the packages.
struct KnownJob {
  const flow::JobInfo* info = nullptr;
  const flow::FlowInfo* flow = nullptr;
  std::size_t package = 0;   // position in RunnerGroup::packages()
  std::size_t position = 0;  // among the jobs of the group
  std::string queue;  // those with an `in_flight` have one of their own, so that they do not hold up others
  std::unique_ptr<flow::InFlight> in_flight;        // null: unbounded
  std::unique_ptr<flow::RetryBudget> retry_budget;  // null: unbounded
  bool is_cron = false;
};

struct KnownCron {
  const flow::CronInfo* info = nullptr;
  const KnownJob* job = nullptr;
  CronTimes times;
};

// The file of a time zone in the database of the system; null when there is none.
using ReadZone = std::function<std::optional<std::string>(std::string_view name)>;

// Any thread. The packages and the store live longer.
class RunnerGroup {
 public:
  RunnerGroup(std::span<const flow::PackageInfo* const> packages, QueueStore& store,
              RunnerOptions options = {});
  // The crons of the packages, before any runner is made. Empty, or what is wrong.
  [[nodiscard]] std::string load_crons(const ReadZone& read_zone);
  RunnerGroup(const RunnerGroup&) = delete;
  RunnerGroup& operator=(const RunnerGroup&) = delete;

  QueueStore& store() const noexcept { return *store_; }
  const RunnerOptions& options() const noexcept { return options_; }
  flow::JobJournal& journal() const noexcept { return *journal_; }
  std::span<const flow::PackageInfo* const> packages() const noexcept { return packages_; }
  // Null when no package has a job of that name.
  const KnownJob* find(std::string_view name) const noexcept {
    const auto known = known_.find(name);
    return known == known_.end() ? nullptr : &known->second;
  }
  const std::map<std::string_view, KnownJob, std::less<>>& known() const noexcept { return known_; }
  std::span<const KnownCron> crons() const noexcept { return crons_; }
  // When the cron comes again after that time; null: never, or the job is no cron's.
  std::optional<Timestamp> next_time(const KnownJob& job, Timestamp after) const;
  // What has become of each job so far, by name.
  std::vector<JobStats> stats() const;

 private:
  friend class JobRunner;

  void add(const flow::JobInfo& info, std::size_t package, bool is_cron);
  bool join(JobRunner& runner);  // true for the first one
  void leave(JobRunner& runner);
  // Somebody with room, other than `busy`.
  void wake_idle(const JobRunner& busy) noexcept;
  // All that wait for room: in the store, or in a job's `in_flight`.
  void wake_waiting() noexcept;
  // Whoever fires crons: the first one that joined.
  void wake_crons() noexcept;

  std::vector<const flow::PackageInfo*> packages_;
  QueueStore* store_;
  RunnerOptions options_;
  std::unique_ptr<flow::JobJournal> own_journal_;
  flow::JobJournal* journal_;
  std::map<std::string_view, KnownJob, std::less<>> known_;
  std::vector<KnownCron> crons_;
  mutable std::mutex mutex_;
  std::vector<JobRunner*> runners_;  // guarded by mutex_
};

}  // namespace zerver::jobs
