#include "job_service.h"

#include <zerver/effects/job_journal.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/effects/queue/zone_file.h>
#include <zerver/effects/redact.h>
#include <zerver/jobs/job_store.h>

#include <algorithm>
#include <string>
#include <utility>

namespace zerver::server {

class JobService::Queue final : public effects::System {
 public:
  explicit Queue(JobService& service) noexcept : service_(service) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return service_.make_runner(worker);
  }

 private:
  JobService& service_;
};

namespace {

constexpr std::string_view kSqlite = "sqlite:";

// Between the words of two attempts of a job; zero without durable jobs, of which `any` tells.
Duration longest_wait(std::span<const flow::PackageInfo* const> packages, bool& any) {
  Duration longest;
  for (const flow::PackageInfo* const package : packages) {
    for (const flow::JobInfo& job : package->jobs) {
      if (job.run_durable == nullptr) continue;
      any = true;
      longest = std::max(longest, std::max(job.backoff_first, job.backoff_cap));
    }
  }
  return longest;
}

}  // namespace

bool is_journal_in_memory(const Settings& settings) { return settings.journal.starts_with("memory:"); }

std::string JobService::open_journal(std::span<const flow::PackageInfo* const> packages,
                                     const Settings& settings, Log& log) {
  bool any_durable = false;
  const Duration wait = longest_wait(packages, any_durable);
  if (!any_durable) return {};
  if (settings.journal_keep <= wait)
    return "--journal-keep: a job may wait for longer between two attempts, and would begin anew";
  const bool is_store_in_memory = settings.job_store.starts_with("memory:");
  if (is_journal_in_memory(settings)) {
    if (!is_store_in_memory)
      return "durable jobs in `--job-store` outlive the program, so --journal has to: sqlite:PATH or "
             "postgres://...";
    journal_ = std::make_unique<flow::MemoryJobJournal>();
    return {};
  }
  auto journal = std::make_unique<effects::StoredJobJournal>(log, settings.journal_keep);
  if (std::string error = journal->open(settings.journal); !error.empty())
    return "the journal `" + effects::without_secrets(settings.journal) +
           "` cannot be used: " + std::move(error);
  journal_ = std::move(journal);
  if (!is_store_in_memory && !settings.job_store.starts_with(kSqlite) &&
      settings.journal.starts_with(kSqlite))
    log.write(LogLevel::kWarning,
              "durable jobs: only programs that have the file of --journal may take jobs of this queue");
  return {};
}

void JobService::open(std::span<const flow::PackageInfo* const> packages, const Settings& settings,
                      const Clock& clock) {
  effects::OpenedQueue opened = effects::open_queue(settings.job_store, clock);
  error_ = std::move(opened.error);
  if (!error_.empty()) return;
  store_ = std::move(opened.store);
  jobs::RunnerOptions options;
  options.queue = settings.job_queue;
  options.journal = journal_.get();
  group_.emplace(packages, *store_, std::move(options));
  error_ = group_->load_crons(effects::read_zone_file);
}

void JobService::offer(effects::Registry& registry) {
  registry.add_default({std::string(flow::JobsAdapter::kTarget), ZERVER_VERSION, "the store of jobs"},
                       [this](const flow::TargetInfo&, const flow::TargetConfig&) {
                         if (!error_.empty()) return effects::Opened{nullptr, error_};
                         return effects::Opened{std::make_unique<Queue>(*this), {}};
                       });
}

std::unique_ptr<jobs::JobRunner> JobService::make_runner(flow::Worker& worker) {
  Bound& bound = *bound_.emplace_back(std::make_unique<Bound>(Bound{&worker, nullptr, {}}));
  auto runner = std::make_unique<jobs::JobRunner>(worker, *group_,
                                                  [&bound](std::size_t package, flow::Exchange& exchange) {
                                                    const BoundPackage& reached = bound.packages[package];
                                                    exchange.set_targets(reached.targets, reached.rates);
                                                  });
  bound.runner = runner.get();
  return runner;
}

jobs::JobRunner* JobService::bind(flow::Worker& worker, std::vector<BoundPackage> packages) {
  const auto bound =
      std::ranges::find_if(bound_, [&worker](const auto& each) { return each->worker == &worker; });
  if (bound == bound_.end()) return nullptr;
  (*bound)->packages = std::move(packages);
  return (*bound)->runner;
}

void JobService::only_forward() noexcept {
  for (const std::unique_ptr<Bound>& bound : bound_)
    bound->runner->only_forward();
}

void JobService::end(Log& log) noexcept {
  for (const std::unique_ptr<Bound>& bound : bound_)
    bound->runner->stop();
  const auto* const memory = dynamic_cast<const jobs::JobStore*>(store_.get());
  const std::size_t waiting = memory == nullptr ? 0 : memory->counts().waiting;
  if (waiting != 0)
    log.write(LogLevel::kWarning,
              std::to_string(waiting) + " jobs that still waited are lost: the queue is in memory");
}

}  // namespace zerver::server
