#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/runner_group.h>

#include <algorithm>
#include <utility>

namespace zerver::jobs {

RunnerGroup::RunnerGroup(std::span<const flow::PackageInfo* const> packages, QueueStore& store,
                         RunnerOptions options)
    : packages_(packages.begin(), packages.end()), store_(&store), options_(std::move(options)) {
  if (options_.journal == nullptr) own_journal_ = std::make_unique<flow::MemoryJobJournal>();
  journal_ = own_journal_ != nullptr ? own_journal_.get() : options_.journal;
  for (std::size_t i = 0; i < packages_.size(); ++i) {
    for (const flow::JobInfo& job : packages_[i]->jobs)
      add(job, i, false);
    for (const flow::CronInfo& cron : packages_[i]->crons)
      add(cron.job, i, true);
  }
}

void RunnerGroup::add(const flow::JobInfo& info, std::size_t package, bool is_cron) {
  KnownJob job;
  job.info = &info;
  job.flow = &packages_[package]->flows[info.flow];
  job.package = package;
  job.position = known_.size();
  job.is_cron = is_cron;
  job.queue = options_.queue;
  if (job.flow->in_flight != 0) {
    job.queue.append("/").append(info.name);
    job.in_flight = std::make_unique<flow::InFlight>(job.flow->in_flight);
  }
  if (job.flow->retry_budget_percent != 0)
    job.retry_budget = std::make_unique<flow::RetryBudget>(job.flow->retry_budget_percent);
  known_.emplace(info.name, std::move(job));
}

std::string RunnerGroup::load_crons(const ReadZone& read_zone) {
  for (const flow::PackageInfo* const package : packages_) {
    for (const flow::CronInfo& cron : package->crons) {
      TimeZone zone;
      if (!cron.zone.empty() && cron.zone != "UTC") {
        const std::optional<std::string> file = is_zone_name(cron.zone) ? read_zone(cron.zone) : std::nullopt;
        std::optional<TimeZone> known = file ? TimeZone::parse(*file) : std::nullopt;
        if (!known)
          return "cron `" + std::string(cron.job.name) + "`: this system knows no time zone `" +
                 std::string(cron.zone) + "`";
        zone = *std::move(known);
      }
      crons_.push_back({&cron, find(cron.job.name), CronTimes(cron.schedule, std::move(zone))});
    }
  }
  return {};
}

std::optional<Timestamp> RunnerGroup::next_time(const KnownJob& job, Timestamp after) const {
  const auto cron = std::ranges::find(crons_, &job, &KnownCron::job);
  return cron == crons_.end() ? std::nullopt : cron->times.next(after);
}

std::vector<JobStats> RunnerGroup::stats() const {
  std::vector<JobStats> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, job] : known_) {
    JobStats& stats = all.emplace_back();
    stats.name = name;
    stats.is_cron = job.is_cron;
    stats.is_durable = job.info->run_durable != nullptr;
    for (const JobRunner* const runner : runners_)
      stats.add(runner->counts_[job.position]);
  }
  return all;
}

bool RunnerGroup::join(JobRunner& runner) {
  const std::lock_guard lock(mutex_);
  runners_.push_back(&runner);
  return runners_.size() == 1;
}

void RunnerGroup::leave(JobRunner& runner) {
  const std::lock_guard lock(mutex_);
  std::erase(runners_, &runner);
}

void RunnerGroup::wake_idle(const JobRunner& busy) noexcept {
  const std::lock_guard lock(mutex_);
  const auto idle = std::ranges::find_if(runners_, [&busy](const JobRunner* runner) {
    return runner != &busy && runner->has_room_.load(std::memory_order_relaxed);
  });
  if (idle != runners_.end()) (*idle)->wake();
}

void RunnerGroup::wake_waiting() noexcept {
  const std::lock_guard lock(mutex_);
  for (JobRunner* const runner : runners_) {
    if (runner->has_waiting_.load(std::memory_order_relaxed)) runner->wake();
  }
}

void RunnerGroup::wake_crons() noexcept {
  const std::lock_guard lock(mutex_);
  if (!runners_.empty()) runners_.front()->wake();
}

}  // namespace zerver::jobs
