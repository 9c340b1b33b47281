#include <zerver/async/sleep.h>
#include <zerver/async/task.h>
#include <zerver/execution/run_on.h>
#include <zerver/program/runtime.h>

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace zerver {
namespace {

constexpr Duration kLong = Duration::from_seconds(60);  // passing it is a failure

Config small_config() {
  Config config;
  config.workers = 2;
  config.compute_threads = 2;
  config.blocking_threads = 2;
  return config;
}

async::Task<int> answer_later(int value) {
  EXPECT_TRUE(co_await async::sleep_for(Duration::from_milliseconds(1)));
  co_return value;
}

TEST(Runtime, RunsFunctionsAndCoroutines) {
  Runtime runtime(small_config());
  EXPECT_EQ(runtime.run([](int value) { return value + 1; }, 41).value(), 42);
  EXPECT_EQ(runtime.run(answer_later, 7).value(), 7);
  EXPECT_THROW(static_cast<void>(runtime.run([]() -> int { throw std::runtime_error("no"); })),
               std::runtime_error);
}

TEST(Runtime, SpreadsWorkOverItsLoops) {
  Runtime runtime(small_config());
  std::set<std::thread::id> threads;
  for (int i = 0; i < 4; ++i)
    threads.insert(runtime.run([] { return std::this_thread::get_id(); }).value());
  EXPECT_EQ(threads.size(), 2U);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

async::Task<int> compute(Runtime* runtime) {
  const Result<int> squared =
      co_await execution::run_on(runtime->tasks().compute(), runtime->loop(0), [] { return 12 * 12; });
  co_return squared.value();
}

TEST(Runtime, HasPoolsWhoseJobsComeBackToItsLoops) {
  Runtime runtime(small_config());
  EXPECT_EQ(async::submit(runtime.loop(0), compute, &runtime).get().value(), 144);
  const RuntimeStats stats = runtime.stats();
  EXPECT_EQ(stats.state, execution::PoolState::kRunning);
  EXPECT_EQ(stats.workers, 2U);
  EXPECT_EQ(stats.compute.ran, 1U);
}

TEST(Runtime, ShutsDownInOrderAndOnce) {
  Runtime runtime(small_config());
  EXPECT_EQ(async::submit(runtime.loop(0), compute, &runtime).get().value(), 144);
  EXPECT_TRUE(runtime.shutdown(kLong));
  EXPECT_EQ(runtime.stats().state, execution::PoolState::kStopped);
  EXPECT_EQ(runtime.tasks().compute().state(), execution::PoolState::kStopped);
  EXPECT_TRUE(runtime.shutdown(kLong));
}

TEST(Runtime, IsMadeAndEndedManyTimes) {
  for (int round = 0; round < 200; ++round) {
    Runtime runtime(small_config());
    if (round % 2 == 0) {
      ASSERT_EQ(runtime.run([] { return 1; }).value(), 1);
    }
  }
}

TEST(RuntimeBuilder, ChecksItsSettings) {
  Machine machine;
  machine.processors_online = 2;
  const Runtime::Builder::Built wrong = Runtime::builder().workers(0).build(machine);
  EXPECT_EQ(wrong.runtime, nullptr);
  ASSERT_FALSE(wrong.findings.empty());
  EXPECT_EQ(wrong.findings[0].kind, Finding::Kind::kNoThreads);
  EXPECT_EQ(wrong.findings[0].setting, "workers");

  const Runtime::Builder::Built right =
      Runtime::builder().config(small_config()).workers(1).compute_threads(1).drain(kLong).build(machine);
  ASSERT_NE(right.runtime, nullptr);
  EXPECT_TRUE(right.findings.empty());
  EXPECT_EQ(right.runtime->workers(), 1U);
  EXPECT_EQ(right.runtime->config().drain, kLong);
}

TEST(Runtime, IsOptimalWithoutSettings) {
  const std::unique_ptr<Runtime> runtime = make_optimal_runtime();
  EXPECT_EQ(runtime->workers(), Config::optimal().workers);
  EXPECT_EQ(runtime->run([] { return 5; }).value(), 5);
}

TEST(GlobalRuntime, IsThereWhileItsOwnerLives) {
  EXPECT_EQ(global_runtime(), nullptr);
  {
    GlobalRuntime owner(small_config());
    EXPECT_EQ(global_runtime(), &owner.runtime());
    EXPECT_EQ(global_runtime()->run([] { return 3; }).value(), 3);
    EXPECT_THROW(GlobalRuntime second(small_config()), std::logic_error);
    EXPECT_EQ(global_runtime(), &owner.runtime());
  }
  EXPECT_EQ(global_runtime(), nullptr);
}

TEST(RunSimple, RunsOnTheCallingThreadAlone) {
  EXPECT_EQ(run_simple([] { return std::this_thread::get_id(); }).value(), std::this_thread::get_id());
  EXPECT_EQ(run_simple(answer_later, 9).value(), 9);
  EXPECT_THROW(static_cast<void>(run_simple([]() -> int { throw std::runtime_error("no"); })),
               std::runtime_error);
}

}  // namespace
}  // namespace zerver
