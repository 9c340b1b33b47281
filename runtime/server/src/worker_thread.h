// One worker: a loop with its own listening sockets, connections, timers and memory.
#pragma once

#include "connection.h"
#include "connection_host.h"
#include "metrics/answer_metrics.h"
#include "request_context.h"
#include <zerver/async/loop.h>
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/execution/watchdog.h>
#include <zerver/flow/worker.h>
#include <zerver/http/date.h>
#include <zerver/io/asio_loop.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/server/scheduling/fleet.h>
#include <zerver/server/scheduling/intake.h>
#include <zerver/server/scheduling/scheduler.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace zerver::server {

class SystemBatchThreads;

// run() is for the thread of the worker; drain(), live_flows() and the constructor are for any.
class WorkerThread final : public ConnectionHost, private Scheduler::Host, private Intake::Owner {
 public:
  // `open_connections` counts those of all workers. `batch_threads` is what schedules a batch worker, which
  // never has any connections; null for all others.
  WorkerThread(const Settings& settings, const Clock& clock, Log& log,
               std::atomic<std::size_t>& open_connections, Fleet& fleet, SystemBatchThreads* batch_threads);
  ~WorkerThread() override;

  flow::Worker& worker() noexcept { return worker_; }
  bool is_batch() const noexcept { return scheduler_.taker() == RequestQueue::Taker::kBatchWorker; }
  void bind(std::vector<BoundPackage> packages);
  // Who runs jobs here; draining waits for them, too. May be null.
  void set_jobs(jobs::JobRunner* jobs) noexcept { jobs_ = jobs; }
  // Before run(). Outlives this.
  void set_heartbeat(execution::Heartbeat& heartbeat) noexcept { loop_.set_heartbeat(heartbeat); }
  // Takes the listening socket over.
  void listen(int socket, bool v6);

  // Serves until drain() has been called and everything under way is done, on all workers.
  void run();
  // Accepts nothing more, and finishes what has been begun, for Timeouts::drain at most.
  void drain() noexcept;
  // What runs or waits here, as it is when the worker comes to it; nothing when it does not run.
  std::future<std::vector<LiveFlow>> live_flows();
  std::future<std::array<async::RunTimes, async::kPriorities>> run_times();
  Scheduler& scheduler() noexcept override { return scheduler_; }
  // Any thread.
  SchedulerStats stats() const noexcept;
  // Adds its own, if answers are counted. Any thread.
  void add_to(AnswersStats& stats) const;

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, io::AsioLoop::Executor>;

  // Embedded jobs and timers that call a member function.
  template <void (WorkerThread::*kMember)()> struct OwnJob final : async::Job {
    explicit OwnJob(WorkerThread& worker_thread) noexcept
        : Job([](Job& job) noexcept { (static_cast<OwnJob&>(job).owner.*kMember)(); }),
          owner(worker_thread) {}
    WorkerThread& owner;
  };
  template <void (WorkerThread::*kMember)()> struct OwnTimer final : async::Timer {
    explicit OwnTimer(WorkerThread& worker_thread) noexcept
        : Timer([](Timer& timer) noexcept { (static_cast<OwnTimer&>(timer).owner.*kMember)(); }),
          owner(worker_thread) {}
    WorkerThread& owner;
  };
  struct Listener {
    explicit Listener(boost::asio::io_context& context) : acceptor(context) {}
    Acceptor acceptor;
    io::HandlerMemory memory;
    bool waiting = false;  // for descriptors or memory to become free, or for the pressure to ease
  };

  ContextPool& contexts() noexcept override { return contexts_; }
  void on_closed(Connection& connection) noexcept override;
  void stall(Connection& connection) noexcept override;
  void leave_stalled(Connection& connection) noexcept override;
  void on_load() noexcept override;
  void read_time() noexcept override;
  void end() noexcept override { loop_.stop(); }
  TimePoint busy_since() const noexcept override { return heartbeat_.since(); }
  void on_pause_end() noexcept override;

  void accept(Listener& listener);
  void on_accept(Listener& listener, const boost::system::error_code& error, Connection::Socket socket);
  void refuse(Connection::Socket& socket);
  void serve(Connection::Socket&& socket);
  void on_tick();
  template <class Visit> void for_each_connection(Visit visit);
  void on_retry_accept();
  void measure_memory() noexcept;
  void go_on_reading();
  void begin_drain();
  void end_drain();
  void drained_if_empty();
  template <class Ask> auto ask(Ask question) -> std::future<decltype(question())>;
  std::vector<LiveFlow> list_flows() const;
  void update_common_fields();

  const Clock& clock_;
  Log& log_;
  std::atomic<std::size_t>& open_connections_;
  io::AsioLoop loop_;
  SystemRandom random_;
  flow::Worker worker_;
  Fleet& fleet_;
  SystemBatchThreads* const batch_threads_;
  execution::Heartbeat heartbeat_{"batch worker"};
  Scheduler scheduler_;
  std::unique_ptr<AnswerMetrics> answer_metrics_;  // null: answers are not counted
  ContextPool contexts_;
  std::vector<std::unique_ptr<Listener>> listeners_;

  std::vector<std::unique_ptr<Connection>> connections_;  // all there are, open or not
  std::vector<Connection*> free_;
  Connection* open_ = nullptr;  // ring of those that are open
  std::size_t open_count_ = 0;
  Connection* first_stalled_ = nullptr;
  Connection* last_stalled_ = nullptr;
  Intake intake_;
  std::size_t memory_ = 0;  // that the program has allocated, at the last look; 0 when it has no limit
  bool drained_ = false;
  jobs::JobRunner* jobs_ = nullptr;
  std::atomic<bool> drain_posted_ = false;
  std::mutex running_mutex_;
  bool running_ = false;  // guarded by running_mutex_

  Duration tick_;
  std::int64_t date_second_ = -1;
  http::DateLine date_;
  std::string common_text_;
  std::string refusal_;  // for connections above the limit

  OwnTimer<&WorkerThread::on_tick> tick_timer_{*this};
  OwnTimer<&WorkerThread::on_retry_accept> retry_timer_{*this};
  OwnTimer<&WorkerThread::end_drain> drain_timer_{*this};
  OwnJob<&WorkerThread::begin_drain> drain_job_{*this};
  OwnJob<&WorkerThread::go_on_reading> reading_job_{*this};
  bool reading_posted_ = false;
};

}  // namespace zerver::server
