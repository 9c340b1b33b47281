#include <zerver/async/sleep.h>
#include <zerver/async/task_group.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace zerver::async {
namespace {

using testing::SimLoop;

Task<Result<void>> fail_after(std::int64_t milliseconds, FaultKind kind) {
  if (const Result<void> slept = co_await sleep_for(Duration::from_milliseconds(milliseconds)); !slept) {
    co_return slept.error();
  }
  co_return Fault{kind, "as it should", {}};
}
Task<> count_after(std::int64_t milliseconds, int& count) {
  const Result<void> slept = co_await sleep_for(Duration::from_milliseconds(milliseconds));
  if (slept) ++count;
}
Task<FaultKind> join(TaskGroup& group) {
  const Result<void> joined = co_await group.join_all();
  co_return joined ? FaultKind::kInternal : joined.error().kind;
}

TEST(TaskGroup, JoinsAll) {
  SimLoop loop;
  TaskGroup group(loop);
  int count = 0;
  for (int i = 0; i < 10; ++i)
    group.spawn(count_after, i, std::ref(count));
  group.spawn([&count] { ++count; });
  EXPECT_EQ(group.size(), 11U);
  auto joined = spawn(loop, join, std::ref(group));
  loop.run();
  EXPECT_EQ(joined.take(), FaultKind::kInternal);
  EXPECT_EQ(count, 11);
  EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, FirstFailureStopsTheOthersAndIsReported) {
  SimLoop loop;
  TaskGroup group(loop);
  int count = 0;
  group.spawn(count_after, 1, std::ref(count));
  group.spawn(fail_after, 20, FaultKind::kConflict);
  group.spawn(fail_after, 10, FaultKind::kMissing);
  group.spawn(count_after, 1000, std::ref(count));
  auto joined = spawn(loop, join, std::ref(group));
  loop.run();
  EXPECT_EQ(joined.take(), FaultKind::kMissing);
  EXPECT_EQ(count, 1);
  EXPECT_EQ(loop.now(), TimePoint{} + Duration::from_milliseconds(10));
}

TEST(TaskGroup, OthersGoOnIfItIsToldSo) {
  SimLoop loop;
  TaskGroup group(loop, {}, OnFailure::kGoOn);
  int count = 0;
  group.spawn(fail_after, 10, FaultKind::kMissing);
  group.spawn(count_after, 1000, std::ref(count));
  auto joined = spawn(loop, join, std::ref(group));
  loop.run();
  EXPECT_EQ(joined.take(), FaultKind::kMissing);
  EXPECT_EQ(count, 1);
}

TEST(TaskGroup, JoinThrowsTheFirstException) {
  SimLoop loop;
  TaskGroup group(loop);
  group.spawn([] { throw std::runtime_error("no"); });
  group.spawn(fail_after, 10, FaultKind::kMissing);
  auto joined = spawn(loop, join, std::ref(group));
  loop.run();
  EXPECT_THROW(joined.take(), std::runtime_error);
}

TEST(TaskGroup, StopOfWhoeverJoinsStopsAllAndStillWaitsForThem) {
  SimLoop loop;
  TaskGroup group(loop);
  int count = 0, ended = 0;
  group.spawn(count_after, 1000, std::ref(count));
  group.spawn([&ended]() -> Task<> {
    (void)co_await shield(sleep_for(Duration::from_milliseconds(50)));
    ++ended;
  });
  auto joined = spawn(loop, join, std::ref(group));
  loop.run_ready();
  joined.cancel();
  loop.run();
  EXPECT_TRUE(joined.done());
  EXPECT_EQ(count, 0);
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(loop.now(), TimePoint{} + Duration::from_milliseconds(50));
}

TEST(TaskGroup, StopsWithItsParent) {
  SimLoop loop;
  StopSource parent;
  TaskGroup group(loop, parent.token());
  int count = 0;
  group.spawn(count_after, 1000, std::ref(count));
  loop.run_ready();
  parent.request_stop();
  loop.run_ready();
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(count, 0);
}

TEST(TaskGroup, TasksMayAddTasksWhileOthersJoin) {
  SimLoop loop;
  TaskGroup group(loop);
  int count = 0;
  auto joined = spawn(loop, [&]() -> Task<> {
    group.spawn([&]() -> Task<> {
      (void)co_await sleep_for(Duration::from_milliseconds(1));
      group.spawn(count_after, 5, std::ref(count));
    });
    EXPECT_TRUE(co_await group.join_all());
  });
  loop.run();
  EXPECT_TRUE(joined.done());
  EXPECT_EQ(count, 1);
}

TEST(TaskGroup, TaskOfAStoppedGroupBeginsStopped) {
  SimLoop loop;
  TaskGroup group(loop);
  group.cancel();
  int count = 0;
  group.spawn(count_after, 5, std::ref(count));
  loop.run();
  EXPECT_EQ(count, 0);
}

TEST(TaskGroup, FinishesWhenItsLoopDoesNotRunAnyMore) {
  SimLoop loop;
  TaskGroup group(loop);
  bool ended = false;
  group.spawn([&]() -> Task<> {
    const Result<void> slept = co_await sleep_for(Duration::from_seconds(100));
    ended = !slept;
  });
  loop.run_ready();
  group.finish();
  EXPECT_TRUE(ended);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_EQ(loop.now(), TimePoint());
}

TEST(TaskGroupDeathTest, GroupThatGoesWithLiveTasksEndsTheProgram) {
  EXPECT_DEATH(
      {
        SimLoop loop;
        TaskGroup group(loop);
        group.spawn([] {});
      },
      "");
}

}  // namespace
}  // namespace zerver::async
