#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/io/asio_loop.h>
#include <zerver/testing/adapter_harness.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <chrono>

namespace zerver::testing {

namespace {

constexpr FaultKinds kAllKinds =
    FaultKinds::of(FaultKind::kInvalid, FaultKind::kMissing, FaultKind::kConflict, FaultKind::kRejected,
                   FaultKind::kUnavailable, FaultKind::kTimeout);

}  // namespace

void AnswerValue<flow::RowsReply>::keep(const void* reply, Type& out) {
  const auto& rows = *static_cast<const flow::RowSource*>(reply);
  for (std::size_t column = 0; column < rows.columns(); ++column)
    out.add_column(rows.column(column));
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t column = 0; column < rows.columns(); ++column)
      out.add_cell(rows.cell(row, column));
  }
}

// --- Operations ---

StartedOperation::Deadline::Deadline(StartedOperation& owner) noexcept
    : Timer([](Timer& timer) noexcept {
        StartedOperation& started = static_cast<Deadline&>(timer).operation;
        started.adapter_->cancel(started);
        started.end_with(FaultKind::kTimeout, "there was no answer in time");
      }),
      operation(owner) {}

StartedOperation::StartedOperation(flow::Adapter& adapter, flow::Worker& worker, std::uint16_t index,
                                   const void* arguments, const PerformOptions& options,
                                   std::unique_ptr<Arena> arena)
    : Operation(index, arguments, "test", *arena, worker, kAllKinds),
      adapter_(&adapter),
      arena_(std::move(arena)),
      options_(options),
      deadline_(*this),
      begin_(worker.loop().now()),
      end_(begin_) {}

StartedOperation::~StartedOperation() { cancel(); }

void StartedOperation::begin() {
  const TimePoint until = begin_ + options_.patience;
  begin_attempt(options_.attempt, until, options_.key);
  set_transaction(options_.transaction);
  worker().loop().start(deadline_, until);
  adapter_->start(*this);
}

void StartedOperation::cancel() noexcept {
  if (ended_) return;
  adapter_->cancel(*this);
  end_with(FaultKind::kCancelled, "it was cancelled");
}

void StartedOperation::let_go() noexcept {
  if (ended_) return;
  adapter_->let_go(*this);
  end_with(FaultKind::kCancelled, "it was let go");
}

void StartedOperation::on_complete(const void* reply) noexcept {
  keep(reply);
  end();
}

void StartedOperation::on_fail(const Fault& fault) noexcept {
  status_ = fault.status;
  retry_after_ = fault.retry_after;
  end_with(fault.kind, fault.why);
}

void StartedOperation::end_with(FaultKind kind, std::string_view why) noexcept {
  fault_ = kind;
  why_ = why;
  end();
}

void StartedOperation::end() noexcept {
  end_attempt();
  worker().loop().stop(deadline_);
  end_ = worker().loop().now();
  ended_ = true;
}

// --- The harness ---

struct AdapterHarness::State {
  explicit State(HarnessOptions the_options) : options(std::move(the_options)), random(options.seed) {
    if (options.time == HarnessOptions::Time::kReal) {
      real.emplace(clock);
      worker.emplace(flow::Seams{*real, clock, random, log}, options.limits);
    } else {
      simulated.emplace(options.seed);
      worker.emplace(flow::Seams{*simulated, simulated->clock(), random, log}, options.limits);
    }
  }

  HarnessOptions options;
  SystemClock clock;
  SeededRandom random;
  MemoryLog log;
  std::optional<io::AsioLoop> real;
  std::optional<SimLoop> simulated;
  std::optional<flow::Worker> worker;
  std::string adapter_name;
  flow::TargetInfo info;
  std::string error;
  std::unique_ptr<effects::System> system;
  std::unique_ptr<flow::Adapter> adapter;
};

AdapterHarness::AdapterHarness(const effects::Registry& registry, std::string_view adapter,
                               HarnessOptions options)
    : state_(std::make_unique<State>(std::move(options))) {
  State& state = *state_;
  state.adapter_name = adapter;
  state.info.name = state.options.target;
  state.info.adapter = state.adapter_name;
  state.info.configure = nullptr;
  state.info.schema = state.options.schema;
  state.info.pool = state.options.pool;
  state.info.compress_over = state.options.compress_over;
  state.info.operations = state.options.operations;
  state.info.rpcs = state.options.rpcs;
  const effects::Registry::Entry* const entry = registry.find(adapter);
  if (entry == nullptr) {
    state.error = "no implementation of adapter `" + state.adapter_name + "` is registered";
    return;
  }
  flow::TargetConfig config;
  for (const auto& [name, value] : state.options.arguments)
    config.set(name, value);
  effects::Opened opened = entry->open(state.info, config);
  if (opened.system == nullptr) {
    state.error = opened.error.empty() ? "it cannot be opened, and does not say why" : opened.error;
    return;
  }
  state.system = std::move(opened.system);
  state.adapter = state.system->adapter(*state.worker);
}

AdapterHarness::~AdapterHarness() {
  state_->adapter.reset();
  if (state_->system != nullptr) state_->system->stop(Duration::from_seconds(5));
}

const std::string& AdapterHarness::error() const noexcept { return state_->error; }

bool AdapterHarness::run_until(const std::function<bool()>& condition, Duration most) {
  State& state = *state_;
  if (state.simulated) {
    struct End final : async::Timer {
      End() : Timer([](Timer& timer) noexcept { static_cast<End&>(timer).is_over = true; }) {}
      bool is_over = false;
    } end;
    state.simulated->start(end, state.simulated->now() + most);
    state.simulated->run_until([&] { return end.is_over || condition(); });
    state.simulated->stop(end);
    return condition();
  }
  boost::asio::io_context& context = state.real->context();
  const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(most.nanoseconds);
  const auto work = boost::asio::make_work_guard(context);
  context.restart();
  while (!condition()) {
    if (context.run_one_until(until) == 0) return condition();
  }
  return true;
}

effects::Health AdapterHarness::probe(Duration most) {
  const auto answer = std::make_shared<std::optional<effects::Health>>();
  system().probe(worker(), [answer](effects::Health health) { *answer = std::move(health); });
  if (!run_until([&] { return answer->has_value(); }, most))
    return {.state = effects::Health::State::kStarting, .why = "there was no answer in time"};
  return **answer;
}

effects::System& AdapterHarness::system() noexcept { return *state_->system; }
flow::Adapter& AdapterHarness::adapter() noexcept { return *state_->adapter; }
flow::Worker& AdapterHarness::worker() noexcept { return *state_->worker; }
async::Loop& AdapterHarness::loop() noexcept { return state_->worker->loop(); }
const std::vector<std::string>& AdapterHarness::log() const noexcept { return state_->log.lines; }

}  // namespace zerver::testing
