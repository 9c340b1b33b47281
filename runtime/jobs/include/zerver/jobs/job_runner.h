// Runs the jobs of a store on one worker, and takes what its flows enqueue.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/worker.h>
#include <zerver/jobs/cron_runner.h>
#include <zerver/jobs/job_attempts.h>
#include <zerver/jobs/queue_store.h>
#include <zerver/jobs/runner_group.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::jobs {

// The adapter behind `enqueue` of one worker. What is enqueued here runs here, unless this worker is at its
// bound and another one is not, or another process comes first. Of the worker's thread, but for the
// constructor and destructor, which run when the loop does not.
class JobRunner final : public flow::JobsAdapter, private QueueListener {
 public:
  // What the flows of one package reach on this worker.
  using Bind = std::function<void(std::size_t package, flow::Exchange& exchange)>;

  // `bind` sets the targets of a package, by its position in the group.
  JobRunner(flow::Worker& worker, RunnerGroup& group, Bind bind);
  ~JobRunner() override;

  // Runs nothing itself: others do. Before the loop runs.
  void only_forward() noexcept;

  void put(const flow::JobRequest& request, flow::Reply<void> reply) override;
  void cancel(flow::Operation& operation) noexcept override;
  void let_go(flow::Operation& operation) noexcept override;
  bool joins(const flow::Target& target) const noexcept override;
  // Something has been put into a queue by somebody else, to be done at `due`.
  void note_put(std::string_view queue, TimePoint due) noexcept;

  // From now on `on_idle` is called whenever nothing runs here, perhaps at once. What a store keeps beyond
  // the process is left to others; of one in memory what is due before `until` is run.
  void drain(TimePoint until, std::function<void()> on_idle);
  bool idle() const noexcept;
  // Gives up what runs, and starts nothing more.
  void stop() noexcept;
  // As if the process died: what runs is destroyed, and the store is told nothing more. Of no further use.
  void discard() noexcept;
  std::size_t running() const noexcept { return running_; }

 private:
  friend class RunnerGroup;
  class Run;
  struct Lane;
  struct Sent;
  struct Waiting {
    const flow::JobRequest* request;
    flow::Operation* operation;
  };
  template <void (JobRunner::*kMember)() noexcept> struct OwnJob final : async::Job {
    explicit OwnJob(JobRunner& runner) noexcept
        : Job([](Job& job) noexcept { (static_cast<OwnJob&>(job).owner.*kMember)(); }), owner(runner) {}
    JobRunner& owner;
  };
  template <void (JobRunner::*kMember)() noexcept> struct OwnTimer final : async::Timer {
    explicit OwnTimer(JobRunner& runner) noexcept
        : Timer([](Timer& timer) noexcept { (static_cast<OwnTimer&>(timer).owner.*kMember)(); }),
          owner(runner) {}
    JobRunner& owner;
  };
  struct Extension;

  // --- Putting ---
  NewJob new_job(const flow::JobRequest& request, const KnownJob& known, std::string& unique);
  void put_in_transaction(const flow::JobRequest& request, flow::Operation& operation);
  bool try_put(const flow::JobRequest& request, flow::Operation& operation);
  bool finish_put(Sent& sent);
  void wait_for_room(const Waiting& waiting);
  void admit_waiting() noexcept;
  Lane* find_lane(std::string_view queue) noexcept;
  // --- Claiming ---
  void on_change() noexcept override;
  void pump_soon() noexcept;
  void on_pump() noexcept;
  void on_wake() noexcept;
  void wake() noexcept;  // any thread
  void pump() noexcept;
  void pump(Lane& lane) noexcept;
  void claimed(Lane& lane) noexcept;
  std::size_t room() const noexcept { return most_ - running_ - reserved_; }
  void wait_for_due() noexcept;
  // --- Running ---
  void begin(Lane& lane, ClaimedJob&& job) noexcept;
  void give_back(Lane& lane, Duration delay) noexcept;
  // Why the journal of durable jobs cannot be used; empty when it can.
  void note_journal(std::string_view why) noexcept;
  Run& take_run();
  void put_back(Run& run) noexcept;
  void extend_at(TimePoint when) noexcept;
  void extend() noexcept;
  void extended() noexcept;

  flow::Worker& worker_;
  RunnerGroup& group_;
  Bind bind_;
  const std::unique_ptr<JobAttempts[]> counts_;  // by KnownJob::position
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> free_;
  std::size_t running_ = 0;
  std::size_t flows_ = 0;     // of those, whose flow is not over
  std::size_t reserved_ = 0;  // places for what is being claimed
  std::size_t most_;          // that run at the same time
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::size_t first_lane_ = 0;                    // that has the first choice
  std::set<std::string, std::less<>> strangers_;  // that were told about
  std::vector<std::unique_ptr<Sent>> sent_;
  std::deque<Waiting> waiting_;
  std::function<void()> on_idle_;
  TimePoint drain_until_;
  bool draining_ = false;
  bool stopped_ = false;
  bool is_failing_ = false;  // the store, as far as is known
  bool is_journal_failing_ = false;
  bool pump_is_coming_ = false;
  std::atomic<bool> wake_is_coming_ = false;
  std::atomic<bool> has_room_ = true;
  std::atomic<bool> has_waiting_ = false;
  OwnTimer<&JobRunner::pump> due_timer_{*this};
  OwnTimer<&JobRunner::extend> extend_timer_{*this};
  OwnJob<&JobRunner::on_pump> pump_job_{*this};
  OwnJob<&JobRunner::on_wake> wake_job_{*this};
  std::unique_ptr<Extension> extension_;
  std::unique_ptr<CronRunner> crons_;      // of one worker; else null
  std::unique_ptr<QueueSession> session_;  // goes first: it knows calls of the others
};

}  // namespace zerver::jobs
