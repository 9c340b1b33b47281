// Runs the jobs of a store on one worker, and takes what its flows enqueue.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/jobs/job_store.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace zerver::jobs {

class JobRunner;

// The runners of one store, one a worker: who has too much to do wakes another one. Any thread.
class RunnerGroup {
 public:
  explicit RunnerGroup(JobStore& store) noexcept : store_(&store) {}

  JobStore& store() const noexcept { return *store_; }

 private:
  friend class JobRunner;

  void join(JobRunner& runner);
  void leave(JobRunner& runner);
  // Somebody with room, other than `busy`.
  void wake_idle(const JobRunner& busy) noexcept;
  // All with flows that wait for room in the store.
  void wake_waiting() noexcept;

  JobStore* store_;
  std::mutex mutex_;
  std::vector<JobRunner*> runners_;
};

// The adapter behind `enqueue` of one worker. What is enqueued here runs here, unless this worker is at its
// bound and another one is not. Of the worker's thread, but for the constructor and destructor, which run
// when the loop does not.
class JobRunner final : public flow::JobsAdapter {
 public:
  // What the flows of one package reach on this worker.
  using Bind = std::function<void(std::size_t package, flow::Exchange& exchange)>;

  // `bind` sets the targets of a package of the store, by position.
  JobRunner(flow::Worker& worker, RunnerGroup& group, Bind bind);
  ~JobRunner() override;

  // Runs nothing itself: others do.
  void only_forward() noexcept;

  void put(const flow::JobRequest& request, flow::Reply<void> reply) override;
  void cancel(flow::Operation& operation) noexcept override;

  // From now on `on_idle` is called whenever nothing runs here and nothing is due before `until`, perhaps at
  // once. What is due later stays.
  void drain(TimePoint until, std::function<void()> on_idle);
  bool idle() const noexcept;
  // Gives up what runs, and starts nothing more.
  void stop() noexcept;
  std::size_t running() const noexcept { return running_; }

 private:
  friend class RunnerGroup;
  class Run;
  struct Waiting {
    const flow::JobRequest* request;
    flow::Operation* operation;
  };
  template <void (JobRunner::*kMember)() noexcept> struct OwnJob final : async::Job {
    explicit OwnJob(JobRunner& runner) noexcept
        : Job([](Job& job) noexcept { (static_cast<OwnJob&>(job).owner.*kMember)(); }), owner(runner) {}
    JobRunner& owner;
  };
  struct DueTimer final : async::Timer {
    explicit DueTimer(JobRunner& runner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<DueTimer&>(timer).owner.pump(); }), owner(runner) {}
    JobRunner& owner;
  };

  bool try_put(const flow::JobRequest& request, flow::Reply<void> reply);
  void admit_waiting() noexcept;
  void pump_soon() noexcept;
  void on_pump() noexcept;
  void on_wake() noexcept;
  void pump() noexcept;
  void begin(std::unique_ptr<QueuedJob> job);
  void finished(Run& run) noexcept;
  void wake() noexcept;  // any thread

  flow::Worker& worker_;
  RunnerGroup& group_;
  Bind bind_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> free_;
  std::size_t running_ = 0;
  std::size_t most_;  // that run at the same time
  std::deque<Waiting> waiting_;
  std::function<void()> on_idle_;
  TimePoint drain_until_;
  bool stopped_ = false;
  bool pump_is_coming_ = false;
  std::atomic<bool> wake_is_coming_ = false;
  std::atomic<bool> has_room_ = true;
  std::atomic<bool> has_waiting_ = false;
  DueTimer timer_{*this};
  OwnJob<&JobRunner::on_pump> pump_job_{*this};
  OwnJob<&JobRunner::on_wake> wake_job_{*this};
};

}  // namespace zerver::jobs
