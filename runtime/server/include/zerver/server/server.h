// Serves packages over HTTP/1.1 with a thread for each worker.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/flow/worker.h>
#include <zerver/server/answer_stats.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/scheduling/bound_package.h>
#include <zerver/server/settings.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace zerver::execution {
class Watchdog;
}
namespace zerver::jobs {
class JobRunner;
}

namespace zerver::server {

class Fleet;
class SystemBatchThreads;
class WorkerThread;

// In this order: the constructor, bind() for each worker, open(), start(), drain(), join(). Everything but
// drain() is for one thread. `clock`, `log` and what is bound outlive it.
class Server {
 public:
  Server(const Settings& settings, const Clock& clock, Log& log);
  // Drains and joins when that has not been done.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Settings::workers, and behind them Settings::batch_workers, which take no connections.
  std::size_t worker_count() const noexcept { return workers_.size(); }
  flow::Worker& worker(std::size_t index) noexcept;
  // What that worker serves: the same packages for all. A request goes to the first package with a flow for
  // it.
  void bind(std::size_t index, std::vector<BoundPackage> packages);
  // Who runs jobs on that worker, if there are any: draining waits for them, too. Lives until join() has
  // returned.
  void run_jobs(std::size_t index, jobs::JobRunner& runner);

  // Listens on every address of the settings. Returns what went wrong, with the address, or nothing.
  [[nodiscard]] std::string open();
  // `127.0.0.1:8080`: with the port that was taken where 0 was asked for.
  const std::vector<std::string>& addresses() const noexcept { return addresses_; }

  // From now on requests are answered.
  void start();
  // Nothing new is accepted, what has been begun is finished, for Timeouts::drain at most. Any thread, any
  // number of times.
  void drain() noexcept;
  // Returns when all workers are done.
  void join();

  // --- For whoever looks on: any thread, without stopping a worker ---

  std::size_t open_connections() const noexcept { return open_connections_.load(std::memory_order_relaxed); }
  // By worker.
  std::vector<SchedulerStats> scheduler_stats() const;
  std::vector<FlowStats> flow_stats() const;
  // How requests were answered; empty without Settings::metrics.
  AnswersStats answer_stats() const;
  // Whatever runs or waits, and for what; each worker is asked in turn, between two things that it does. Not
  // on a worker's thread.
  std::vector<LiveFlow> live_flows();
  // The same from the workers that answer in time.
  LiveFlows live_flows_within(Duration patience);
  // How long flows run, by class, and what the quanta should be: from the workers that answer in time. Not on
  // a worker's thread.
  std::array<ClassTimes, async::kPriorities> class_times(Duration patience = Duration::max());
  async::Quanta proposed_quanta();

 private:
  const Settings settings_;
  std::atomic<std::size_t> open_connections_ = 0;
  std::unique_ptr<execution::Watchdog> watchdog_;      // null: nobody looks
  std::unique_ptr<SystemBatchThreads> batch_threads_;  // null: there are none
  std::unique_ptr<Fleet> fleet_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::vector<std::string> addresses_;
  std::vector<std::thread> threads_;
};

}  // namespace zerver::server
