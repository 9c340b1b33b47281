// What the primitives of one loop cost.
#include "tests/bench/async/on_loop.h"
#include <zerver/async/async.h>

#include <benchmark/benchmark.h>

#include <cstdint>

namespace zerver::bench {
namespace {

using async::Channel;
using async::Loop;
using async::Task;

Task<int> give(int number) { co_return number; }

Task<> call_loop(Loop&, benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(co_await give(1));
}
void call_task(benchmark::State& state) { run_on_loop(call_loop, state); }
BENCHMARK(call_task);

Task<> spawn_join_loop(Loop& loop, benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(co_await async::spawn(loop, give, 1).join());
}
void spawn_join(benchmark::State& state) { run_on_loop(spawn_join_loop, state); }
BENCHMARK(spawn_join);

Task<> yield_loop(Loop&, benchmark::State& state) {
  for (auto _ : state)
    (void)co_await async::yield_now();
}
void yield(benchmark::State& state) { run_on_loop(yield_loop, state); }
BENCHMARK(yield);

Task<> receive_all(Channel<std::uint64_t>& channel) {
  std::uint64_t sum = 0;
  while (const Result<std::uint64_t> message = co_await channel.receive())
    sum += *message;
  benchmark::DoNotOptimize(sum);
}
Task<> channel_loop(Loop& loop, benchmark::State& state) {
  Channel<std::uint64_t> channel(static_cast<std::size_t>(state.range(0)));
  auto receiver = async::spawn(loop, receive_all, std::ref(channel));
  std::uint64_t count = 0;
  for (auto _ : state)
    (void)co_await channel.send(++count);
  channel.close();
  co_await receiver.join();
}
void channel(benchmark::State& state) { run_on_loop(channel_loop, state); }
BENCHMARK(channel)->Arg(1)->Arg(16)->Arg(128);

Task<> oneshot_loop(Loop&, benchmark::State& state) {
  for (auto _ : state) {
    auto [sender, receiver] = async::oneshot<int>();
    (void)sender.send(1);
    benchmark::DoNotOptimize(co_await receiver.receive());
  }
}
void oneshot(benchmark::State& state) { run_on_loop(oneshot_loop, state); }
BENCHMARK(oneshot);

Task<> mutex_loop(Loop&, benchmark::State& state) {
  async::Mutex mutex;
  for (auto _ : state) {
    const Result<async::MutexGuard> guard = co_await mutex.lock();
    benchmark::DoNotOptimize(guard.has_value());
  }
}
void mutex(benchmark::State& state) { run_on_loop(mutex_loop, state); }
BENCHMARK(mutex);

Task<> semaphore_loop(Loop&, benchmark::State& state) {
  async::Semaphore semaphore(2);
  for (auto _ : state) {
    const Result<async::Permits> permits = co_await semaphore.acquire();
    benchmark::DoNotOptimize(permits.has_value());
  }
}
void semaphore(benchmark::State& state) { run_on_loop(semaphore_loop, state); }
BENCHMARK(semaphore);

Task<> rw_lock_loop(Loop&, benchmark::State& state) {
  async::RwLock lock;
  for (auto _ : state) {
    const Result<async::ReadGuard> guard = co_await lock.read();
    benchmark::DoNotOptimize(guard.has_value());
  }
}
void rw_lock_read(benchmark::State& state) { run_on_loop(rw_lock_loop, state); }
BENCHMARK(rw_lock_read);

struct Nap final : async::Timer {
  Nap() : Timer([](Timer&) noexcept {}) {}
};

// Always the earliest of all, the worst case for a timer of the system.
Task<> timer_loop(Loop& loop, benchmark::State& state) {
  Nap nap;
  for (auto _ : state) {
    loop.start(nap, loop.now() + Duration::from_seconds(1));
    loop.stop(nap);
  }
  co_return;
}
void timer(benchmark::State& state) { run_on_loop(timer_loop, state); }
BENCHMARK(timer);

}  // namespace
}  // namespace zerver::bench
