#include <zerver/async/task.h>
#include <zerver/core/arena.h>
#include <zerver/core/clock.h>
#include <zerver/execution/compute_pool.h>
#include <zerver/execution/run_on.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace zerver::execution {
namespace {

struct Place {
  SystemClock clock;
  Arena arena{4096};
  testing::SimLoop loop;
  ComputePool pool{clock, {.threads = 2}};

  // Runs the coroutine to its end.
  void finish(async::Task<void> task) {
    task.start();
    loop.run_with_threads_until([&] { return task.done(); });
    task.await_resume();
  }
};

async::Task<void> compute_answer(Arena&, Place& place) {
  const std::thread::id home = std::this_thread::get_id();
  std::thread::id there;
  const Result<int> result = co_await run_on(place.pool, place.loop, [&there] {
    there = std::this_thread::get_id();
    return 6 * 7;
  });
  EXPECT_EQ(result.value(), 42);
  EXPECT_NE(there, home);
  EXPECT_EQ(std::this_thread::get_id(), home);
}

async::Task<void> compute_and_throw(Arena&, Place& place) {
  const Result<void> result = co_await run_on(place.pool, place.loop, [] { throw std::runtime_error("no"); });
  ADD_FAILURE() << "went on with " << result.has_value();
}

async::Task<void> compute_too_late(Arena&, Place& place) {
  const Result<int> result = co_await run_on(place.pool, place.loop, [] { return 1; });
  EXPECT_EQ(result.error().kind, FaultKind::kUnavailable);
  EXPECT_EQ(result.error().why, "the pool has stopped");
}

TEST(RunOn, GoesOnOnTheLoopWithWhatTheFunctionReturned) {
  Place place;
  place.finish(compute_answer(place.arena, place));
}

TEST(RunOn, ThrowsWhatTheFunctionThrows) {
  Place place;
  EXPECT_THROW(place.finish(compute_and_throw(place.arena, place)), std::runtime_error);
}

TEST(RunOn, FailsWhenThePoolHasStopped) {
  Place place;
  place.pool.stop();
  place.finish(compute_too_late(place.arena, place));
}

}  // namespace
}  // namespace zerver::execution
