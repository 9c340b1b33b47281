// What it costs to hand a job to a pool.
#include <zerver/core/clock.h>
#include <zerver/execution/blocking_pool.h>
#include <zerver/execution/compute_pool.h>

#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <vector>

namespace {

using zerver::execution::BlockingPool;
using zerver::execution::ComputePool;
using zerver::execution::PoolJob;
using zerver::execution::Submit;

constexpr std::size_t kJobs = 1000;

struct Job final : PoolJob {
  explicit Job(std::atomic<std::size_t>& the_counter)
      : PoolJob([](PoolJob&) noexcept {},
                [](zerver::async::Job& job) noexcept {
                  auto& counter = static_cast<Job&>(job).ended;
                  if (counter.fetch_add(1, std::memory_order_release) + 1 == kJobs) counter.notify_one();
                }),
        ended(the_counter) {}
  std::atomic<std::size_t>& ended;
};

// A thousand jobs from outside, until the last has ended.
template <class Pool> void submit_all(benchmark::State& state, Pool& pool) {
  std::atomic<std::size_t> ended = 0;
  std::vector<std::unique_ptr<Job>> jobs;
  for (std::size_t i = 0; i < kJobs; ++i)
    jobs.push_back(std::make_unique<Job>(ended));
  for ([[maybe_unused]] auto _ : state) {
    ended.store(0, std::memory_order_relaxed);
    for (const std::unique_ptr<Job>& job : jobs) {
      while (pool.submit(*job) != Submit::kAccepted) {
      }
    }
    for (std::size_t seen = ended; seen < kJobs; seen = ended.load(std::memory_order_acquire))
      ended.wait(seen, std::memory_order_acquire);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kJobs));
}

void BM_ComputePool(benchmark::State& state) {
  const zerver::SystemClock clock;
  ComputePool pool(clock, {.threads = static_cast<unsigned>(state.range(0))});
  submit_all(state, pool);
}
BENCHMARK(BM_ComputePool)->Arg(1)->Arg(2)->UseRealTime();

void BM_BlockingPool(benchmark::State& state) {
  BlockingPool pool({.threads = static_cast<unsigned>(state.range(0)), .queue = 2 * kJobs});
  submit_all(state, pool);
}
BENCHMARK(BM_BlockingPool)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
