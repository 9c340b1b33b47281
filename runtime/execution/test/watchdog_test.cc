#include <zerver/execution/watchdog.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

namespace zerver::execution {
namespace {

constexpr Duration kLimit = Duration::from_milliseconds(50);

TEST(Watchdog, ReportsAThreadThatIsBusyForTooLongOnce) {
  ManualClock clock;
  testing::MemoryLog log;
  Watchdog watchdog(clock, log, kLimit);
  Heartbeat& heartbeat = watchdog.watch("worker 0");
  heartbeat.begin(clock.now());
  clock.advance(kLimit);
  EXPECT_EQ(watchdog.check(), 0U);
  clock.advance(Duration::from_milliseconds(10));
  EXPECT_EQ(watchdog.check(), 1U);
  EXPECT_EQ(watchdog.check(), 0U);
  EXPECT_EQ(watchdog.reports(), 1U);
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_EQ(log.lines[0], "worker 0 has been blocked for 60 ms");
}

TEST(Watchdog, IsSilentAboutIdleThreadsAndTellsTurnsApart) {
  ManualClock clock;
  testing::MemoryLog log;
  Watchdog watchdog(clock, log, kLimit);
  Heartbeat& heartbeat = watchdog.watch("worker 0");
  clock.advance(Duration::from_seconds(10));
  EXPECT_EQ(watchdog.check(), 0U);
  for (int turn = 1; turn <= 2; ++turn) {
    heartbeat.begin(clock.now());
    clock.advance(Duration::from_seconds(1));
    EXPECT_EQ(watchdog.check(), 1U);
    heartbeat.end();
    EXPECT_EQ(watchdog.check(), 0U);
  }
}

}  // namespace
}  // namespace zerver::execution
