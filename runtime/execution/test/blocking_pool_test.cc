#include "counted_job.h"
#include <zerver/execution/blocking_pool.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <deque>
#include <latch>

namespace zerver::execution {
namespace {

class BlockingPoolTest : public ::testing::Test {
 protected:
  CountedJob& job(std::function<void()> work = {}) { return jobs.emplace_back(counts, std::move(work)); }

  Counts counts;
  std::deque<CountedJob> jobs;
};

TEST_F(BlockingPoolTest, MakesThreadsWhileJobsBlock) {
  BlockingPool pool({.threads = 3});
  std::latch together(3);  // none goes on before all three have begun
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(pool.submit(job([&] { together.arrive_and_wait(); })), Submit::kAccepted);
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 3);
  EXPECT_EQ(pool.state(), PoolState::kStopped);
}

TEST_F(BlockingPoolTest, MakesNoMoreThanItsBoundAndQueuesNoMoreThanItsBound) {
  BlockingPool pool({.threads = 1, .queue = 1});
  std::latch begun(1);
  std::latch go(1);
  ASSERT_EQ(pool.submit(job([&] {
    begun.count_down();
    go.wait();
  })),
            Submit::kAccepted);
  begun.wait();
  ASSERT_EQ(pool.submit(job()), Submit::kAccepted);
  EXPECT_EQ(pool.submit(job()), Submit::kFull);
  EXPECT_EQ(pool.stats().threads, 1U);
  EXPECT_EQ(pool.stats().waiting, 1U);
  EXPECT_EQ(pool.stats().running, 1U);
  EXPECT_EQ(pool.stats().refused, 1U);
  go.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 2);
}

TEST_F(BlockingPoolTest, TellsTheEndOnTheLoopThatAJobCameFrom) {
  testing::SimLoop loop;
  BlockingPool pool({});
  CountedJob one(counts, loop);
  ASSERT_EQ(pool.submit(one), Submit::kAccepted);
  loop.run_with_threads_until([&] { return counts.ended() == 1; });
  EXPECT_EQ(counts.ran, 1);
}

TEST_F(BlockingPoolTest, GivesBackAJobThatHasNotBegun) {
  BlockingPool pool({.threads = 1});
  std::latch begun(1);
  std::latch go(1);
  CountedJob& first = job([&] {
    begun.count_down();
    go.wait();
  });
  ASSERT_EQ(pool.submit(first), Submit::kAccepted);
  begun.wait();
  CountedJob& second = job();
  CountedJob& third = job();
  ASSERT_EQ(pool.submit(second), Submit::kAccepted);
  ASSERT_EQ(pool.submit(third), Submit::kAccepted);
  EXPECT_FALSE(pool.withdraw(first));
  EXPECT_TRUE(pool.withdraw(third));
  EXPECT_FALSE(pool.withdraw(third));
  ASSERT_EQ(pool.submit(third), Submit::kAccepted);
  EXPECT_TRUE(pool.withdraw(second));
  go.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 2);
  EXPECT_EQ(counts.dropped, 0);
}

TEST_F(BlockingPoolTest, DropsWhatHasNotBegunWhenItStops) {
  BlockingPool pool({.threads = 1});
  std::latch begun(1);
  std::latch go(1);
  ASSERT_EQ(pool.submit(job([&] {
    begun.count_down();
    go.wait();
  })),
            Submit::kAccepted);
  begun.wait();
  ASSERT_EQ(pool.submit(job()), Submit::kAccepted);
  EXPECT_FALSE(pool.join(Duration::from_milliseconds(1)));
  EXPECT_EQ(counts.dropped, 1);
  EXPECT_EQ(pool.submit(job()), Submit::kStopped);
  go.count_down();
  EXPECT_TRUE(pool.join(kLong));
}

TEST_F(BlockingPoolTest, FinishesWhatItsJobsSubmitWhileItDrains) {
  BlockingPool pool({.threads = 1});
  std::latch draining(1);
  CountedJob child(counts);
  ASSERT_EQ(pool.submit(job([&] {
    draining.wait();
    ASSERT_EQ(pool.submit(child), Submit::kAccepted);
  })),
            Submit::kAccepted);
  pool.drain();
  draining.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 2);
}

TEST_F(BlockingPoolTest, StopsAtOnceWhenItNeverHadAThread) {
  BlockingPool pool({});
  EXPECT_TRUE(pool.join(Duration{0}));
  EXPECT_EQ(pool.state(), PoolState::kStopped);
}

TEST_F(BlockingPoolTest, LetsIdleThreadsGoAndMakesNewOnes) {
  BlockingPool pool({.threads = 2, .idle_timeout = Duration{0}});
  for (int round = 1; round <= 100; ++round) {
    std::latch ran(1);
    ASSERT_EQ(pool.submit(job([&] { ran.count_down(); })), Submit::kAccepted);
    ran.wait();
  }
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 100);
}

}  // namespace
}  // namespace zerver::execution
