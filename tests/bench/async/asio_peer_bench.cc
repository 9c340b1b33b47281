// The same loops with Asio's coroutines, channels and timers.
#include <benchmark/benchmark.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>

namespace zerver::bench {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using Messages = asio::experimental::channel<void(boost::system::error_code, std::uint64_t)>;

template <class Body> void run_on_asio(Body body, benchmark::State& state) {
  asio::io_context context(1);
  asio::co_spawn(context, body(state), asio::detached);
  context.run();
}

awaitable<int> give(int number) { co_return number; }

awaitable<void> spawn_join_loop(benchmark::State& state) {
  const auto executor = co_await asio::this_coro::executor;
  for (auto _ : state)
    benchmark::DoNotOptimize(co_await asio::co_spawn(executor, give(1), use_awaitable));
}
void asio_spawn_join(benchmark::State& state) { run_on_asio(spawn_join_loop, state); }
BENCHMARK(asio_spawn_join);

awaitable<void> yield_loop(benchmark::State& state) {
  for (auto _ : state)
    co_await asio::post(use_awaitable);
}
void asio_yield(benchmark::State& state) { run_on_asio(yield_loop, state); }
BENCHMARK(asio_yield);

awaitable<void> receive_all(Messages& channel, bool& ended) {
  std::uint64_t sum = 0;
  try {
    while (true)
      sum += co_await channel.async_receive(use_awaitable);
  } catch (const boost::system::system_error&) {
    benchmark::DoNotOptimize(sum);  // it is closed
  }
  ended = true;
}
awaitable<void> channel_loop(benchmark::State& state) {
  const auto executor = co_await asio::this_coro::executor;
  Messages channel(executor, static_cast<std::size_t>(state.range(0)));
  bool ended = false;
  asio::co_spawn(executor, receive_all(channel, ended), asio::detached);
  std::uint64_t count = 0;
  for (auto _ : state)
    co_await channel.async_send(boost::system::error_code(), ++count, use_awaitable);
  channel.close();
  while (!ended)
    co_await asio::post(use_awaitable);
}
void asio_channel(benchmark::State& state) { run_on_asio(channel_loop, state); }
BENCHMARK(asio_channel)->Arg(1)->Arg(16)->Arg(128);

awaitable<void> timer_loop(benchmark::State& state) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (auto _ : state) {
    timer.expires_after(std::chrono::seconds(1));
    timer.async_wait([](const boost::system::error_code&) {});
    timer.cancel();
  }
}
void asio_timer(benchmark::State& state) { run_on_asio(timer_loop, state); }
BENCHMARK(asio_timer);

}  // namespace
}  // namespace zerver::bench
