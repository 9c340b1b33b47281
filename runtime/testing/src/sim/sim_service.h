// The workers of a simulated service: the server's scheduler on threads of the simulation.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/core/time.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/scheduling/bound_package.h>
#include <zerver/server/scheduling/fleet.h>
#include <zerver/server/scheduling/intake.h>
#include <zerver/server/scheduling/scheduler.h>
#include <zerver/server/scheduling/served_exchange.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/testing/sim_thread.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zerver::testing {

class SimService;
class SimWorker;

// A client's connection to one worker, for one request at a time. The worker accepts it before it reads the
// first one.
class SimConnection : public server::ServedExchange::Owner, private flow::Gate {
 public:
  explicit SimConnection(SimWorker& home) noexcept;
  SimConnection(const SimConnection&) = delete;
  SimConnection& operator=(const SimConnection&) = delete;

  // Its request is set before send(), its response is there at on_answered().
  flow::Exchange& exchange() noexcept { return exchange_; }
  SimWorker& home() const noexcept { return home_; }
  // Ready for the next request.
  void reset() noexcept { exchange_.end_request(); }

  // --- From outside of the worker ---

  // The worker reads the request when it comes to it.
  void send() noexcept;
  // The client is gone, as the worker sees when it comes to it.
  void hang_up() noexcept;
  bool is_waiting() const noexcept { return phase_ != Phase::kQuiet; }
  // The process has died: what the request has become is destroyed, without an answer. Of no further use.
  void die() noexcept;

 protected:
  ~SimConnection() = default;
  // The request is answered, or its client was gone before it was read: then the status is 0. On the worker's
  // thread.
  virtual void on_answered() noexcept = 0;

 private:
  friend class SimService;
  friend class SimWorker;

  enum class Phase : std::uint8_t { kQuiet, kArriving, kStalled, kHandled };
  template <void (SimConnection::*kMember)() noexcept> struct OwnJob final : async::Job {
    explicit OwnJob(SimConnection& connection) noexcept
        : Job([](Job& job) noexcept { (static_cast<OwnJob&>(job).owner.*kMember)(); }), owner(connection) {}
    SimConnection& owner;
  };

  std::optional<flow::Handled> pass(flow::Exchange& exchange) noexcept override;
  void on_finished() noexcept override;
  void arrive() noexcept;
  void leave() noexcept;
  void handle() noexcept;
  void answer() noexcept;

  SimWorker& home_;
  server::ServedExchange exchange_;
  Phase phase_ = Phase::kQuiet;
  bool is_accepted_ = false;
  OwnJob<&SimConnection::arrive> arrival_{*this};
  OwnJob<&SimConnection::leave> departure_{*this};
};

class SimWorker final : private server::Scheduler::Host, private server::Intake::Owner {
 public:
  using Taker = server::RequestQueue::Taker;

  SimWorker(SimService& service, const flow::Seams& others, const flow::WorkerLimits& limits, Taker taker);

  SimThread& thread() noexcept { return thread_; }
  flow::Worker& worker() noexcept { return worker_; }
  server::Scheduler& scheduler() noexcept { return scheduler_; }
  const server::Scheduler& scheduler() const noexcept { return scheduler_; }
  bool is_batch() const noexcept { return scheduler_.taker() == Taker::kBatchWorker; }
  server::SchedulerStats stats() const noexcept;

 private:
  friend class SimConnection;
  friend class SimService;

  struct ReadingJob final : async::Job {
    explicit ReadingJob(SimWorker& the_worker) noexcept
        : Job([](Job& job) noexcept { static_cast<ReadingJob&>(job).worker.go_on(); }), worker(the_worker) {}
    SimWorker& worker;
  };

  void on_load() noexcept override;
  void read_time() noexcept override { thread_.read_time(); }
  void end() noexcept override {}  // a simulation ends when nothing is left to do
  TimePoint busy_since() const noexcept override { return thread_.busy_since(); }
  void on_pause_end() noexcept override { on_load(); }
  // It is accepted and read as far as the worker does that now.
  void take(SimConnection& connection) noexcept;
  void go_on() noexcept;

  SimService& service_;
  SimThread thread_;
  flow::Worker worker_;
  server::Scheduler scheduler_;
  server::Intake intake_;
  // In the order in which they came: those that are not accepted, and those that are not read.
  std::deque<SimConnection*> backlog_;
  std::deque<SimConnection*> stalled_;
  ReadingJob reading_job_{*this};
  bool reading_posted_ = false;
};

// How long a flow computes before it waits for anything.
using Computing = std::function<Duration(const flow::FlowInfo& flow, Random& random)>;

class SimService {
 public:
  // All outlive it; `seams.loop` is not used.
  SimService(SimLoop& loop, const flow::Seams& seams, std::vector<const flow::PackageInfo*> packages,
             const server::Scheduling& scheduling, Computing computing);

  // `workers`, and behind them `batch_workers`. Once.
  void add_workers(unsigned workers, unsigned batch_workers, const flow::WorkerLimits& limits);
  std::deque<SimWorker>& workers() noexcept { return workers_; }
  const std::deque<SimWorker>& workers() const noexcept { return workers_; }
  // Those that clients connect to; the others run batch work.
  std::size_t with_clients() const noexcept { return with_clients_; }
  std::size_t index_of(const flow::Worker& worker) const noexcept;
  // What that worker's flows reach, by package. Before start().
  void bind(std::size_t worker, const std::vector<std::vector<flow::Target*>>& targets,
            const std::function<std::vector<flow::Rate*>(std::size_t package)>& rates);
  // What is wrong with the settings; empty: nothing.
  std::string start();
  // What computes comes to its end; no flow begins and no client is answered any more.
  void die() noexcept;

 private:
  friend class SimConnection;
  friend class SimWorker;

  static flow::Handled handle(flow::Exchange& exchange, flow::RouteMatch& match);
  // False when the process has died meanwhile.
  bool compute(flow::Exchange& exchange) noexcept;

  SimLoop& loop_;
  flow::Seams seams_;
  std::vector<const flow::PackageInfo*> packages_;
  std::vector<flow::PackageInfo> routed_;  // the same, with handle() before theirs
  const server::Scheduling& scheduling_;
  Computing computing_;
  std::optional<server::Fleet> fleet_;
  std::size_t with_clients_ = 0;
  bool is_dead_ = false;
  std::deque<SimWorker> workers_;
};

}  // namespace zerver::testing
