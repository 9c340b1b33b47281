#include "counted_job.h"
#include <zerver/execution/task_system.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <latch>

namespace zerver::execution {
namespace {

TEST(TaskSystem, DrainsThePoolOfComputingBeforeThatOfBlockingCalls) {
  const SystemClock clock;
  testing::MemoryLog log;
  TaskSystem system(clock, log, {.compute = {.threads = 2}});
  Counts counts;
  std::latch draining(1);
  // A job that still needs a blocking call while the system shuts down.
  CountedJob call(counts);
  CountedJob job(counts, [&] {
    draining.wait();
    EXPECT_EQ(system.compute().state(), PoolState::kDraining);
    EXPECT_EQ(system.blocking().state(), PoolState::kRunning);
    EXPECT_EQ(system.blocking().submit(call), Submit::kAccepted);
  });
  ASSERT_EQ(system.compute().submit(job), Submit::kAccepted);
  system.compute().drain();
  draining.count_down();
  EXPECT_TRUE(system.join(Duration::from_seconds(60)));
  EXPECT_EQ(counts.ran, 2);
  EXPECT_EQ(system.compute().state(), PoolState::kStopped);
  EXPECT_EQ(system.blocking().state(), PoolState::kStopped);
}

TEST(TaskSystem, IsMadeAndEndedAThousandTimes) {
  const SystemClock clock;
  testing::MemoryLog log;
  for (int round = 0; round < 1000; ++round) {
    TaskSystem system(clock, log, {.compute = {.threads = 2}});
    Counts counts;
    CountedJob computing(counts);
    CountedJob blocking(counts);
    ASSERT_EQ(system.compute().submit(computing), Submit::kAccepted);
    ASSERT_EQ(system.blocking().submit(blocking), Submit::kAccepted);
    ASSERT_TRUE(system.join(Duration::from_seconds(60)));
    ASSERT_EQ(counts.ran, 2);
  }
}

TEST(TaskSystem, WatchesItsComputeThreadsWhenAsked) {
  const SystemClock clock;
  testing::MemoryLog log;
  TaskSystem system(clock, log, {.watchdog = Duration::from_milliseconds(1)});
  Counts counts;
  CountedJob job(counts, [&] {
    while (system.watchdog()->reports() == 0) {
    }
  });
  ASSERT_EQ(system.compute().submit(job), Submit::kAccepted);
  EXPECT_TRUE(system.join(Duration::from_seconds(60)));
  EXPECT_EQ(counts.ran, 1);
}

}  // namespace
}  // namespace zerver::execution
