#include "tests/support/times.h"
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

using test::at;

Task<> note(SimLoop& loop, Awaiting<Sleep> sleep, std::vector<TimePoint>& times) {
  EXPECT_TRUE(co_await sleep);
  times.push_back(loop.now());
}

TEST(Sleep, IsExactInVirtualTime) {
  SimLoop loop;
  std::vector<TimePoint> times;
  spawn(loop, note, std::ref(loop), sleep_for(Duration::from_milliseconds(30)), std::ref(times)).detach();
  spawn(loop, note, std::ref(loop), sleep_for(Duration::from_milliseconds(10)), std::ref(times)).detach();
  spawn(loop, note, std::ref(loop), sleep_until(at(20)), std::ref(times)).detach();
  spawn(loop, note, std::ref(loop), sleep_for(Duration::from_seconds(86'400 * 30)), std::ref(times)).detach();
  loop.run();
  EXPECT_EQ(times, (std::vector{at(10), at(20), at(30), at(86'400'000LL * 30)}));
}

TEST(Sleep, CountsFromWhenItIsAwaited) {
  SimLoop loop;
  std::vector<TimePoint> times;
  Awaiting<Sleep> early = sleep_for(Duration::from_milliseconds(10));
  loop.run_for(Duration::from_milliseconds(100));
  spawn(loop, note, std::ref(loop), std::move(early), std::ref(times)).detach();
  loop.run();
  EXPECT_EQ(times, std::vector{at(110)});
}

TEST(Sleep, OfNothingLetsOthersHaveATurn) {
  SimLoop loop;
  std::string order;
  spawn(loop, [&]() -> Task<> {
    order += 'a';
    EXPECT_TRUE(co_await sleep_for(Duration{0}));
    order += 'c';
    EXPECT_TRUE(co_await sleep_until(TimePoint{}));
    order += 'd';
  }).detach();
  spawn(loop, [&] { order += 'b'; }).detach();
  EXPECT_TRUE(loop.run_ready());
  EXPECT_EQ(order, "abcd");
}

TEST(Sleep, IsCancelledAtOnce) {
  SimLoop loop;
  auto task = spawn(loop, []() -> Task<FaultKind> {
    co_return (co_await sleep_for(Duration::from_seconds(1))).error().kind;
  });
  loop.run_ready();
  task.cancel();
  loop.run();
  EXPECT_EQ(task.take(), FaultKind::kCancelled);
  EXPECT_EQ(loop.now(), at(0));
}

TEST(Sleep, IsNotCancelledWhenItIsShielded) {
  SimLoop loop;
  auto task = spawn(loop, []() -> Task<bool> {
    co_return (co_await shield(sleep_for(Duration::from_milliseconds(5)))).has_value();
  });
  loop.run_ready();
  task.cancel();
  loop.run();
  EXPECT_TRUE(task.take());
  EXPECT_EQ(loop.now(), at(5));
}

TEST(Yield, LetsOthersThatAreReadyHaveATurn) {
  SimLoop loop;
  std::string order;
  for (const char name : {'a', 'b', 'c'}) {
    spawn(loop, [&order, name]() -> Task<> {
      for (int i = 0; i < 3; ++i) {
        order += name;
        EXPECT_TRUE(co_await yield_now());
      }
    }).detach();
  }
  loop.run();
  EXPECT_EQ(order, "abcabcabc");
}

TEST(Yield, TellsThatAStopWasRequested) {
  SimLoop loop;
  int turns = 0;
  auto task = spawn(loop, [&]() -> Task<> {
    for (bool goes_on = true; goes_on;) {
      if (++turns == 10) (void)co_await sleep_for(Duration::from_milliseconds(1));
      goes_on = (co_await yield_now()).has_value();
    }
  });
  loop.run_ready();
  task.cancel();
  loop.run();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(turns, 10);
}

}  // namespace
}  // namespace zerver::async
