#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/async/sync/event.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

int twice(int number) { return 2 * number; }
Task<int> twice_later(int number) {
  (void)co_await sleep_for(Duration::from_seconds(1));
  co_return 2 * number;
}

TEST(Spawn, TakesAnyCallableAndDeducesItsResult) {
  SimLoop loop;
  int calls = 0;
  auto function = spawn(loop, twice, 1);
  auto pointer = spawn(loop, &twice, 2);
  auto lambda = spawn(
      loop, [](const std::string& text, int more) { return text.size() + static_cast<std::size_t>(more); },
      std::string("abc"), 4);
  auto coroutine = spawn(loop, twice_later, 5);
  auto nothing = spawn(loop, [&calls] { ++calls; });
  static_assert(std::same_as<decltype(function), TaskHandle<int>>);
  static_assert(std::same_as<decltype(lambda), TaskHandle<std::size_t>>);
  static_assert(std::same_as<decltype(coroutine), TaskHandle<int>>);
  static_assert(std::same_as<decltype(nothing), TaskHandle<void>>);
  EXPECT_FALSE(function.done());
  loop.run();
  EXPECT_EQ(function.take(), 2);
  EXPECT_EQ(pointer.take(), 4);
  EXPECT_EQ(lambda.take(), 7U);
  EXPECT_EQ(coroutine.take(), 10);
  EXPECT_EQ(calls, 1);
}

TEST(Spawn, KeepsWhatALambdaHasCaptured) {
  SimLoop loop;
  auto kept = std::make_shared<int>(7);
  auto handle = spawn(loop, [kept]() -> Task<int> {
    (void)co_await sleep_for(Duration::from_seconds(1));
    co_return *kept;
  });
  EXPECT_EQ(kept.use_count(), 2);
  loop.run();
  EXPECT_EQ(handle.take(), 7);
  {
    const auto gone = std::move(handle);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Spawn, BeginsLaterInTheOrderOfSpawning) {
  SimLoop loop;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i)
    spawn(loop, [&order, i] { order.push_back(i); }).detach();
  EXPECT_TRUE(order.empty());
  loop.run();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

Task<int> join_two(Loop& loop) {
  auto first = spawn(loop, twice_later, 1);
  auto second = spawn(loop, twice, 10);
  co_return co_await first.join() + co_await second.join();
}

TEST(Spawn, JoinGivesTheValue) {
  SimLoop loop;
  auto handle = spawn(loop, join_two, std::ref(static_cast<Loop&>(loop)));
  loop.run();
  EXPECT_EQ(handle.take(), 22);
}

Task<std::string> join_failing(Loop& loop) {
  auto failing = spawn(loop, [] { throw std::runtime_error("no"); });
  try {
    co_await failing.join();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing";
}

TEST(Spawn, JoinThrowsWhatTheTaskThrew) {
  SimLoop loop;
  auto handle = spawn(loop, join_failing, std::ref(static_cast<Loop&>(loop)));
  loop.run();
  EXPECT_EQ(handle.take(), "no");
}

Task<bool> is_stopped_in_its_sleep() {
  const Result<void> slept = co_await sleep_for(Duration::from_seconds(1000));
  co_return !slept && slept.error().kind == FaultKind::kCancelled;
}

TEST(Spawn, CancelStopsWhatTheTaskWaitsFor) {
  SimLoop loop;
  auto handle = spawn(loop, is_stopped_in_its_sleep);
  loop.run_for(Duration::from_seconds(1));
  EXPECT_FALSE(handle.done());
  handle.cancel();
  EXPECT_TRUE(loop.run_ready());
  EXPECT_TRUE(handle.take());
}

TEST(Spawn, CancelBeforeItBeginsLetsItBeginStopped) {
  SimLoop loop;
  auto handle = spawn(loop, is_stopped_in_its_sleep);
  handle.cancel();
  EXPECT_TRUE(loop.run_ready());
  EXPECT_TRUE(handle.take());
}

TEST(Spawn, AbandonedTaskIsStoppedAndFreed) {
  SimLoop loop;
  bool stopped = false;
  auto kept = std::make_shared<int>(1);
  {
    auto handle =
        spawn(loop, [&stopped, kept]() -> Task<void> { stopped = co_await is_stopped_in_its_sleep(); });
    loop.run_ready();
  }
  EXPECT_EQ(kept.use_count(), 2);
  loop.run_ready();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(Spawn, AbandonedTaskMayThrow) {
  SimLoop loop;
  {
    auto handle = spawn(loop, [] { throw std::runtime_error("nobody asks"); });
  }
  loop.run();
}

TEST(Spawn, DetachedTaskRunsToItsEnd) {
  SimLoop loop;
  int result = 0;
  spawn(loop, [&result]() -> Task<void> { result = co_await twice_later(3); }).detach();
  loop.run();
  EXPECT_EQ(result, 6);
}

TEST(SpawnDeathTest, ExceptionOfADetachedTaskEndsTheProgram) {
  EXPECT_DEATH(
      {
        SimLoop loop;
        spawn(loop, [] { throw std::runtime_error("nobody is told"); }).detach();
        loop.run();
      },
      "");
}

Task<bool> join_for_ever(Loop& loop) {
  auto handle = spawn(loop, is_stopped_in_its_sleep);
  co_return co_await handle.join();
}

TEST(Spawn, StopOfWhoeverJoinsIsPassedOn) {
  SimLoop loop;
  auto handle = spawn(loop, join_for_ever, std::ref(static_cast<Loop&>(loop)));
  loop.run_ready();
  handle.cancel();
  loop.run_ready();
  EXPECT_TRUE(handle.done());
  EXPECT_TRUE(handle.take());
}

TEST(Spawn, StopsWithItsParent) {
  SimLoop loop;
  StopSource parent;
  auto handle = spawn(loop, parent.token(), is_stopped_in_its_sleep);
  loop.run_ready();
  parent.request_stop();
  loop.run_ready();
  EXPECT_TRUE(handle.take());
}

TEST(Spawn, ReplacingAHandleAbandonsTheTask) {
  SimLoop loop;
  StopSource unused;
  auto handle = spawn(loop, is_stopped_in_its_sleep);
  loop.run_ready();
  handle = spawn(loop, [] { return true; });
  loop.run_ready();
  EXPECT_TRUE(handle.done());
  EXPECT_EQ(loop.now(), TimePoint{});
}

}  // namespace
}  // namespace zerver::async
