// What crossing from one thread to another costs.
#include "tests/bench/async/on_loop.h"
#include <zerver/async/channel/shared_channel.h>
#include <zerver/async/future/submit.h>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <thread>

namespace zerver::bench {
namespace {

using async::SharedChannel;
using async::Task;

constexpr std::size_t kCapacity = 1024;

Task<> receive_all(async::Loop&, SharedChannel<std::uint64_t>& channel) {
  std::uint64_t sum = 0;
  for (bool goes_on = true; goes_on;) {
    const Result<std::uint64_t> message = co_await channel.receive();
    goes_on = message.has_value();
    if (goes_on) sum += *message;
  }
  benchmark::DoNotOptimize(sum);
}
Task<> send_all(async::Loop&, SharedChannel<std::uint64_t>& channel, benchmark::State& state) {
  std::uint64_t count = 0;
  for (auto _ : state)
    (void)co_await channel.send(++count);
  channel.close();
}
void shared_channel_loops(benchmark::State& state) {
  SharedChannel<std::uint64_t> channel(kCapacity);
  std::thread receiver([&] { run_on_loop(receive_all, channel); });
  run_on_loop(send_all, channel, state);
  receiver.join();
}
BENCHMARK(shared_channel_loops)->UseRealTime();

void shared_channel_threads(benchmark::State& state) {
  SharedChannel<std::uint64_t> channel(kCapacity);
  std::thread receiver([&] {
    std::uint64_t sum = 0;
    while (const Result<std::uint64_t> message = channel.receive_blocking())
      sum += *message;
    benchmark::DoNotOptimize(sum);
  });
  std::uint64_t count = 0;
  for (auto _ : state)
    (void)channel.send_blocking(++count);
  channel.close();
  receiver.join();
}
BENCHMARK(shared_channel_threads)->UseRealTime();

// Both ends on one thread: what the locked instructions cost.
void shared_channel_one_thread(benchmark::State& state) {
  SharedChannel<std::uint64_t> channel(kCapacity);
  for (auto _ : state) {
    (void)channel.try_send(1);
    benchmark::DoNotOptimize(channel.try_receive());
  }
}
BENCHMARK(shared_channel_one_thread);

void promise_future(benchmark::State& state) {
  for (auto _ : state) {
    auto [promise, future] = async::make_promise<int>();
    promise.set(1);
    benchmark::DoNotOptimize(future.get());
  }
}
BENCHMARK(promise_future);

Task<> submit_loop(async::Loop& loop, benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(co_await async::submit(loop, [] { return 1; }).wait());
}
void submit(benchmark::State& state) { run_on_loop(submit_loop, state); }
BENCHMARK(submit);

}  // namespace
}  // namespace zerver::bench
