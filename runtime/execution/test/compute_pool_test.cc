#include "counted_job.h"
#include <zerver/execution/compute_pool.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <deque>
#include <latch>
#include <memory>
#include <thread>

namespace zerver::execution {
namespace {

class ComputePoolTest : public ::testing::Test {
 protected:
  CountedJob& job(std::function<void()> work = {}) { return jobs.emplace_back(counts, std::move(work)); }

  SystemClock clock;
  Counts counts;
  std::deque<CountedJob> jobs;
};

TEST_F(ComputePoolTest, RunsEveryAcceptedJobBeforeItStops) {
  ComputePool pool(clock, {.threads = 3});
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(pool.submit(job()), Submit::kAccepted);
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 1000);
  EXPECT_EQ(pool.state(), PoolState::kStopped);
  EXPECT_EQ(pool.stats().ran, 1000U);
  EXPECT_EQ(pool.stats().outstanding, 0U);
}

TEST_F(ComputePoolTest, TellsTheEndOnTheLoopThatAJobCameFrom) {
  testing::SimLoop loop;
  ComputePool pool(clock, {.threads = 2});
  std::thread::id worked_on;
  CountedJob one(counts, loop, [&] { worked_on = std::this_thread::get_id(); });
  ASSERT_EQ(pool.submit(one), Submit::kAccepted);
  loop.run_with_threads_until([&] { return counts.ended() == 1; });
  EXPECT_EQ(counts.ran, 1);
  EXPECT_NE(worked_on, std::this_thread::get_id());
}

TEST_F(ComputePoolTest, RefusesWhatItHasNoRoomFor) {
  ComputePool pool(clock, {.threads = 1, .queue = 2});
  std::latch go(1);
  for (int i = 0; i < 3; ++i)  // one that runs and two that wait
    ASSERT_EQ(pool.submit(job([&] { go.wait(); })), Submit::kAccepted);
  EXPECT_EQ(pool.submit(job()), Submit::kFull);
  EXPECT_EQ(pool.stats().refused, 1U);
  go.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 3);
}

TEST_F(ComputePoolTest, AcceptsNothingFromOutsideOnceItDrains) {
  ComputePool pool(clock, {});
  std::latch go(1);
  ASSERT_EQ(pool.submit(job([&] { go.wait(); })), Submit::kAccepted);
  pool.drain();
  EXPECT_EQ(pool.state(), PoolState::kDraining);
  EXPECT_EQ(pool.submit(job()), Submit::kStopped);
  go.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(pool.submit(job()), Submit::kStopped);
  EXPECT_EQ(counts.ran, 1);
}

TEST_F(ComputePoolTest, AcceptsWhatItsOwnJobsSubmitWhileItDrains) {
  ComputePool pool(clock, {});
  std::latch draining(1);
  CountedJob child(counts);
  Submit said = Submit::kStopped;
  ASSERT_EQ(pool.submit(job([&] {
    draining.wait();
    said = pool.submit(child);
  })),
            Submit::kAccepted);
  pool.drain();
  draining.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(said, Submit::kAccepted);
  EXPECT_EQ(counts.ran, 2);
}

TEST_F(ComputePoolTest, DropsWhatHasNotBegunWhenItStopsAndTellsOfIt) {
  ComputePool pool(clock, {.threads = 1});
  std::latch begun(1);
  std::latch go(1);
  ASSERT_EQ(pool.submit(job([&] {
    begun.count_down();
    go.wait();
  })),
            Submit::kAccepted);
  begun.wait();
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(pool.submit(job()), Submit::kAccepted);
  pool.stop();
  EXPECT_EQ(counts.dropped, 10);
  go.count_down();
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 1);
  EXPECT_EQ(pool.stats().dropped, 10U);
}

TEST_F(ComputePoolTest, WaitsNoLongerThanItsBoundForAJobThatDoesNotEnd) {
  ComputePool pool(clock, {.threads = 1});
  std::latch begun(1);
  std::latch go(1);
  ASSERT_EQ(pool.submit(job([&] {
    begun.count_down();
    go.wait();
  })),
            Submit::kAccepted);
  ASSERT_EQ(pool.submit(job()), Submit::kAccepted);
  begun.wait();
  EXPECT_FALSE(pool.join(Duration::from_milliseconds(1)));
  EXPECT_EQ(counts.dropped, 1);
  go.count_down();
}

TEST_F(ComputePoolTest, StealsWhatAnotherThreadHasQueued) {
  ComputePool pool(clock, {.threads = 2});
  // The first job fills its own thread's queue and stays there until all of that has run.
  std::latch children(20);
  std::deque<CountedJob> more;
  for (int i = 0; i < 20; ++i)
    more.emplace_back(counts, [&] { children.count_down(); });
  ASSERT_EQ(pool.submit(job([&] {
    for (CountedJob& each : more)
      ASSERT_EQ(pool.submit(each), Submit::kAccepted);
    children.wait();
  })),
            Submit::kAccepted);
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(counts.ran, 21);
  EXPECT_EQ(pool.stats().stolen, 20U);
}

TEST_F(ComputePoolTest, CountsJobsThatTakeLongerThanTheirBudget) {
  ComputePool pool(clock, {.threads = 1, .budget = Duration{0}});
  ASSERT_EQ(pool.submit(job([this] {
    for (const TimePoint begin = clock.now(); clock.now() <= begin;) {
    }
  })),
            Submit::kAccepted);
  EXPECT_TRUE(pool.join(kLong));
  EXPECT_EQ(pool.stats().overruns, 1U);
  EXPECT_GT(pool.stats().longest.nanoseconds, 0);
}

TEST_F(ComputePoolTest, EndsWithItsLastJobWhenToldTo) {
  for (int round = 0; round < 200; ++round) {
    ComputePool pool(clock, {.threads = 2, .idle_timeout = Duration{0}});
    CountedJob child(counts);
    ASSERT_EQ(pool.submit(job([&] { ASSERT_EQ(pool.submit(child), Submit::kAccepted); })), Submit::kAccepted);
    pool.wait_until_stopped();
    ASSERT_EQ(counts.ran, 2 * (round + 1));
    ASSERT_EQ(pool.submit(job()), Submit::kStopped);
  }
}

TEST_F(ComputePoolTest, EndsWhenItHasBeenIdleForLong) {
  ComputePool pool(clock, {.threads = 2, .idle_timeout = Duration::from_milliseconds(1)});
  pool.wait_until_stopped();
  EXPECT_EQ(pool.state(), PoolState::kStopped);
}

TEST_F(ComputePoolTest, LosesNoJobToAStopUnderLoad) {
  for (int round = 0; round < 50; ++round) {
    Counts all;
    std::atomic<int> accepted = 0;
    std::deque<CountedJob> mine;
    std::deque<CountedJob> others;
    for (int i = 0; i < 200; ++i) {
      mine.emplace_back(all);
      others.emplace_back(all);
    }
    {
      ComputePool pool(clock, {.threads = 2});
      const auto submit_all = [&](std::deque<CountedJob>& some) {
        for (CountedJob& each : some)
          accepted += pool.submit(each) == Submit::kAccepted ? 1 : 0;
      };
      std::thread other([&] { submit_all(others); });
      submit_all(mine);
      pool.stop();
      other.join();
    }
    ASSERT_EQ(all.ended(), accepted);
  }
}

}  // namespace
}  // namespace zerver::execution
