#include "fault_adapter.h"
#include "request_text.h"
#include "sim_service.h"
#include <zerver/effects/queue/zone_file.h>
#include <zerver/effects/systems.h>
#include <zerver/flow/saga/recovery.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/testing/sim_world.h>
#include <zerver/trace/timeline.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <stdexcept>
#include <utility>

namespace zerver::testing {
namespace {

constexpr Timestamp kWallAtStart{1'767'225'600'000'000};  // 2026-01-01
constexpr std::size_t kLeastMemory = 64;
constexpr std::size_t kScarceMemory = std::size_t{8} << 10;

class Variables final : public flow::Environment {
 public:
  std::optional<std::string_view> variable(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  std::optional<std::string_view> secret(std::string_view name) const override { return variable(name); }

  std::map<std::string, std::string, std::less<>> values;
};

// A timer, or a job, that calls a member function of its owner.
template <class Owner, void (Owner::*kMember)()> struct OwnTimer final : async::Timer {
  explicit OwnTimer(Owner& the_owner) noexcept
      : Timer([](Timer& timer) noexcept { (static_cast<OwnTimer&>(timer).owner.*kMember)(); }),
        owner(the_owner) {}
  Owner& owner;
};

template <class Owner, void (Owner::*kMember)()> struct OwnJob final : async::Job {
  explicit OwnJob(Owner& the_owner) noexcept
      : Job([](Job& job) noexcept { (static_cast<OwnJob&>(job).owner.*kMember)(); }), owner(the_owner) {}
  Owner& owner;
};

}  // namespace

struct SimWorld::State {
  struct Sent;
  struct Client;
  struct Resend;
  class Queue;

  State(std::vector<const flow::PackageInfo*> the_packages, const Options& the_options)
      : packages(std::move(the_packages)),
        options(the_options),
        seeds(options.seed),
        loop(seeds.u64(), kWallAtStart),
        random(seeds.u64()),
        faults(seeds.u64()),
        client_random(seeds.u64()),
        ring(options.trace_capacity),
        job_group(packages, job_store),
        service(loop, flow::Seams{loop, loop.clock(), random, log}, packages, options.scheduling,
                options.computing) {
    effects::add_standard_adapters(registry);
    offer_jobs();
    registry.add_default({"zerver.sql", {}, "SQLite in memory"}, sqlite.open());
    service.add_workers(std::max(1U, options.workers), options.batch_workers, options.limits);
    for (SimWorker& each : service.workers()) {
      each.worker().set_trace(&ring);
      each.worker().set_saga_log(sagas);
    }
  }

  void offer_jobs();
  void start();
  effects::Registry with_faults();
  void send(std::size_t client, std::size_t number, unsigned attempt, RequestText text);
  Sent& take();
  void finished(Sent& sent);
  void run_now();
  bool done() const noexcept;
  bool at_rest() const;

  std::vector<const flow::PackageInfo*> packages;
  Options options;
  SeededRandom seeds;
  SimLoop loop;
  SeededRandom random;
  RandomFaults faults;
  SeededRandom client_random;
  trace::Ring ring;
  MemoryLog log;
  flow::MemorySagaLog sagas;
  Variables variables;
  FaultSource* source = &faults;
  FaultCounts counts{};
  jobs::JobStore job_store;
  jobs::RunnerGroup job_group;
  std::vector<jobs::JobRunner*> runners;  // of `systems`
  effects::InlineSqlite sqlite;
  effects::Registry registry;
  SimService service;
  bool started = false;
  effects::Systems systems;
  std::vector<FaultSystem*> fault_systems;                       // of `systems`
  std::vector<std::vector<std::vector<flow::Target*>>> targets;  // by worker, by package
  std::optional<flow::SagaRecovery> recovery;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<Resend>> resends;
  std::vector<SimRequest> requests;
  std::vector<std::unique_ptr<Sent>> exchanges;
  std::vector<std::vector<Sent*>> free;  // by worker
  std::size_t in_flight = 0;
};

// One connection, used again and again.
struct SimWorld::State::Sent final : SimConnection {
  Sent(State& the_state, std::size_t the_worker)
      : SimConnection(the_state.service.workers()[the_worker]), state(the_state), worker(the_worker) {}

  void leave() {
    state.requests[index].left = true;
    hang_up();
  }
  void on_answered() noexcept override { state.finished(*this); }

  State& state;
  std::size_t worker;
  std::size_t index = 0;  // in `requests`
  RequestText text;
  std::vector<Header> headers;
  bool is_short_of_memory = false;
  OwnTimer<Sent, &Sent::leave> patience{*this};
};

struct SimWorld::State::Client {
  Client(State& the_state, ClientPlan the_plan, std::size_t the_index)
      : state(the_state), plan(std::move(the_plan)), index(the_index) {}

  void start_next() {
    if (sent == plan.requests) return;
    state.loop.post_at(next, state.loop.now() + pause());
  }
  Duration pause() {
    if (plan.regular) return plan.interval;
    constexpr std::uint64_t kSteps = std::uint64_t{1} << 53;
    const double uniform =
        static_cast<double>(state.client_random.below(kSteps) + 1) / static_cast<double>(kSteps);
    return {static_cast<std::int64_t>(-std::log(uniform) * static_cast<double>(plan.interval.nanoseconds))};
  }
  void on_next() {
    const std::size_t number = sent++;
    start_next();
    state.send(index, number, 1, plan.request(number, state.client_random));
  }
  bool sends_again(const SimRequest& request) const {
    if (request.attempt > plan.retries) return false;
    if (request.left) return true;
    return plan.again ? plan.again(request.response) : request.response.status >= 500;
  }

  State& state;
  ClientPlan plan;
  std::size_t index;
  std::size_t sent = 0;
  OwnJob<Client, &Client::on_next> next{*this};
};

struct SimWorld::State::Resend {
  explicit Resend(State& the_state) noexcept : state(the_state) {}

  void go() {
    waits = false;
    const SimRequest& before = state.requests[index];
    state.send(before.client, before.number, before.attempt + 1, before.request);
  }

  State& state;
  std::size_t index = 0;
  bool waits = false;
  OwnTimer<Resend, &Resend::go> timer{*this};
};

// The system behind `enqueue`: what the flows of a worker enqueue runs there.
class SimWorld::State::Queue final : public effects::System {
 public:
  explicit Queue(State& state) noexcept : state_(&state) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    const std::size_t index = state_->service.index_of(worker);
    const auto bind = [state = state_, index](std::size_t package, flow::Exchange& exchange) {
      exchange.set_targets(state->targets[index][package], state->systems.rates(package));
    };
    auto runner = std::make_unique<jobs::JobRunner>(worker, state_->job_group, bind);
    if (state_->service.workers()[index].is_batch()) runner->only_forward();
    state_->runners.push_back(runner.get());
    return runner;
  }

 private:
  State* state_;
};

void SimWorld::State::offer_jobs() {
  registry.replace({.name = std::string(flow::JobsAdapter::kTarget), .version = {}, .reaches = {}},
                   [this](const flow::TargetInfo&, const flow::TargetConfig&) {
                     return effects::Opened{std::make_unique<Queue>(*this), {}};
                   });
}

bool SimWorld::State::at_rest() const {
  const jobs::JobCounts jobs = job_store.counts();
  return sagas.size() == 0 && jobs.waiting == 0 && jobs.running == 0;
}

effects::Registry SimWorld::State::with_faults() {
  effects::Registry wrapped;
  for (const flow::PackageInfo* const package : packages) {
    for (const flow::TargetInfo& target : package->targets) {
      const effects::Registry::Entry* const entry = registry.find(target.adapter);
      if (entry == nullptr) continue;  // Systems::open says so
      if (target.adapter == "zerver.clock" || target.adapter == "zerver.random") {
        wrapped.replace(entry->info, entry->open);
        continue;
      }
      wrapped.replace(entry->info,
                      [this, entry](const flow::TargetInfo& info, const flow::TargetConfig& config) {
                        effects::Opened opened = entry->open(info, config);
                        if (opened.system != nullptr) {
                          auto system = std::make_unique<FaultSystem>(
                              std::move(opened.system), std::string(info.name), *source, counts);
                          fault_systems.push_back(system.get());
                          opened.system = std::move(system);
                        }
                        return opened;
                      });
    }
  }
  return wrapped;
}

void SimWorld::State::start() {
  if (std::exchange(started, true)) return;
  if (const std::string error = job_group.load_crons(effects::read_zone_file); !error.empty())
    throw std::runtime_error(error);
  if (const std::string error = systems.open(packages, with_faults(), variables); !error.empty())
    throw std::runtime_error(error);
  for (SimWorker& each : service.workers()) {
    targets.push_back(systems.bind(each.worker()));
    service.bind(targets.size() - 1, targets.back(),
                 [this](std::size_t package) { return systems.rates(package); });
  }
  if (const std::string error = service.start(); !error.empty()) throw std::runtime_error(error);
  free.resize(service.with_clients());
  std::vector<flow::SagaPackage> saga_packages;
  for (std::size_t i = 0; i < packages.size(); ++i)
    saga_packages.push_back({packages[i], targets[0][i], systems.rates(i)});
  recovery.emplace(service.workers()[0].worker(), sagas, std::move(saga_packages), options.recovery);
  recovery->start();
}

SimWorld::State::Sent& SimWorld::State::take() {
  const bool is_short = random.below(1'000) < options.short_of_memory;
  const std::size_t worker = random.below(service.with_clients());
  std::vector<Sent*>& of_worker = free[worker];
  if (is_short || of_worker.empty()) {
    Sent& sent = *exchanges.emplace_back(std::make_unique<Sent>(*this, worker));
    sent.is_short_of_memory = is_short;
    if (is_short) sent.exchange().arena().set_cap(kLeastMemory + random.below(kScarceMemory));
    return sent;
  }
  Sent& sent = *of_worker.back();
  of_worker.pop_back();
  sent.reset();
  return sent;
}

void SimWorld::State::send(std::size_t client, std::size_t number, unsigned attempt, RequestText text) {
  Sent& sent = take();
  sent.index = requests.size();
  sent.text = text;
  SimRequest& request = requests.emplace_back();
  request.client = client;
  request.number = number;
  request.attempt = attempt;
  request.request = std::move(text);
  request.sent = loop.now();
  set_request(sent.exchange().request, sent.text, sent.headers);
  ++in_flight;
  if (client < clients.size() && clients[client]->plan.patience != Duration::max())
    loop.start(sent.patience, loop.now() + clients[client]->plan.patience);
  sent.send();
}

void SimWorld::State::finished(Sent& sent) {
  loop.stop(sent.patience);
  --in_flight;
  SimRequest& request = requests[sent.index];
  request.response = response_text(sent.exchange().response);
  request.read = sent.exchange().arrived();
  request.answered = loop.now();
  request.flow = sent.exchange().flow();
  // Taken again, and reset, by a later request: the flow's last frame may still be on the stack.
  if (!sent.is_short_of_memory) free[sent.worker].push_back(&sent);
  if (request.client >= clients.size() || !clients[request.client]->sends_again(request)) return;
  auto resend = std::ranges::find(resends, false, &Resend::waits);
  if (resend == resends.end()) resend = resends.insert(resend, std::make_unique<Resend>(*this));
  (*resend)->waits = true;
  (*resend)->index = sent.index;
  loop.start((*resend)->timer, loop.now() + clients[request.client]->plan.retry_after);
}

// What is asked for from outside happens before it returns; from within the simulation, a little later.
void SimWorld::State::run_now() {
  if (!loop.is_running()) loop.run_ready();
}

bool SimWorld::State::done() const noexcept {
  return in_flight == 0 && std::ranges::none_of(resends, &Resend::waits) &&
         std::ranges::all_of(clients,
                             [](const auto& client) { return client->sent == client->plan.requests; });
}

SimWorld::SimWorld(std::vector<const flow::PackageInfo*> packages, const Options& options)
    : state_(std::make_unique<State>(std::move(packages), options)) {}

SimWorld::~SimWorld() {
  for (const auto& resend : state_->resends)
    state_->loop.stop(resend->timer);
  for (const auto& sent : state_->exchanges)
    state_->loop.stop(sent->patience);
  state_->loop.wake_all();
  for (jobs::JobRunner* const runner : state_->runners)
    runner->stop();
  for (const auto& sent : state_->exchanges) {
    if (sent->is_waiting()) sent->hang_up();
  }
  state_->loop.run_ready();
}

effects::Registry& SimWorld::registry() noexcept { return state_->registry; }
effects::InlineSqlite& SimWorld::sqlite() noexcept { return state_->sqlite; }
flow::MemorySagaLog& SimWorld::sagas() noexcept { return state_->sagas; }
const jobs::JobStore& SimWorld::jobs() const noexcept { return state_->job_store; }
RandomFaults& SimWorld::faults() noexcept { return state_->faults; }
void SimWorld::set_fault_source(FaultSource& source) noexcept { state_->source = &source; }
void SimWorld::set_variable(std::string name, std::string value) {
  state_->variables.values.insert_or_assign(std::move(name), std::move(value));
}

void SimWorld::add_client(ClientPlan plan) {
  const std::size_t index = state_->clients.size();
  state_->clients.push_back(std::make_unique<State::Client>(*state_, std::move(plan), index));
  state_->clients.back()->start_next();
}

void SimWorld::send(RequestText request) {
  state_->start();
  state_->send(SimRequest::kNoClient, state_->requests.size(), 1, std::move(request));
  state_->run_now();
}

void SimWorld::leave(std::size_t request) {
  const auto sent = std::ranges::find_if(state_->exchanges, [request](const auto& each) {
    return each->is_waiting() && each->index == request;
  });
  if (sent == state_->exchanges.end()) return;
  (*sent)->leave();
  state_->run_now();
}

bool SimWorld::run(Duration most) {
  state_->start();
  const TimePoint end = state_->loop.now() + most;
  static_cast<void>(
      state_->loop.run_until([this, end] { return state_->done() || state_->loop.now() >= end; }));
  return state_->done();
}

bool SimWorld::settle(Duration span) {
  state_->start();
  const TimePoint end = state_->loop.now() + span;
  while (!state_->at_rest() && state_->loop.now() < end)
    state_->loop.run_for(Duration::from_milliseconds(100));
  return state_->at_rest();
}

std::vector<flow::OpenSaga> SimWorld::open_sagas() const { return state_->recovery->open(); }

void SimWorld::run_for(Duration span) { state_->loop.run_for(span); }

const std::vector<SimRequest>& SimWorld::requests() const noexcept { return state_->requests; }

std::vector<std::string> SimWorld::violations() const {
  std::vector<std::string> found;
  for (const SimRequest& request : state_->requests) {
    if (request.answered != TimePoint::never()) continue;
    found.push_back("no answer to " + std::string(method_name(request.request.method)) + " " +
                    request.request.target);
  }
  for (const FaultSystem* const system : state_->fault_systems) {
    if (system->in_flight() != 0)
      found.push_back(std::to_string(system->in_flight()) + " operations are still in flight");
  }
  for (const auto& worker : state_->targets) {
    for (const auto& package : worker) {
      for (const flow::Target* const target : package) {
        if (target->in_flight->count() != 0)
          found.push_back("target " + std::string(target->name) + " has places that were not given back");
      }
    }
  }
  return found;
}

std::string SimWorld::timeline() const { return trace::timeline(state_->ring); }
const FaultCounts& SimWorld::fault_counts() const noexcept { return state_->counts; }
SimLoop& SimWorld::loop() noexcept { return state_->loop; }
flow::Worker& SimWorld::worker(std::size_t index) noexcept {
  return state_->service.workers()[index].worker();
}

std::vector<server::SchedulerStats> SimWorld::scheduler_stats() const {
  std::vector<server::SchedulerStats> stats;
  for (const SimWorker& worker : state_->service.workers())
    stats.push_back(worker.stats());
  return stats;
}

std::vector<server::FlowStats> SimWorld::flow_stats() const {
  std::vector<server::FlowStats> stats;
  for (const SimWorker& worker : state_->service.workers())
    worker.scheduler().add_to(stats);
  return stats;
}

const std::vector<std::string>& SimWorld::log() const noexcept { return state_->log.lines; }

}  // namespace zerver::testing
