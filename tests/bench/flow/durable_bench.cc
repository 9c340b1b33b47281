// What the journal costs durable jobs: five effects each, without the effects themselves. On a disk, here or
// of a server, it is the waiting for it, which jobs at the same time share.
#include "tests/support/child_process.h"
#include "tests/support/servers/postgres_server.h"
#include <zerver/async/task.h>
#include <zerver/core/arena.h>
#include <zerver/core/random.h>
#include <zerver/effects/job_journal.h>
#include <zerver/flow/durable/durable_run.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <benchmark/benchmark.h>

#include <deque>
#include <memory>
#include <string>

namespace zerver {
namespace {

constexpr flow::DurableSite kSites[] = {
    {.name = "ask"}, {.name = "reserve"}, {.name = "charge"}, {.name = "bill"}, {.name = "tell"}};
constexpr std::string_view kAnswer = R"([{"value":{"id":"0123456789abcdef","cents":1234}}])";

struct World {
  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
};

struct Open final : flow::JournalOpen {
  Open(async::Loop& loop, unsigned& left)
      : JournalOpen(loop, [](Job& job) noexcept { --static_cast<Open&>(job).left_; }), left_(left) {}

 private:
  unsigned& left_;
};

async::Task<void> run(Arena&, flow::DurableRun& attempt, unsigned& running, bool& failed) {
  for (std::uint32_t site = 0; site < std::size(kSites) && !failed; ++site) {
    attempt.append(flow::DurablePlace(site), kAnswer);
    const Result<void> durable = co_await flow::LogSync(attempt.journal(), attempt.loop(), attempt.id());
    if (!durable) failed = true;
  }
  attempt.drop();
  --running;
}

// So many jobs at the same time, from the opening of their journals until they are done. False when an entry
// could not be written.
bool run_jobs(World& world, flow::JobJournal& journal, unsigned count) {
  const std::string shape = flow::DurableRun::shape_of(kSites);
  std::deque<Open> opens;
  unsigned opening = count;
  for (unsigned i = 0; i < count; ++i) {
    Open& open = opens.emplace_back(world.loop, opening);
    open.id = Uuid::generate(world.random);
    open.token = 1;
    open.name = "bench.settle";
    open.shape = shape;
    if (journal.open(open)) --opening;
  }
  world.loop.run_with_threads_until([&] { return opening == 0; });
  unsigned running = count;
  bool failed = false;
  std::deque<Arena> arenas;
  std::deque<flow::DurableRun> attempts;
  std::deque<async::Task<void>> tasks;
  for (Open& open : opens) {
    Arena& arena = arenas.emplace_back(std::size_t{16} << 10);
    flow::DurableRun& attempt =
        attempts.emplace_back(journal, world.loop, world.loop.clock(), kSites, 1, std::move(open.history));
    tasks.push_back(run(arena, attempt, running, failed));
    tasks.back().start();
  }
  world.loop.run_with_threads_until([&] { return running == 0; });
  return !failed;
}

void BM_DurableInMemory(benchmark::State& state) {
  World world;
  flow::MemoryJobJournal journal;
  for (auto _ : state)
    if (!run_jobs(world, journal, 1)) return state.SkipWithError("the journal has failed");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(std::size(kSites)));
}
BENCHMARK(BM_DurableInMemory);

// Items are entries.
void measure(benchmark::State& state, const std::string& url) {
  World world;
  effects::StoredJobJournal journal(world.log);
  if (const std::string error = journal.open(url); !error.empty()) return state.SkipWithError(error.c_str());
  bool is_written = true;
  for (auto _ : state)
    is_written = run_jobs(world, journal, static_cast<unsigned>(state.range(0))) && is_written;
  if (!is_written) state.SkipWithError("the journal has failed");
  const std::int64_t entries =
      state.iterations() * state.range(0) * static_cast<std::int64_t>(std::size(kSites));
  state.SetItemsProcessed(entries);
  state.counters["entries_a_sync"] = static_cast<double>(entries) / static_cast<double>(journal.batches());
}

void BM_DurableOnDisk(benchmark::State& state) {
  const test::TemporaryDirectory folder;
  measure(state, "sqlite:" + (folder.path() / "journal.db").string());
}
BENCHMARK(BM_DurableOnDisk)->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->Unit(benchmark::kMicrosecond);

void BM_DurableOnServer(benchmark::State& state) {
  if (!test::PostgresServer::is_installed()) return state.SkipWithError("there is no PostgreSQL");
  static const test::PostgresServer server;
  measure(state, server.url());
}
BENCHMARK(BM_DurableOnServer)->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace zerver

BENCHMARK_MAIN();
