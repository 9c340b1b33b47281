// The signals that ask a program to stop.
#include <zerver/io/stop_signals.h>

#include <gtest/gtest.h>

#include <csignal>

namespace zerver::io {
namespace {

TEST(StopSignals, AreWaitedFor) {
  StopSignals signals;
  ASSERT_EQ(std::raise(SIGTERM), 0);
  EXPECT_EQ(signals.wait(), SIGTERM);
  ASSERT_EQ(std::raise(SIGINT), 0);
  EXPECT_EQ(signals.wait(), SIGINT);
}

TEST(StopSignals, WaitForOthersWhenAsked) {
  StopSignals signals({SIGUSR1});
  ASSERT_EQ(std::raise(SIGUSR1), 0);
  EXPECT_EQ(signals.wait(), SIGUSR1);
  ASSERT_EQ(std::raise(SIGTERM), 0);
  EXPECT_EQ(signals.wait(), SIGTERM);
}

TEST(StopSignalsDeathTest, EndTheProgramWhenTheyWereLetGo) {
  EXPECT_EXIT(
      {
        StopSignals signals;
        std::raise(SIGINT);
        signals.wait();
        signals.let_go(SIGINT);
        std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace zerver::io
