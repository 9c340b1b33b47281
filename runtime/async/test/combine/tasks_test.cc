#include "tests/support/times.h"
#include <zerver/async/combine/all.h>
#include <zerver/async/combine/race.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

using test::ms;

Task<Result<int>> give(std::int64_t milliseconds, int value) {
  if (const Result<void> slept = co_await sleep_for(ms(milliseconds)); !slept) co_return slept.error();
  co_return value;
}
Task<Result<int>> fail(std::int64_t milliseconds, FaultKind kind) {
  if (const Result<void> slept = co_await sleep_for(ms(milliseconds)); !slept) co_return slept.error();
  co_return Fault{kind, "as it should", {}};
}
Task<Result<int>> raise(std::int64_t milliseconds, std::string what) {
  (void)co_await sleep_for(ms(milliseconds));
  throw std::runtime_error(what);
}
// Does not care for stops.
Task<Result<int>> insist(std::int64_t milliseconds, int value) {
  (void)co_await shield(sleep_for(ms(milliseconds)));
  co_return value;
}
Task<> note(std::int64_t milliseconds, std::string& order, char name) {
  (void)co_await sleep_for(ms(milliseconds));
  order += name;
}

// Runs a task to its end and gives what it gave.
template <class T> T result_of(SimLoop& loop, Task<T> task) {
  auto handle =
      spawn(loop, [](Task<T> own) -> Task<T> { co_return co_await std::move(own); }, std::move(task));
  loop.run();
  EXPECT_TRUE(handle.done());
  return handle.take();
}
std::int64_t milliseconds(const SimLoop& loop) { return loop.now().nanoseconds / 1'000'000; }

TEST(All, GivesEveryValueInTheOrderOfNaming) {
  SimLoop loop;
  std::string order;
  auto [first, nothing, second] = result_of(loop, all(give(30, 1), note(10, order, 'n'), give(20, 2)));
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(nothing, Nothing());
  EXPECT_EQ(*second, 2);
  EXPECT_EQ(order, "n");
  EXPECT_EQ(milliseconds(loop), 30);
}

TEST(All, FailureStopsTheOthersAndAllIsReported) {
  SimLoop loop;
  auto [first, second, third] =
      result_of(loop, all(give(30, 1), fail(10, FaultKind::kConflict), insist(20, 3)));
  EXPECT_EQ(first.error().kind, FaultKind::kCancelled);
  EXPECT_EQ(second.error().kind, FaultKind::kConflict);
  EXPECT_EQ(*third, 3);
  EXPECT_EQ(milliseconds(loop), 20);
}

TEST(All, ThrowsTheExceptionThatIsNamedFirst) {
  SimLoop loop;
  try {
    (void)result_of(loop, all(give(5, 1), raise(20, "first"), raise(10, "second")));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
}

TEST(All, TakesAnyNumber) {
  SimLoop loop;
  std::vector<Task<Result<int>>> tasks;
  for (int i = 0; i < 100; ++i)
    tasks.push_back(give(100 - i, i));
  const std::vector<Result<int>> values = result_of(loop, all(std::move(tasks)));
  ASSERT_EQ(values.size(), 100U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(*values[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(result_of(loop, all(std::vector<Task<int>>())).empty());
}

Task<int> ready(int value) { co_return value; }

TEST(All, OfTasksThatDoNotWaitDoesNotWait) {
  SimLoop loop;
  auto [one, two] = result_of(loop, all(ready(1), ready(2)));
  EXPECT_EQ(one + two, 3);
}

TEST(Race, IsWonByTheFirstToEndAndTheOthersAreStopped) {
  SimLoop loop;
  const auto won = result_of(loop, race(give(30, 1), give(10, 2), give(20, 3)));
  EXPECT_EQ(won.index, 1U);
  EXPECT_EQ(*won.value, 2);
  EXPECT_EQ(milliseconds(loop), 10);
}

TEST(Race, IsWonByAFailureToo) {
  SimLoop loop;
  const auto won = result_of(loop, race(give(30, 1), fail(10, FaultKind::kMissing)));
  EXPECT_EQ(won.index, 1U);
  EXPECT_EQ(won.value.error().kind, FaultKind::kMissing);
  EXPECT_THROW((void)result_of(loop, race(give(30, 1), raise(10, "no"))), std::runtime_error);
}

TEST(Race, WaitsForLosersThatTakeTheirTime) {
  SimLoop loop;
  const auto won = result_of(loop, race(insist(30, 1), give(10, 2)));
  EXPECT_EQ(*won.value, 2);
  EXPECT_EQ(milliseconds(loop), 30);
}

TEST(Race, TakesAnyNumber) {
  SimLoop loop;
  std::vector<Task<Result<int>>> tasks;
  for (int i = 0; i < 50; ++i)
    tasks.push_back(give(100 - i, i));
  const auto won = result_of(loop, race(std::move(tasks)));
  EXPECT_EQ(won.index, 49U);
  EXPECT_EQ(*won.value, 49);
}

TEST(Any, IsTheFirstSuccess) {
  SimLoop loop;
  const auto won =
      result_of(loop, any(give(30, 1), fail(5, FaultKind::kMissing), raise(6, "no"), give(20, 2)));
  EXPECT_EQ(won.index, 3U);
  EXPECT_EQ(*won.value, 2);
  EXPECT_EQ(milliseconds(loop), 20);
}

TEST(Any, WithoutASuccessIsWhatTheFirstNamedGave) {
  SimLoop loop;
  const auto won = result_of(loop, any(fail(30, FaultKind::kConflict), fail(5, FaultKind::kMissing)));
  EXPECT_EQ(won.index, 0U);
  EXPECT_EQ(won.value.error().kind, FaultKind::kConflict);
  EXPECT_THROW((void)result_of(loop, any(raise(30, "no"), fail(5, FaultKind::kMissing))), std::runtime_error);
}

// Each combinator, stopped from outside at every millisecond of its life: it ends at once, with all its
// branches.
TEST(Combinators, StopFromOutsideAtEveryPoint) {
  for (int which = 0; which < 4; ++which) {
    for (std::int64_t when = 0; when <= 40; ++when) {
      SimLoop loop;
      auto task = spawn(loop, [which]() -> Task<> {
        switch (which) {
          case 0:
            (void)co_await all(give(30, 1), give(10, 2), give(20, 3));
            break;
          case 1:
            (void)co_await race(give(30, 1), give(10, 2), give(20, 3));
            break;
          case 2:
            (void)co_await any(give(30, 1), fail(10, FaultKind::kMissing), give(20, 3));
            break;
          default:
            (void)co_await timeout(give(30, 1), ms(20));
            break;
        }
      });
      loop.run_for(ms(when));
      task.cancel();
      loop.run_ready();
      EXPECT_TRUE(task.done()) << which << " at " << when;
      loop.run();
      EXPECT_EQ(milliseconds(loop), when);
    }
  }
}

TEST(Timeout, GivesTheValueOfAFastTask) {
  SimLoop loop;
  EXPECT_EQ(*result_of(loop, timeout(give(10, 1), ms(20))), 1);
  EXPECT_EQ(milliseconds(loop), 10);
  EXPECT_EQ(*result_of(loop, timeout(ready(4), ms(20))), 4);
}

TEST(Timeout, StopsASlowTask) {
  SimLoop loop;
  EXPECT_EQ(result_of(loop, timeout(give(30, 1), ms(20))).error().kind, FaultKind::kTimeout);
  EXPECT_EQ(milliseconds(loop), 20);
}

TEST(Timeout, WaitsForATaskThatTakesItsTimeAndDropsWhatItGives) {
  SimLoop loop;
  EXPECT_EQ(result_of(loop, timeout(insist(30, 1), ms(20))).error().kind, FaultKind::kTimeout);
  EXPECT_EQ(milliseconds(loop), 30);
}

TEST(Timeout, PassesFailuresAndExceptionsOn) {
  SimLoop loop;
  EXPECT_EQ(result_of(loop, timeout(fail(10, FaultKind::kMissing), ms(20))).error().kind,
            FaultKind::kMissing);
  EXPECT_THROW((void)result_of(loop, timeout(raise(10, "no"), ms(20))), std::runtime_error);
}

TEST(Timeout, OfATaskWithoutValue) {
  SimLoop loop;
  std::string order;
  EXPECT_TRUE(result_of(loop, timeout(note(10, order, 'a'), ms(20))));
  EXPECT_FALSE(result_of(loop, timeout(note(30, order, 'b'), ms(20))));
}

TEST(Timeout, InnerAndOuterAreToldApart) {
  SimLoop loop;
  // The outer one is shorter: the inner task was cancelled, not timed out.
  const auto outer = result_of(loop, timeout(timeout(give(50, 1), ms(30)), ms(20)));
  EXPECT_EQ(outer.error().kind, FaultKind::kTimeout);
  EXPECT_EQ(milliseconds(loop), 20);
}

Task<bool> is_stopped() { co_return (co_await this_context()).stop.stop_requested(); }

TEST(WithStop, ReplacesTheToken) {
  SimLoop loop;
  StopSource stop;
  stop.request_stop();
  EXPECT_TRUE(result_of(loop, [](StopToken token) -> Task<bool> {
    co_return co_await with_stop(token, is_stopped());
  }(stop.token())));
}

TEST(Shield, HidesTheStopFromATask) {
  SimLoop loop;
  auto task =
      spawn(loop, []() -> Task<bool> { co_return co_await shield(is_stopped()) || !co_await is_stopped(); });
  task.cancel();
  loop.run();
  EXPECT_FALSE(task.take());
}

}  // namespace
}  // namespace zerver::async
