// What the journal costs a saga: three steps that write, without the effects themselves. In memory it is the
// work of the flow; on a disk, here or at a server, it is the waiting for it, which sagas at the same time
// share.
#include "tests/support/servers/postgres_server.h"
#include <zerver/effects/saga_journal.h>
#include <zerver/flow/saga/saga.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace zerver {
namespace {

struct HoldCapture {
  std::optional<String> hold;
};
[[maybe_unused]] bool read_json(const flow::JsonValue& in, HoldCapture& out) {
  return read_json(in, out.hold);
}
void write_json(flow::JsonWriter& out, const HoldCapture& value) {
  out.begin_object();
  out.key("hold");
  write_json(out, value.hold);
  out.end_object();
}
flow::SagaTask undo(Arena&, flow::Exchange&, HoldCapture&) { co_return Result<void>(); }

constexpr flow::SagaStepInfo kStep{.step = "bench.reserve",
                                   .undo_repeatable = true,
                                   .write = flow::write_captured<HoldCapture>,
                                   .read = flow::read_captured<HoldCapture>,
                                   .undo = flow::call_captured<HoldCapture, undo>};
constexpr int kSteps = 3;

struct Request final : flow::Exchange {
  explicit Request(flow::Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

async::Task<void> run(Arena&, flow::Exchange& exchange, unsigned& running) {
  flow::Saga saga(exchange, "bench.buy");
  for (int i = 0; i < kSteps; ++i) {
    flow::SagaStep<HoldCapture> step(saga, kStep, {});
    const Result<void> noted = co_await step.begin();
    if (!noted) break;
    step.captured.hold = String("0123456789abcdef");
    step.complete();
  }
  const Result<void> committed = co_await saga.commit();
  if (committed) --running;
}

struct World {
  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  flow::Worker worker{{loop, loop.clock(), random, log}};
};

// `sagas` at the same time, until all have committed.
void run_sagas(World& world, std::deque<Request>& requests) {
  auto running = static_cast<unsigned>(requests.size());
  std::deque<async::Task<void>> tasks;
  for (Request& request : requests) {
    tasks.push_back(run(request.arena(), request, running));
    tasks.back().start();
  }
  world.loop.run_with_threads_until([&] { return running == 0; });
  tasks.clear();
  for (Request& request : requests)
    request.reset();
}

void BM_SagaInMemory(benchmark::State& state) {
  World world;
  flow::MemorySagaLog log;
  world.worker.set_saga_log(log);
  std::deque<Request> requests;
  requests.emplace_back(world.worker);
  for (auto _ : state)
    run_sagas(world, requests);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SagaInMemory);

void measure(benchmark::State& state, const std::string& place) {
  World world;
  effects::SagaJournal journal(world.log);
  if (const std::string error = journal.open(place); !error.empty())
    return state.SkipWithError(error.c_str());
  world.worker.set_saga_log(journal);
  std::deque<Request> requests;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    requests.emplace_back(world.worker);
  for (auto _ : state)
    run_sagas(world, requests);
  const std::int64_t sagas = state.iterations() * state.range(0);
  state.SetItemsProcessed(sagas);
  state.counters["sagas_a_sync"] = static_cast<double>(sagas) / static_cast<double>(journal.batches());
}

void BM_SagaOnDisk(benchmark::State& state) {
  const test::TemporaryDirectory folder;
  measure(state, (folder.path() / "sagas.db").string());
}
BENCHMARK(BM_SagaOnDisk)->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->Unit(benchmark::kMicrosecond);

void BM_SagaOnServer(benchmark::State& state) {
  if (!test::PostgresServer::is_installed()) return state.SkipWithError("there is no PostgreSQL");
  static const test::PostgresServer server;
  measure(state, server.url());
}
BENCHMARK(BM_SagaOnServer)->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace zerver

BENCHMARK_MAIN();
