#include "tests/support/times.h"
#include <zerver/async/scheduling/controlled_delay.h>

#include <gtest/gtest.h>

#include <deque>

namespace zerver::async {
namespace {

using test::at;
using test::ms;

TEST(ControlledDelay, LetsABurstPass) {
  ControlledDelay delay;  // 5 ms, 100 ms
  // 80 ms of work come at once: the waits are long, but the queue empties before the interval is over.
  for (int i = 0; i < 80; ++i)
    EXPECT_FALSE(delay.sheds(ms(i), at(i)));
  delay.note_no_wait();
  for (int i = 100; i < 180; ++i)
    EXPECT_FALSE(delay.sheds(ms(i - 100), at(i)));
}

TEST(ControlledDelay, ShedsWhatWaitedLongWhenTheQueueStands) {
  ControlledDelay delay;
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(delay.sheds(ms(30), at(i)));
  EXPECT_FALSE(delay.overloaded());
  EXPECT_TRUE(delay.sheds(ms(30), at(100)));
  EXPECT_TRUE(delay.overloaded());
  EXPECT_FALSE(delay.sheds(ms(9), at(101)));  // it has waited less than twice the target
}

TEST(ControlledDelay, OneShortWaitInAnIntervalEndsIt) {
  ControlledDelay delay;
  for (int i = 0; i < 250; ++i)
    static_cast<void>(delay.sheds(ms(30), at(i)));
  ASSERT_TRUE(delay.overloaded());
  EXPECT_FALSE(delay.sheds(ms(1), at(260)));
  EXPECT_FALSE(delay.sheds(ms(30), at(310)));
  EXPECT_FALSE(delay.overloaded());
}

TEST(ControlledDelay, APauseEndsIt) {
  ControlledDelay delay;
  for (int i = 0; i < 250; ++i)
    static_cast<void>(delay.sheds(ms(30), at(i)));
  ASSERT_TRUE(delay.overloaded());
  EXPECT_FALSE(delay.sheds(ms(30), at(1000)));
  EXPECT_FALSE(delay.overloaded());
}

// A server that does one request in a millisecond, and three come in each: as many as ever are served, and
// all of them have waited little more than twice the target.
TEST(ControlledDelay, KeepsTheThroughputAndBoundsTheWaitAtThreeTimesTheCapacity) {
  ControlledDelay delay;
  std::deque<TimePoint> queue;
  int served = 0;
  Duration longest;
  for (int now = 0; now < 3'000; ++now) {
    for (int i = 0; i < 3; ++i)
      queue.push_back(at(now));
    while (!queue.empty()) {
      const Duration wait = at(now) - queue.front();
      queue.pop_front();
      if (delay.sheds(wait, at(now))) continue;
      ++served;
      if (now >= 500) longest = std::max(longest, wait);
      break;
    }
  }
  EXPECT_EQ(served, 3'000);
  EXPECT_LE(longest, ms(11));
}

}  // namespace
}  // namespace zerver::async
