#include "fault_adapter.h"
#include "request_text.h"
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

// A timer that calls a member function of its owner.
template <class Owner, void (Owner::*kMember)()> struct OwnTimer final : async::Timer {
  explicit OwnTimer(Owner& the_owner) noexcept
      : Timer([](Timer& timer) noexcept { (static_cast<OwnTimer&>(timer).owner.*kMember)(); }),
        owner(the_owner) {}
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
        job_group(packages, job_store) {
    effects::add_standard_adapters(registry);
    offer_jobs();
    registry.add_default({"zerver.sql", {}, "SQLite in memory"}, sqlite.open());
    for (unsigned i = 0; i < std::max(1U, options.workers); ++i) {
      flow::Worker& worker =
          workers.emplace_back(flow::Seams{loop, loop.clock(), random, log}, options.limits);
      worker.set_trace(&ring);
      worker.set_saga_log(sagas);
    }
  }

  void offer_jobs();
  void start();
  effects::Registry with_faults();
  void send(std::size_t client, std::size_t number, unsigned attempt, RequestText text);
  Sent& take();
  void route(Sent& sent);
  void finished(Sent& sent);
  bool done() const noexcept;
  bool at_rest() const;
  std::size_t index_of(const flow::Worker& worker) const noexcept;

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
  std::deque<flow::Worker> workers;
  bool started = false;
  effects::Systems systems;
  std::vector<FaultSystem*> fault_systems;                       // of `systems`
  std::vector<std::vector<std::vector<flow::Target*>>> targets;  // by worker, by package
  std::optional<flow::SagaRecovery> recovery;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<Resend>> resends;
  std::vector<SimRequest> requests;
  std::vector<std::unique_ptr<Sent>> exchanges;
  std::vector<Sent*> free;
  std::size_t in_flight = 0;
};

// One exchange, used again and again.
struct SimWorld::State::Sent final : flow::Exchange {
  Sent(State& the_state, flow::Worker& worker)
      : Exchange(worker,
                 [](Exchange& exchange) noexcept {
                   auto& sent = static_cast<Sent&>(exchange);
                   sent.state.finished(sent);
                 }),
        state(the_state) {}

  void leave() {
    state.requests[index].left = true;
    cancel();
  }

  State& state;
  std::size_t index = 0;  // in `requests`
  RequestText text;
  std::vector<Header> headers;
  bool waits = false;
  bool is_short_of_memory = false;
  OwnTimer<Sent, &Sent::leave> patience{*this};
};

struct SimWorld::State::Client {
  Client(State& the_state, ClientPlan the_plan, std::size_t the_index)
      : state(the_state), plan(std::move(the_plan)), index(the_index) {}

  void start_next() {
    if (sent == plan.requests) return;
    state.loop.start(next, state.loop.now() + pause());
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
  OwnTimer<Client, &Client::on_next> next{*this};
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
    const auto bind = [state = state_, index = state_->index_of(worker)](std::size_t package,
                                                                         flow::Exchange& exchange) {
      exchange.set_targets(state->targets[index][package], state->systems.rates(package));
    };
    auto runner = std::make_unique<jobs::JobRunner>(worker, state_->job_group, bind);
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

std::size_t SimWorld::State::index_of(const flow::Worker& worker) const noexcept {
  std::size_t index = 0;
  while (&workers[index] != &worker)
    ++index;
  return index;
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
  for (flow::Worker& worker : workers)
    targets.push_back(systems.bind(worker));
  std::vector<flow::SagaPackage> saga_packages;
  for (std::size_t i = 0; i < packages.size(); ++i)
    saga_packages.push_back({packages[i], targets[0][i], systems.rates(i)});
  recovery.emplace(workers[0], sagas, std::move(saga_packages), options.recovery);
  recovery->start();
}

SimWorld::State::Sent& SimWorld::State::take() {
  const bool is_short = random.below(1'000) < options.short_of_memory;
  if (is_short || free.empty()) {
    flow::Worker& worker = workers[random.below(workers.size())];
    Sent& sent = *exchanges.emplace_back(std::make_unique<Sent>(*this, worker));
    sent.is_short_of_memory = is_short;
    if (is_short) sent.arena().set_cap(kLeastMemory + random.below(kScarceMemory));
    return sent;
  }
  std::swap(free[random.below(free.size())], free.back());
  Sent& sent = *free.back();
  free.pop_back();
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
  set_request(sent.request, sent.text, sent.headers);
  sent.set_arrival(loop.now());
  sent.waits = true;
  ++in_flight;
  if (client < clients.size() && clients[client]->plan.patience != Duration::max())
    loop.start(sent.patience, loop.now() + clients[client]->plan.patience);
  route(sent);
}

void SimWorld::State::route(Sent& sent) {
  const std::size_t worker = index_of(sent.worker());
  flow::MethodSet allowed;
  for (std::size_t i = 0; i < packages.size(); ++i) {
    flow::RouteMatch match;
    sent.set_targets(targets[worker][i], systems.rates(i));
    const flow::Handled handled = packages[i]->handle(sent, match);
    if (match.found) {
      if (handled == flow::Handled::kNow) {
        sent.note_end();
        finished(sent);
      }
      return;
    }
    allowed.add(match.allowed);
  }
  sent.response.reset();
  sent.response.status = allowed.empty() ? 404 : 405;
  finished(sent);
}

void SimWorld::State::finished(Sent& sent) {
  loop.stop(sent.patience);
  sent.waits = false;
  --in_flight;
  SimRequest& request = requests[sent.index];
  request.response = response_text(sent.response);
  request.answered = loop.now();
  request.flow = sent.flow();
  // Taken again, and reset, by a later request: the flow's last frame may still be on the stack.
  if (!sent.is_short_of_memory) free.push_back(&sent);
  if (request.client >= clients.size() || !clients[request.client]->sends_again(request)) return;
  auto resend = std::ranges::find(resends, false, &Resend::waits);
  if (resend == resends.end()) resend = resends.insert(resend, std::make_unique<Resend>(*this));
  (*resend)->waits = true;
  (*resend)->index = sent.index;
  loop.start((*resend)->timer, loop.now() + clients[request.client]->plan.retry_after);
}

bool SimWorld::State::done() const noexcept {
  return in_flight == 0 && std::ranges::none_of(resends, &Resend::waits) &&
         std::ranges::all_of(clients,
                             [](const auto& client) { return client->sent == client->plan.requests; });
}

SimWorld::SimWorld(std::vector<const flow::PackageInfo*> packages, const Options& options)
    : state_(std::make_unique<State>(std::move(packages), options)) {}

SimWorld::~SimWorld() {
  for (jobs::JobRunner* const runner : state_->runners)
    runner->stop();
  for (const auto& client : state_->clients)
    state_->loop.stop(client->next);
  for (const auto& sent : state_->exchanges) {
    if (sent->waits) sent->cancel();
    state_->loop.stop(sent->patience);
  }
  for (const auto& resend : state_->resends)
    state_->loop.stop(resend->timer);
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
}

void SimWorld::leave(std::size_t request) {
  const auto sent = std::ranges::find_if(
      state_->exchanges, [request](const auto& each) { return each->waits && each->index == request; });
  if (sent != state_->exchanges.end()) (*sent)->leave();
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
flow::Worker& SimWorld::worker(std::size_t index) noexcept { return state_->workers[index]; }
const std::vector<std::string>& SimWorld::log() const noexcept { return state_->log.lines; }

}  // namespace zerver::testing
