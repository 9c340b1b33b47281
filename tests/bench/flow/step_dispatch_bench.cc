// The cost of one pure step as generated code runs it, beside a plain call, a std::function and an awaited
// task; and of a whole flow without effects. The step itself does the same in each.
#include "handmade.flow.h"
#include "tests/bench/flow/plain_step.h"
#include <zerver/async/task.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/flow/generated.h>
#include <zerver/testing/sim_loop.h>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>

namespace zerver::bench {
namespace {

namespace admit = handmade::v1::admit;

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

class Sent final : public flow::Exchange {
 public:
  explicit Sent(flow::Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

struct Setup {
  testing::SimLoop loop;
  SeededRandom random{1};
  NoLog log;
  flow::Worker worker{{loop, loop.clock(), random, log}};
  Sent exchange{worker};
};

void plain_call(benchmark::State& state) {
  const std::int32_t left = 5;
  for (auto _ : state) {
    const std::int32_t* const slot = &left;
    benchmark::DoNotOptimize(slot);
    benchmark::DoNotOptimize(plain_admit(slot));
  }
}
BENCHMARK(plain_call);

void std_function(benchmark::State& state) {
  const std::int32_t left = 5;
  std::function<bool(const std::int32_t*)> step = plain_admit;
  benchmark::DoNotOptimize(step);
  for (auto _ : state) {
    const std::int32_t* const slot = &left;
    benchmark::DoNotOptimize(slot);
    benchmark::DoNotOptimize(step(slot));
  }
}
BENCHMARK(std_function);

// As in handmade.flow.cc: enter_step, view, run, decision.
void step_dispatch(benchmark::State& state) {
  Setup setup;
  flow::Exchange& exchange = setup.exchange;
  const std::int32_t left = 5;
  for (auto _ : state) {
    const std::int32_t* const slot = &left;
    benchmark::DoNotOptimize(slot);
    exchange.enter_step("admit");
    admit::View view(exchange.arena(), slot);
    const admit::Decision decision = admit::run(view);
    switch (decision.kind()) {
      case admit::Decision::Kind::kProceed:
        break;
      case admit::Decision::Kind::kFailOverQuota:
        state.SkipWithError("refused");
        return;
    }
  }
}
BENCHMARK(step_dispatch);

async::Task<bool> admit_later(Arena&, const std::int32_t* left) { co_return plain_admit(left); }

// `own` keeps this frame, `frames` those of the tasks, and is reset behind each.
async::Task<void> await_each(Arena& own, Arena& frames, benchmark::State& state) {
  static_cast<void>(own);
  const std::int32_t left = 5;
  for (auto _ : state) {
    const std::int32_t* const slot = &left;
    benchmark::DoNotOptimize(slot);
    benchmark::DoNotOptimize(co_await admit_later(frames, slot));
    frames.reset();
  }
}

void awaited_task(benchmark::State& state) {
  Arena own;
  Arena frames;
  auto task = await_each(own, frames, state);
  task.start();
}
BENCHMARK(awaited_task);

// A whole flow: routing, a path parameter, a step, an answer.
void pure_flow(benchmark::State& state) {
  Setup setup;
  const flow::PackageInfo& package = handmade::v1::package();
  for (auto _ : state) {
    setup.exchange.request.path = "/hello/world";
    flow::RouteMatch match;
    benchmark::DoNotOptimize(package.handle(setup.exchange, match));
    benchmark::DoNotOptimize(setup.exchange.response.body);
    setup.exchange.reset();
  }
}
BENCHMARK(pure_flow);

}  // namespace
}  // namespace zerver::bench

BENCHMARK_MAIN();
