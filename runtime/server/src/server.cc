// Serves packages over HTTP/1.1 with a thread for each worker.
#include "batch_threads.h"
#include "listening_socket.h"
#include "settings/setting_values.h"
#include "worker_thread.h"
#include <zerver/execution/watchdog.h>
#include <zerver/server/scheduling/fleet.h>
#include <zerver/server/server.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <optional>
#include <utility>

namespace zerver::server {

Server::Server(const Settings& settings, const Clock& clock, Log& log)
    : settings_(settings),
      fleet_(std::make_unique<Fleet>(settings_.scheduling, settings_.batch_workers, clock.now())) {
  const auto add = [&](unsigned count, SystemBatchThreads* batch_threads) {
    for (unsigned i = 0; i < count; ++i) {
      workers_.push_back(
          std::make_unique<WorkerThread>(settings_, clock, log, open_connections_, *fleet_, batch_threads));
    }
  };
  add(settings_.workers, nullptr);
  if (settings_.batch_workers != 0) {
    batch_threads_ = std::make_unique<SystemBatchThreads>(SystemBatchThreads::can_raise());
    fleet_->set_batch_threads(batch_threads_.get());
    add(settings_.batch_workers, batch_threads_.get());
  }
  if (settings_.watchdog == Duration::max()) return;
  watchdog_ = std::make_unique<execution::Watchdog>(clock, log, settings_.watchdog);
  for (std::size_t i = 0; i < settings_.workers; ++i)
    workers_[i]->set_heartbeat(watchdog_->watch("worker " + std::to_string(i)));
}

Server::~Server() {
  drain();
  join();
}

flow::Worker& Server::worker(std::size_t index) noexcept { return workers_[index]->worker(); }

void Server::bind(std::size_t index, std::vector<BoundPackage> packages) {
  if (!fleet_->limits().prepared()) fleet_->limits().prepare(packages);
  workers_[index]->bind(std::move(packages));
}

void Server::run_jobs(std::size_t index, jobs::JobRunner& runner) {
  // A batch worker ends with the others: it has no time of its own to drain.
  if (workers_[index]->is_batch()) return runner.only_forward();
  workers_[index]->set_jobs(&runner);
}

std::string Server::open() {
  if (std::string error = fleet_->limits().error(); !error.empty()) return error;
  for (const std::string& text : settings_.listen) {
    const std::optional<ListenAddress> address = parse_listen_address(text);
    if (!address) return "cannot listen on " + text + ": it is not HOST:PORT";
    ListeningSockets listening = listen_on(*address, settings_.workers);
    if (!listening.error.empty()) return "cannot listen on " + text + ": " + listening.error;
    for (std::size_t i = 0; i < settings_.workers; ++i) {
      workers_[i]->listen(listening.sockets[i].release(), listening.v6);
    }
    addresses_.push_back(std::move(listening.address));
  }
  return {};
}

void Server::start() {
  if (watchdog_ != nullptr) watchdog_->start();
  for (const std::unique_ptr<WorkerThread>& worker : workers_) {
    const bool has_clients = !worker->is_batch();
    if (has_clients) fleet_->note_started();
    try {
      threads_.emplace_back([&worker = *worker] { worker.run(); });
    } catch (...) {
      if (has_clients) fleet_->note_not_started();
      throw;
    }
  }
}

void Server::drain() noexcept {
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    worker->drain();
}

void Server::join() {
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

std::vector<SchedulerStats> Server::scheduler_stats() const {
  std::vector<SchedulerStats> stats;
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    stats.push_back(worker->stats());
  return stats;
}

std::vector<FlowStats> Server::flow_stats() const {
  std::vector<FlowStats> stats;
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    worker->scheduler().add_to(stats);
  return stats;
}

AnswersStats Server::answer_stats() const {
  AnswersStats stats;
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    worker->add_to(stats);
  return stats;
}

namespace {

// Nothing: for as long as it takes.
using Until = std::optional<std::chrono::steady_clock::time_point>;

Until until(Duration patience) {
  if (patience == Duration::max()) return std::nullopt;
  return std::chrono::steady_clock::now() + std::chrono::nanoseconds(patience.nanoseconds);
}

}  // namespace

std::vector<LiveFlow> Server::live_flows() { return live_flows_within(Duration::max()).flows; }

LiveFlows Server::live_flows_within(Duration patience) {
  std::vector<std::future<std::vector<LiveFlow>>> answers;
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    answers.push_back(worker->live_flows());
  LiveFlows result;
  const Until end = until(patience);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (end && answers[i].wait_until(*end) != std::future_status::ready) {
      result.busy.push_back(i);
    } else {
      std::ranges::move(answers[i].get(), std::back_inserter(result.flows));
    }
  }
  return result;
}

std::array<ClassTimes, async::kPriorities> Server::class_times(Duration patience) {
  std::vector<std::future<std::array<async::RunTimes, async::kPriorities>>> answers;
  for (const std::unique_ptr<WorkerThread>& worker : workers_)
    answers.push_back(worker->run_times());
  const Until end = until(patience);
  std::array<async::RunTimes, async::kPriorities> times;
  for (auto& answer : answers) {
    if (end && answer.wait_until(*end) != std::future_status::ready) continue;
    const std::array<async::RunTimes, async::kPriorities> of_worker = answer.get();
    for (std::size_t i = 0; i < times.size(); ++i)
      times[i].merge(of_worker[i]);
  }
  const async::Quanta& quanta = settings_.scheduling.quanta;
  const async::Quanta proposed = async::propose_quanta(times, quanta);
  std::array<ClassTimes, async::kPriorities> result;
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = {times[i].count(), times[i].percentile(95), times[i].percentile(99), quanta.of[i],
                 proposed.of[i]};
  return result;
}

async::Quanta Server::proposed_quanta() {
  async::Quanta quanta{};
  const std::array<ClassTimes, async::kPriorities> times = class_times();
  for (std::size_t i = 0; i < times.size(); ++i)
    quanta.of[i] = times[i].proposed;
  return quanta;
}

}  // namespace zerver::server
