// Puts the crons of a program into its queue when their times come.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/time.h>
#include <zerver/flow/worker.h>
#include <zerver/jobs/job_attempts.h>
#include <zerver/jobs/queue_store.h>
#include <zerver/jobs/runner_group.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace zerver::jobs {

// Of one worker of each process: the store sees to it that a time is fired by one of them only. Goes by the
// worker's clock. Of the worker's thread, but for the constructor and destructor, which run when the loop
// does not.
class CronRunner {
 public:
  // Called for each that has been put.
  using OnPut = std::function<void(std::string_view queue)>;

  // All outlive it; calls go through `session`. `counts` are the worker's, by KnownJob::position.
  CronRunner(flow::Worker& worker, const RunnerGroup& group, QueueSession& session, JobAttempts* counts,
             OnPut on_put);
  ~CronRunner();
  CronRunner(const CronRunner&) = delete;
  CronRunner& operator=(const CronRunner&) = delete;

  // Looks what is to be done: at the start, and when the run of some cron is over.
  void look() noexcept;
  // From now on nothing is fired.
  void stop() noexcept;

 private:
  struct Entry;
  struct Wake final : async::Timer {
    explicit Wake(CronRunner& runner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Wake&>(timer).owner.tick(); }), owner(runner) {}
    CronRunner& owner;
  };

  void begin(Entry& entry) noexcept;
  void tick() noexcept;
  void fire(Entry& entry) noexcept;
  void fired(Entry& entry) noexcept;
  void wait() noexcept;

  flow::Worker& worker_;
  QueueSession& session_;
  JobAttempts* counts_;
  OnPut on_put_;
  std::vector<std::unique_ptr<Entry>> entries_;
  bool stopped_ = false;
  bool is_failing_ = false;  // the store, as far as is known
  Wake wake_{*this};
};

}  // namespace zerver::jobs
