#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/async/sync/semaphore.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

Task<bool> hold(Semaphore& semaphore, std::size_t count, std::vector<std::size_t>& order,
                std::size_t number) {
  const Result<Permits> permits = co_await semaphore.acquire(count);
  if (!permits) co_return false;
  order.push_back(number);
  (void)co_await shield(sleep_for(Duration::from_milliseconds(10)));
  co_return true;
}

TEST(Semaphore, LetsSoManyInAndTheRestWaitTheirTurn) {
  SimLoop loop;
  Semaphore semaphore(3);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < 10; ++i)
    spawn(loop, hold, std::ref(semaphore), std::size_t{1}, std::ref(order), i).detach();
  loop.run_ready();
  EXPECT_EQ(order.size(), 3U);
  EXPECT_EQ(semaphore.available(), 0U);
  loop.run_for(Duration::from_milliseconds(11));
  EXPECT_EQ(order.size(), 6U);
  loop.run();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 10U);
  EXPECT_EQ(semaphore.available(), 3U);
}

TEST(Semaphore, WhoeverWantsManyIsNotPassed) {
  SimLoop loop;
  Semaphore semaphore(2);
  std::vector<std::size_t> order;
  auto small = spawn(loop, hold, std::ref(semaphore), std::size_t{1}, std::ref(order), std::size_t{1});
  auto large = spawn(loop, hold, std::ref(semaphore), std::size_t{2}, std::ref(order), std::size_t{2});
  auto behind = spawn(loop, hold, std::ref(semaphore), std::size_t{1}, std::ref(order), std::size_t{3});
  loop.run_ready();
  EXPECT_EQ(order, std::vector<std::size_t>{1});
  // One is free, but others wait.
  EXPECT_EQ(semaphore.available(), 1U);
  EXPECT_FALSE(semaphore.try_acquire());
  loop.run();
  EXPECT_EQ(order, (std::vector<std::size_t>{1, 2, 3}));
}

TEST(Semaphore, CancelOfTheFirstLetsThoseBehindIn) {
  SimLoop loop;
  Semaphore semaphore(2);
  std::vector<std::size_t> order;
  Result<Permits> one = semaphore.try_acquire();
  auto large = spawn(loop, hold, std::ref(semaphore), std::size_t{2}, std::ref(order), std::size_t{1});
  auto small = spawn(loop, hold, std::ref(semaphore), std::size_t{1}, std::ref(order), std::size_t{2});
  loop.run();
  EXPECT_TRUE(order.empty());
  large.cancel();
  loop.run();
  EXPECT_FALSE(large.take());
  EXPECT_EQ(order, std::vector<std::size_t>{2});
}

TEST(Semaphore, PermitsCanBeKeptAndGivenBackLater) {
  Semaphore semaphore(2);
  {
    Result<Permits> permits = semaphore.try_acquire(2);
    ASSERT_TRUE(permits);
    EXPECT_EQ(permits->detach(), 2U);
  }
  EXPECT_EQ(semaphore.available(), 0U);
  const Result<Permits> none = semaphore.try_acquire();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, FaultKind::kUnavailable);
  semaphore.release(3);
  EXPECT_EQ(semaphore.available(), 3U);
  Permits permits = *semaphore.try_acquire(1);
  permits = *semaphore.try_acquire(2);
  EXPECT_EQ(permits.count(), 2U);
  EXPECT_EQ(semaphore.available(), 1U);
}

}  // namespace
}  // namespace zerver::async
