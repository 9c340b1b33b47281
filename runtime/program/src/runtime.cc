// The runtime of a program that is no generated service.
#include <zerver/io/asio_loop.h>
#include <zerver/program/runtime.h>

#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

namespace zerver {

namespace {

class StandardErrorLog final : public Log {
 public:
  void write(LogLevel, std::string_view line) noexcept override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  }
};

struct Worker {
  explicit Worker(const Clock& clock) : loop(clock) {}
  io::AsioLoop loop;
  std::thread thread;
};

std::atomic<Runtime*> global = nullptr;

}  // namespace

struct Runtime::State {
  State(const Config& the_config, Log* the_log)
      : config(the_config), log(the_log != nullptr ? *the_log : standard_error) {
    for (unsigned i = 0; i < config.workers; ++i)
      workers.push_back(std::make_unique<Worker>(clock));
    tasks = std::make_unique<execution::TaskSystem>(clock, log, config.task_system());
  }

  const Config config;
  SystemClock clock;
  StandardErrorLog standard_error;
  Log& log;
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<execution::TaskSystem> tasks;  // goes before the loops
  std::atomic<std::size_t> next = 0;
  std::atomic<execution::PoolState> state = execution::PoolState::kStarting;
};

Runtime::Runtime(const Config& config, Log& log) : state_(std::make_unique<State>(config, &log)) { start(); }

Runtime::Runtime(const Config& config) : state_(std::make_unique<State>(config, nullptr)) { start(); }

void Runtime::start() {
  try {
    for (std::size_t i = 0; i < state_->workers.size(); ++i) {
      Worker& worker = *state_->workers[i];
      if (execution::Watchdog* const watchdog = state_->tasks->watchdog())
        worker.loop.set_heartbeat(watchdog->watch("worker " + std::to_string(i)));
      worker.thread = std::thread([&worker] { worker.loop.run(); });
    }
  } catch (...) {
    shutdown(Duration{0});
    throw;
  }
  state_->state = execution::PoolState::kRunning;
}

Runtime::~Runtime() { shutdown(state_->config.drain); }

const Config& Runtime::config() const noexcept { return state_->config; }
const Clock& Runtime::clock() const noexcept { return state_->clock; }
async::Loop& Runtime::loop(std::size_t worker) noexcept { return state_->workers[worker]->loop; }
execution::TaskSystem& Runtime::tasks() noexcept { return *state_->tasks; }

async::Loop& Runtime::next_loop() noexcept {
  return loop(state_->next.fetch_add(1, std::memory_order_relaxed) % state_->workers.size());
}

bool Runtime::shutdown(Duration bound) noexcept {
  if (state_->state == execution::PoolState::kStopped) return true;
  state_->state = execution::PoolState::kDraining;
  const bool drained = state_->tasks->join(bound);
  for (const std::unique_ptr<Worker>& worker : state_->workers) {
    if (!worker->thread.joinable()) continue;
    // On its own thread: a stop from here could come before run(), which would forget it.
    struct Stop final : async::Job {
      explicit Stop(io::AsioLoop& the_loop) noexcept
          : Job([](Job& job) noexcept { static_cast<Stop&>(job).loop.stop(); }), loop(the_loop) {}
      io::AsioLoop& loop;
    } stop(worker->loop);
    worker->loop.post(stop);
    worker->thread.join();
  }
  state_->state = execution::PoolState::kStopped;
  return drained;
}

RuntimeStats Runtime::stats() const noexcept {
  return {state_->state, state_->workers.size(), state_->tasks->compute().stats(),
          state_->tasks->blocking().stats()};
}

// --- The builder ---

Runtime::Builder Runtime::builder() { return Builder(Config::optimal()); }

Runtime::Builder::Built Runtime::Builder::build() const { return build(detect_machine()); }

Runtime::Builder::Built Runtime::Builder::build(const Machine& machine) const {
  Built built{nullptr, config_.validate(machine)};
  // Errors come first.
  if (!built.findings.empty() && built.findings.front().severity == Finding::Severity::kError) return built;
  built.runtime =
      log_ != nullptr ? std::make_unique<Runtime>(config_, *log_) : std::make_unique<Runtime>(config_);
  return built;
}

std::unique_ptr<Runtime> make_optimal_runtime() { return std::make_unique<Runtime>(Config::optimal()); }

// --- The global one ---

Runtime* global_runtime() noexcept { return global.load(std::memory_order_acquire); }

GlobalRuntime::GlobalRuntime(const Config& config) : runtime_(config) {
  Runtime* none = nullptr;
  if (!global.compare_exchange_strong(none, &runtime_, std::memory_order_acq_rel))
    throw std::logic_error("there is a global runtime already");
}

GlobalRuntime::~GlobalRuntime() { global.store(nullptr, std::memory_order_release); }

// --- Without a runtime ---

struct SimpleLoop::State {
  State() : loop(clock) {}
  SystemClock clock;
  io::AsioLoop loop;
};

SimpleLoop::SimpleLoop() : state_(std::make_unique<State>()) {}
SimpleLoop::~SimpleLoop() = default;

async::Loop& SimpleLoop::loop() noexcept { return state_->loop; }

void SimpleLoop::run_until(const std::function<bool()>& condition) {
  boost::asio::io_context& context = state_->loop.context();
  const boost::asio::executor_work_guard<io::AsioLoop::Executor> work(context.get_executor());
  while (!condition())
    context.run_one();
}

}  // namespace zerver
