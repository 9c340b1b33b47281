#include "tests/support/times.h"
#include <zerver/async/scheduling/pressure.h>

#include <gtest/gtest.h>

#include <cstdint>

namespace zerver::async {
namespace {

using test::ms;
constexpr PressurePolicy kPolicy{
    .waiting = {.high = 75, .low = 50}, .memory = {.high = 1000, .low = 800}, .longest = ms(200)};

class PressureTest : public ::testing::Test {
 protected:
  void observe(const Pressure::Load& load) { pressure.observe(load, now); }

  Pressure pressure{kPolicy};
  TimePoint now = TimePoint{} + Duration::from_seconds(100);
};

TEST_F(PressureTest, TakesWhatComesWhileThereIsRoom) {
  observe({.waiting = 74, .memory = 999});
  EXPECT_TRUE(pressure.accepts());
  EXPECT_TRUE(pressure.reads());
  EXPECT_EQ(pressure.next(), TimePoint::never());
}

TEST_F(PressureTest, PausesAtTheHighMarkAndGoesOnAtTheLowOne) {
  observe({.waiting = 75});
  EXPECT_FALSE(pressure.accepts());
  EXPECT_FALSE(pressure.reads());
  EXPECT_EQ(pressure.next(), now + ms(200));
  now = now + ms(10);
  observe({.waiting = 51});
  EXPECT_FALSE(pressure.reads());
  observe({.waiting = 50});
  EXPECT_TRUE(pressure.accepts());
  EXPECT_TRUE(pressure.reads());
  observe({.waiting = 75});  // the pause did not end by time, so the next one may begin at once
  EXPECT_FALSE(pressure.reads());
  EXPECT_EQ(pressure.read_pauses(), 2U);
  EXPECT_EQ(pressure.accept_pauses(), 2U);
}

TEST_F(PressureTest, MemoryCountsAsTheQueueDoes) {
  observe({.memory = 1000});
  EXPECT_FALSE(pressure.reads());
  observe({.waiting = 0, .memory = 801});
  EXPECT_FALSE(pressure.reads());
  observe({.waiting = 51, .memory = 800});
  EXPECT_FALSE(pressure.reads());
  observe({.waiting = 50, .memory = 800});
  EXPECT_TRUE(pressure.reads());
}

TEST_F(PressureTest, AStandingQueueAndAFullHouseKeepOnlyNewClientsOut) {
  observe({.queue_stands = true});
  EXPECT_FALSE(pressure.accepts());
  EXPECT_TRUE(pressure.reads());
  observe({.connections_full = true});
  EXPECT_FALSE(pressure.accepts());
  observe({});
  EXPECT_TRUE(pressure.accepts());
  EXPECT_EQ(pressure.read_pauses(), 0U);
}

TEST_F(PressureTest, APauseEndsWithTimeAndTheNextOneComesNoSooner) {
  observe({.waiting = 99});
  now = now + ms(199);
  observe({.waiting = 99});
  EXPECT_FALSE(pressure.reads());
  now = now + ms(1);
  observe({.waiting = 99});
  EXPECT_TRUE(pressure.accepts());
  EXPECT_TRUE(pressure.reads());
  now = now + ms(199);
  observe({.waiting = 99});
  EXPECT_TRUE(pressure.reads());
  now = now + ms(1);
  observe({.waiting = 99});
  EXPECT_FALSE(pressure.reads());
  EXPECT_EQ(pressure.read_pauses(), 2U);
}

// However long the pressure lasts, half of the time is left, and no pause is longer than the longest.
TEST_F(PressureTest, IsOpenForHalfOfTheTimeAtLeast) {
  int closed = 0;
  int run = 0;
  for (int i = 0; i < 10'000; ++i) {
    observe({.waiting = 99, .connections_full = i % 3 == 0});
    run = pressure.reads() ? 0 : run + 1;
    closed += run > 0 ? 1 : 0;
    ASSERT_LE(run, 200);
    EXPECT_GE(pressure.next(), now);
    now = now + ms(1);
  }
  EXPECT_GE(closed, 4'900);
  EXPECT_LE(closed, 5'100);
}

}  // namespace
}  // namespace zerver::async
