#include "sim_service.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace zerver::testing {

using flow::Handled;

// --- A connection ---

SimConnection::SimConnection(SimWorker& home) noexcept : home_(home), exchange_(home.scheduler()) {
  exchange_.owner = this;
  exchange_.set_gate(this);
}

void SimConnection::send() noexcept {
  phase_ = Phase::kArriving;
  home_.thread().post(arrival_);
}

void SimConnection::hang_up() noexcept { home_.thread().post(departure_); }

void SimConnection::arrive() noexcept {
  phase_ = Phase::kStalled;
  home_.take(*this);
}

void SimConnection::leave() noexcept {
  if (phase_ == Phase::kHandled) return home_.scheduler().cancel(exchange_);
  if (phase_ != Phase::kStalled) return;  // it has been answered meanwhile
  std::erase(home_.backlog_, this);
  std::erase(home_.stalled_, this);
  answer();
}

void SimConnection::handle() noexcept {
  phase_ = Phase::kHandled;
  if (home_.scheduler().handle(exchange_) == Handled::kNow) on_finished();
}

void SimConnection::on_finished() noexcept {
  home_.scheduler().note_answered(exchange_);
  answer();
}

void SimConnection::die() noexcept {
  phase_ = Phase::kQuiet;
  server::Scheduler& scheduler = home_.scheduler();
  if (scheduler.place_of(exchange_) == server::Scheduler::Place::kQueue) scheduler.cancel(exchange_);
  exchange_.discard();
}

void SimConnection::answer() noexcept {
  if (home_.service_.is_dead_) return;
  phase_ = Phase::kQuiet;
  on_answered();
}

std::optional<Handled> SimConnection::pass(flow::Exchange& exchange) noexcept {
  flow::Gate& gate = home_.scheduler();
  const std::optional<Handled> handled = gate.pass(exchange);
  if (!handled && !home_.service_.compute(exchange)) return Handled::kLater;
  return handled;
}

// --- A worker ---

SimWorker::SimWorker(SimService& service, const flow::Seams& others, const flow::WorkerLimits& limits,
                     Taker taker)
    : service_(service),
      thread_(service.loop_),
      worker_(flow::Seams{thread_, others.clock, others.random, others.log}, limits),
      scheduler_(*service.fleet_, *this, worker_, taker),
      intake_(server::Intake::policy(service.scheduling_, 0), thread_, *this) {}

server::SchedulerStats SimWorker::stats() const noexcept {
  server::SchedulerStats stats = scheduler_.stats();
  intake_.add_to(stats);
  return stats;
}

void SimWorker::on_load() noexcept {
  static_cast<void>(
      intake_.observe({.waiting = scheduler_.waiting(), .queue_stands = scheduler_.queue_stands()}));
  const bool goes_on = (intake_.accepts() && !backlog_.empty()) || (intake_.reads() && !stalled_.empty());
  if (goes_on && !std::exchange(reading_posted_, true)) thread_.post(reading_job_);
}

void SimWorker::take(SimConnection& connection) noexcept {
  if (!connection.is_accepted_ && !intake_.accepts()) return backlog_.push_back(&connection);
  connection.is_accepted_ = true;
  if (!intake_.reads()) return stalled_.push_back(&connection);
  connection.handle();
}

// Whoever is read may end that: each is looked at anew.
void SimWorker::go_on() noexcept {
  reading_posted_ = false;
  const auto take_all = [this](std::deque<SimConnection*>& waiting,
                               bool (server::Intake::*opens)() const noexcept) {
    while (!waiting.empty() && (intake_.*opens)()) {
      SimConnection& connection = *waiting.front();
      waiting.pop_front();
      take(connection);
    }
  };
  take_all(stalled_, &server::Intake::reads);
  take_all(backlog_, &server::Intake::accepts);
}

// --- All workers ---

SimService::SimService(SimLoop& loop, const flow::Seams& seams,
                       std::vector<const flow::PackageInfo*> packages, const server::Scheduling& scheduling,
                       Computing computing)
    : loop_(loop),
      seams_(seams),
      packages_(std::move(packages)),
      scheduling_(scheduling),
      computing_(std::move(computing)) {
  for (const flow::PackageInfo* const package : packages_) {
    routed_.push_back(*package);
    routed_.back().handle = &SimService::handle;
  }
}

void SimService::add_workers(unsigned workers, unsigned batch_workers, const flow::WorkerLimits& limits) {
  fleet_.emplace(scheduling_, batch_workers, loop_.now());
  with_clients_ = workers;
  for (unsigned i = 0; i < workers + batch_workers; ++i) {
    workers_.emplace_back(*this, seams_, limits,
                          i < workers ? SimWorker::Taker::kWorker : SimWorker::Taker::kBatchWorker);
  }
}

std::size_t SimService::index_of(const flow::Worker& worker) const noexcept {
  const auto found =
      std::ranges::find(workers_, &worker, [](const SimWorker& each) { return &each.worker_; });
  return static_cast<std::size_t>(found - workers_.begin());
}

void SimService::bind(std::size_t worker, const std::vector<std::vector<flow::Target*>>& targets,
                      const std::function<std::vector<flow::Rate*>(std::size_t package)>& rates) {
  std::vector<server::BoundPackage> bound;
  for (std::size_t i = 0; i < routed_.size(); ++i)
    bound.push_back({&routed_[i], targets[i], rates(i)});
  server::RequestLimits& limits = fleet_->limits();
  if (!limits.prepared()) limits.prepare(bound);
  workers_[worker].scheduler().bind(std::move(bound));
}

std::string SimService::start() {
  if (std::string error = fleet_->limits().error(); !error.empty()) return error;
  for (SimWorker& worker : workers_)
    worker.scheduler().start();
  return {};
}

// In the place of a package's own: a flow that has waited for its turn begins here, on whatever worker.
Handled SimService::handle(flow::Exchange& exchange, flow::RouteMatch& match) {
  auto& served = static_cast<server::ServedExchange&>(exchange);
  SimService& service = static_cast<SimConnection&>(*served.owner).home_.service_;
  const flow::PackageInfo& package = *service.packages_[served.package];
  const bool has_waited = std::ranges::any_of(
      package.flows, [&](const flow::FlowInfo& flow) { return &flow == exchange.flow(); });
  if (service.is_dead_ || (has_waited && !service.compute(exchange))) return Handled::kLater;
  return package.handle(exchange, match);
}

// A flow that answers by its `on overload` computes nothing.
bool SimService::compute(flow::Exchange& exchange) noexcept {
  if (computing_ && !exchange.overloaded())
    workers_[index_of(exchange.worker())].thread().spend(computing_(*exchange.flow(), seams_.random));
  return !is_dead_;
}

void SimService::die() noexcept {
  is_dead_ = true;
  for (SimWorker& worker : workers_)
    worker.thread().die();
}

}  // namespace zerver::testing
