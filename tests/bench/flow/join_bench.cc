// What it costs a flow to wait for effects that are ready at once: one, four of them under each join, and
// four behind a breaker and a budget.
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/generated.h>
#include <zerver/testing/sim_loop.h>

#include <benchmark/benchmark.h>

#include <cstdint>

namespace zerver::bench {
namespace {

using flow::CallSite;
using flow::Exchange;
using flow::FlowTask;
using flow::Join;
using flow::ValueCall;

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

class Sent final : public Exchange {
 public:
  explicit Sent(flow::Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

class Ready final : public flow::Adapter {
 public:
  void start(flow::Operation& operation) override { operation.complete(&value_); }
  void cancel(flow::Operation&) noexcept override {}

 private:
  std::int64_t value_ = 1;
};

struct Setup {
  Setup() { exchange.set_targets(targets); }

  testing::SimLoop loop;
  SeededRandom random{1};
  NoLog log;
  flow::Worker worker{{loop, loop.clock(), random, log}};
  Ready adapter;
  flow::InFlight in_flight{64};
  flow::Target target{"ready", &adapter, &in_flight};
  flow::Target* targets[1] = {&target};
  Sent exchange{worker};
};

constexpr CallSite kSite{
    .step = "step", .target = 0, .operation = 0, .policy = {.timeout = Duration::from_milliseconds(50)}};

FlowTask one_ready(Exchange& exchange, benchmark::State& state) {
  for (auto _ : state) {
    ValueCall<std::int64_t> call(exchange, kSite, nullptr);
    const Result<std::int64_t>& result = co_await call;
    benchmark::DoNotOptimize(&result);
  }
}
void await_one_ready(benchmark::State& state) {
  Setup setup;
  static_cast<void>(one_ready(setup.exchange, state).handled());
}
BENCHMARK(await_one_ready);

FlowTask four_ready(Exchange& exchange, Join join, std::uint32_t quorum, benchmark::State& state) {
  for (auto _ : state) {
    ValueCall<std::int64_t> a(exchange, kSite, nullptr);
    ValueCall<std::int64_t> b(exchange, kSite, nullptr);
    ValueCall<std::int64_t> c(exchange, kSite, nullptr);
    ValueCall<std::int64_t> d(exchange, kSite, nullptr);
    flow::Group<4> group(exchange, join, {{&a}, {&b}, {&c}, {&d}}, quorum);
    co_await group;
    benchmark::DoNotOptimize(&group);
  }
}
void join_of_four_ready(benchmark::State& state, Join join, std::uint32_t quorum) {
  Setup setup;
  static_cast<void>(four_ready(setup.exchange, join, quorum, state).handled());
}
BENCHMARK_CAPTURE(join_of_four_ready, all, Join::kAll, 0);
BENCHMARK_CAPTURE(join_of_four_ready, all_required, Join::kAllRequired, 0);
BENCHMARK_CAPTURE(join_of_four_ready, any, Join::kAny, 0);
BENCHMARK_CAPTURE(join_of_four_ready, first_success, Join::kFirstSuccess, 0);
BENCHMARK_CAPTURE(join_of_four_ready, race, Join::kRace, 0);
BENCHMARK_CAPTURE(join_of_four_ready, quorum_3, Join::kQuorum, 3);
BENCHMARK_CAPTURE(join_of_four_ready, sequential, Join::kSequential, 0);

// With all that a target may declare.
void join_of_four_ready_with_policies(benchmark::State& state) {
  Setup setup;
  flow::Breaker breaker({.percent = 50, .of = 20});
  flow::RetryBudget budget(10);
  setup.target.breaker = &breaker;
  setup.target.retry_budget = &budget;
  static_cast<void>(four_ready(setup.exchange, Join::kAll, 0, state).handled());
}
BENCHMARK(join_of_four_ready_with_policies);

}  // namespace
}  // namespace zerver::bench

BENCHMARK_MAIN();
