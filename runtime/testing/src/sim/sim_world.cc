#include "request_text.h"
#include "sim_disk.h"
#include "sim_process.h"
#include <zerver/effects/kv/open_kv.h>
#include <zerver/testing/sim_world.h>
#include <zerver/trace/timeline.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <map>
#include <stdexcept>
#include <utility>

namespace zerver::testing {
namespace {

constexpr Timestamp kWallAtStart{1'767'225'600'000'000};  // 2026-01-01
constexpr std::size_t kLeastMemory = 64;
constexpr std::size_t kScarceMemory = std::size_t{8} << 10;

// Drawn from the exponential distribution of that mean.
Duration exponential(Random& random, Duration mean) {
  constexpr std::uint64_t kSteps = std::uint64_t{1} << 53;
  const double uniform = static_cast<double>(random.below(kSteps) + 1) / static_cast<double>(kSteps);
  return {static_cast<std::int64_t>(-std::log(uniform) * static_cast<double>(mean.nanoseconds))};
}

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
  struct Disk;

  State(std::vector<const flow::PackageInfo*> the_packages, const Options& the_options);

  void make_process();
  void start();
  void send(std::size_t client, std::size_t number, unsigned attempt, RequestText text);
  Sent& take();
  void finished(Sent& sent);
  void end(std::size_t index);
  void run_now();
  void run_until(const std::function<bool()>& condition);
  void rethrow();
  bool done() const noexcept;
  bool at_rest() const;

  void need_disk() const;
  void end_life();
  void kill();
  void restart() noexcept;
  void on_end_of_life() noexcept { loop.post(die_job); }  // so that others may be first
  void die() noexcept;
  void plan_death();
  void note(std::string_view what);

  std::vector<const flow::PackageInfo*> packages;
  Options options;
  SeededRandom seeds;
  SimLoop loop;
  SeededRandom random;
  RandomFaults faults;
  SeededRandom client_random;
  SeededRandom kill_random;
  trace::Ring ring;
  MemoryLog log;
  flow::MemorySagaLog sagas;
  flow::MemoryJobJournal journal;
  jobs::JobStore job_store;
  std::unique_ptr<Disk> disk;  // null: there is none
  Variables variables;
  FaultSource* source = &faults;
  FaultCounts counts{};
  effects::InlineSqlite sqlite;
  effects::Registry registry;
  std::optional<SimProcess> process;  // none: it has been killed
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::unique_ptr<Resend>> resends;
  std::vector<SimRequest> requests;
  std::vector<std::unique_ptr<Sent>> exchanges;  // of the process, as are
  std::vector<std::vector<Sent*>> free;          // these, by worker
  std::size_t in_flight = 0;
  KillPlan kill_plan;
  std::uint64_t kills = 0;
  std::exception_ptr failure;  // of a restart
  OwnJob<State, &State::kill> kill_job{*this};
  OwnJob<State, &State::die> die_job{*this};
  OwnTimer<State, &State::on_end_of_life> life{*this};
  OwnTimer<State, &State::restart> pause{*this};
};

// What is left of a process.
struct SimWorld::State::Disk {
  Disk(State& state, const DiskPlan& plan)
      : random(state.seeds.u64()),
        saga_file(state.loop, random, plan),
        journal_file(state.loop, random, plan),
        queue_file(state.loop, random, plan),
        sagas(state.sagas, saga_file),
        journal(state.journal, journal_file),
        queue(state.job_store, queue_file, state.loop) {}

  std::array<SimFile*, 3> files() noexcept { return {&saga_file, &journal_file, &queue_file}; }

  SeededRandom random;
  SimFile saga_file, journal_file, queue_file;
  SimSagaLog sagas;
  SimJobJournal journal;
  SimQueue queue;
};

// One connection, used again and again.
struct SimWorld::State::Sent final : SimConnection {
  Sent(State& the_state, std::size_t the_worker)
      : SimConnection(the_state.process->service().workers()[the_worker]),
        state(the_state),
        worker(the_worker) {}

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
  Duration pause() { return plan.regular ? plan.interval : exponential(state.client_random, plan.interval); }
  void on_next() {
    const std::size_t number = sent++;
    start_next();
    state.send(index, number, 1, plan.request(number, state.client_random));
  }
  bool sends_again(const SimRequest& request) const {
    if (request.attempt > plan.retries) return false;
    if (request.left || request.cut_off) return true;
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

SimWorld::State::State(std::vector<const flow::PackageInfo*> the_packages, const Options& the_options)
    : packages(std::move(the_packages)),
      options(the_options),
      seeds(options.seed),
      loop(seeds.u64(), kWallAtStart),
      random(seeds.u64()),
      faults(seeds.u64()),
      client_random(seeds.u64()),
      kill_random(seeds.u64()),
      ring(options.trace_capacity),
      disk(options.disk ? std::make_unique<Disk>(*this, *options.disk) : nullptr) {
  effects::add_standard_adapters(registry);
  registry.add_default({"zerver.sql", {}, "SQLite in memory"}, sqlite.open());
  registry.add_default({"zerver.kv", {}, "stores in memory, and SQLite in memory"},
                       effects::open_kv({.open = sqlite.open(), .are_real = false}));
  make_process();
}

void SimWorld::State::make_process() {
  flow::SagaLog& saga_log = disk ? static_cast<flow::SagaLog&>(disk->sagas) : sagas;
  flow::JobJournal& job_journal = disk ? static_cast<flow::JobJournal&>(disk->journal) : journal;
  jobs::QueueStore& queue = disk ? static_cast<jobs::QueueStore&>(disk->queue) : job_store;
  process.emplace(packages, options,
                  SimSurroundings{loop, random, log, ring, registry, variables, source, counts, saga_log,
                                  job_journal, queue});
  free.resize(process->service().with_clients());
}

void SimWorld::State::start() {
  if (process && !process->has_started()) process->start();
}

bool SimWorld::State::at_rest() const {
  const jobs::JobCounts jobs = job_store.counts();
  return sagas.size() == 0 && jobs.waiting == 0 && jobs.running == 0;
}

// --- Life and death ---

void SimWorld::State::need_disk() const {
  if (disk == nullptr)
    throw std::logic_error("a world without a disk cannot be killed: SimWorld::Options::disk");
}

void SimWorld::State::note(std::string_view what) {
  ring.record({.at = loop.now(), .name = what, .kind = trace::Kind::kFault});
}

// Its connections, and it.
void SimWorld::State::end_life() {
  loop.stop(life);
  process->die(kill_random);
  for (const auto& sent : exchanges) {
    loop.stop(sent->patience);
    sent->die();
  }
  exchanges.clear();
  free.clear();
  process.reset();
}

void SimWorld::State::kill() {
  if (!process) return;
  note("kill");
  ++kills;
  for (SimFile* const file : disk->files())
    file->lose();
  std::vector<std::size_t> lost;
  for (const auto& sent : exchanges)
    if (sent->is_waiting()) lost.push_back(sent->index);
  end_life();
  sagas.restart();
  for (const std::size_t index : lost) {
    requests[index].cut_off = true;
    end(index);
  }
}

void SimWorld::State::restart() noexcept {
  if (process) return;
  note("start");
  try {
    for (SimFile* const file : disk->files())
      file->find_again();
    make_process();
    process->start();
    plan_death();
  } catch (...) {
    failure = std::current_exception();
  }
}

void SimWorld::State::die() noexcept {
  if (!process) return;
  kill();
  const Duration span = kill_plan.down_most - kill_plan.down_least;
  const auto more =
      static_cast<std::int64_t>(kill_random.below(static_cast<std::uint64_t>(span.nanoseconds) + 1));
  loop.start(pause, loop.now() + kill_plan.down_least + Duration{more});
}

void SimWorld::State::plan_death() {
  if (kill_plan.mean_life == Duration::max()) return loop.stop(life);
  if (process) loop.start(life, loop.now() + exponential(kill_random, kill_plan.mean_life));
}

// --- Requests ---

SimWorld::State::Sent& SimWorld::State::take() {
  const bool is_short = random.below(1'000) < options.short_of_memory;
  const std::size_t worker = random.below(process->service().with_clients());
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
  const std::size_t index = requests.size();
  SimRequest& request = requests.emplace_back();
  request.client = client;
  request.number = number;
  request.attempt = attempt;
  request.request = text;
  request.sent = loop.now();
  ++in_flight;
  if (!process) {
    request.cut_off = true;
    return end(index);
  }
  Sent& sent = take();
  sent.index = index;
  sent.text = std::move(text);
  set_request(sent.exchange().request, sent.text, sent.headers);
  if (client < clients.size() && clients[client]->plan.patience != Duration::max())
    loop.start(sent.patience, loop.now() + clients[client]->plan.patience);
  sent.send();
}

void SimWorld::State::finished(Sent& sent) {
  loop.stop(sent.patience);
  SimRequest& request = requests[sent.index];
  request.response = response_text(sent.exchange().response);
  request.read = sent.exchange().arrived();
  request.flow = sent.exchange().flow();
  // Taken again, and reset, by a later request: the flow's last frame may still be on the stack.
  if (!sent.is_short_of_memory) free[sent.worker].push_back(&sent);
  end(sent.index);
}

// The client knows what there is to know.
void SimWorld::State::end(std::size_t index) {
  --in_flight;
  SimRequest& request = requests[index];
  request.answered = loop.now();
  if (request.client >= clients.size() || !clients[request.client]->sends_again(request)) return;
  auto resend = std::ranges::find(resends, false, &Resend::waits);
  if (resend == resends.end()) resend = resends.insert(resend, std::make_unique<Resend>(*this));
  (*resend)->waits = true;
  (*resend)->index = index;
  loop.start((*resend)->timer, loop.now() + clients[request.client]->plan.retry_after);
}

// What is asked for from outside happens before it returns; from within the simulation, a little later.
void SimWorld::State::run_now() {
  if (!loop.is_running()) loop.run_ready();
}

void SimWorld::State::run_until(const std::function<bool()>& condition) {
  static_cast<void>(loop.run_until([&] { return failure != nullptr || condition(); }));
  rethrow();
}

void SimWorld::State::rethrow() {
  if (failure != nullptr) std::rethrow_exception(std::exchange(failure, nullptr));
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
  state_->loop.stop(state_->pause);
  if (state_->process) state_->end_life();
}

effects::Registry& SimWorld::registry() noexcept { return state_->registry; }
effects::InlineSqlite& SimWorld::sqlite() noexcept { return state_->sqlite; }
flow::MemorySagaLog& SimWorld::sagas() noexcept { return state_->sagas; }
flow::MemoryJobJournal& SimWorld::journal() noexcept { return state_->journal; }
const jobs::JobStore& SimWorld::jobs() const noexcept { return state_->job_store; }
RandomFaults& SimWorld::faults() noexcept { return state_->faults; }
void SimWorld::set_fault_source(FaultSource& source) noexcept { state_->source = &source; }
void SimWorld::set_variable(std::string name, std::string value) {
  state_->variables.values.insert_or_assign(std::move(name), std::move(value));
}

void SimWorld::set_kills(const KillPlan& plan) {
  state_->need_disk();
  state_->kill_plan = plan;
  state_->plan_death();
}

void SimWorld::kill() {
  state_->need_disk();
  if (state_->loop.is_running()) return state_->loop.post(state_->kill_job);
  state_->start();
  state_->kill();
}

void SimWorld::restart() {
  state_->need_disk();
  state_->loop.stop(state_->pause);
  state_->restart();
}

bool SimWorld::is_running() const noexcept { return state_->process.has_value(); }
std::uint64_t SimWorld::kills() const noexcept { return state_->kills; }

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
  state_->run_until([this, end] { return state_->done() || state_->loop.now() >= end; });
  return state_->done();
}

bool SimWorld::settle(Duration span) {
  state_->start();
  const TimePoint end = state_->loop.now() + span;
  while (!state_->at_rest() && state_->loop.now() < end)
    run_for(Duration::from_milliseconds(100));
  return state_->at_rest();
}

std::vector<flow::OpenSaga> SimWorld::open_sagas() const {
  return state_->process ? state_->process->recovery()->open() : std::vector<flow::OpenSaga>();
}

void SimWorld::run_for(Duration span) {
  state_->start();
  state_->loop.run_for(span);
  state_->rethrow();
}

const std::vector<SimRequest>& SimWorld::requests() const noexcept { return state_->requests; }

std::vector<std::string> SimWorld::violations() const {
  std::vector<std::string> found;
  for (const SimRequest& request : state_->requests) {
    if (request.answered != TimePoint::never()) continue;
    found.push_back("no answer to " + std::string(method_name(request.request.method)) + " " +
                    request.request.target);
  }
  if (state_->process) state_->process->add_violations(found);
  return found;
}

std::string SimWorld::timeline() const { return trace::timeline(state_->ring); }
const FaultCounts& SimWorld::fault_counts() const noexcept { return state_->counts; }
SimLoop& SimWorld::loop() noexcept { return state_->loop; }
flow::Worker& SimWorld::worker(std::size_t index) noexcept {
  return state_->process->service().workers()[index].worker();
}

std::vector<server::SchedulerStats> SimWorld::scheduler_stats() const {
  std::vector<server::SchedulerStats> stats;
  for (const SimWorker& worker : state_->process->service().workers())
    stats.push_back(worker.stats());
  return stats;
}

std::vector<server::FlowStats> SimWorld::flow_stats() const {
  std::vector<server::FlowStats> stats;
  for (const SimWorker& worker : state_->process->service().workers())
    worker.scheduler().add_to(stats);
  return stats;
}

const std::vector<std::string>& SimWorld::log() const noexcept { return state_->log.lines; }

}  // namespace zerver::testing
