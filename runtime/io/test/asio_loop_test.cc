// Jobs and timers of the production loop.
#include <zerver/io/asio_loop.h>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace zerver::io {
namespace {

struct TestJob final : async::Job {
  explicit TestJob(std::function<void()> work)
      : Job([](Job& job) noexcept { static_cast<TestJob&>(job).function(); }), function(std::move(work)) {}
  std::function<void()> function;
};

struct TestTimer final : async::Timer {
  explicit TestTimer(std::function<void()> work)
      : Timer([](Timer& timer) noexcept { static_cast<TestTimer&>(timer).function(); }),
        function(std::move(work)) {}
  std::function<void()> function;
};

TEST(AsioLoop, RunsJobsOfOneThreadInTheirOrder) {
  const SystemClock clock;
  AsioLoop loop(clock);
  std::vector<int> order;
  TestJob first([&] { order.push_back(1); });
  TestJob second([&] { order.push_back(2); });
  TestJob last([&] { loop.stop(); });
  loop.post(first);
  loop.post(second);
  loop.post(last);
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(AsioLoop, TakesJobsOfOtherThreads) {
  constexpr int kThreads = 4;
  constexpr int kJobs = 1000;
  const SystemClock clock;
  AsioLoop loop(clock);
  int count = 0;
  std::vector<std::unique_ptr<TestJob>> jobs;
  for (int i = 0; i < kThreads * kJobs; ++i) {
    jobs.push_back(std::make_unique<TestJob>([&] {
      if (++count == kThreads * kJobs) loop.stop();
    }));
  }
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kJobs; ++i)
        loop.post(*jobs[static_cast<std::size_t>(t * kJobs + i)]);
    });
  }
  loop.run();
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(count, kThreads * kJobs);
}

TEST(AsioLoop, RunsDeferredJobsInTheSameTurn) {
  const SystemClock clock;
  AsioLoop loop(clock);
  std::vector<int> order;
  TestJob deferred_later([&] { order.push_back(4); });
  TestJob deferred([&] {
    order.push_back(3);
    loop.defer(deferred_later);
  });
  TestJob second([&] { order.push_back(2); });
  TestJob first([&] {
    order.push_back(1);
    loop.defer(deferred);
  });
  TestJob last([&] { loop.stop(); });
  loop.post(first);
  loop.post(second);
  loop.post(last);
  loop.run();
  // All three posted jobs are one turn: what is deferred comes at its end.
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(AsioLoop, DefersOutsideOfATurnToTheNextOne) {
  const SystemClock clock;
  AsioLoop loop(clock);
  TestJob job([&] { loop.stop(); });
  loop.defer(job);
  loop.run();
}

TEST(AsioLoop, ReadsTheTimeOnceATurn) {
  ManualClock clock;
  AsioLoop loop(clock);
  TestJob job([&] {
    const TimePoint before = loop.now();
    clock.advance(Duration::from_seconds(1));
    EXPECT_EQ(loop.now(), before);
    loop.stop();
  });
  loop.post(job);
  loop.run();
  EXPECT_EQ(loop.now(), clock.now());
}

TEST(AsioLoop, FiresTimersInTheirOrder) {
  const SystemClock clock;
  AsioLoop loop(clock);
  std::vector<int> order;
  TestTimer third([&] {
    order.push_back(3);
    loop.stop();
  });
  TestTimer second([&] { order.push_back(2); });
  TestTimer first([&] { order.push_back(1); });
  TestTimer never([&] { order.push_back(0); });
  const TimePoint now = clock.now();
  loop.start(third, now + Duration::from_milliseconds(9));
  loop.start(never, now + Duration::from_milliseconds(4));
  loop.start(second, now + Duration::from_milliseconds(6));
  loop.start(first, now + Duration::from_milliseconds(3));
  static_cast<async::Loop&>(loop).stop(never);
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_GE(clock.now() - now, Duration::from_milliseconds(9));
}

TEST(AsioLoop, FiresTimersThatTimersStart) {
  const SystemClock clock;
  AsioLoop loop(clock);
  int left = 5;
  TestTimer timer([&] {
    if (--left == 0) {
      loop.stop();
    } else {
      loop.start(timer, loop.now() + Duration::from_milliseconds(1));
    }
  });
  loop.start(timer, clock.now());
  loop.run();
  EXPECT_EQ(left, 0);
}

TEST(AsioLoop, JobThatDefersItselfForEverHoldsUpNeitherTimersNorPosts) {
  const SystemClock clock;
  AsioLoop loop(clock);
  int turns = 0;
  bool posted_ran = false, is_over = false;
  TestJob forever([] {});
  forever.function = [&] {
    ++turns;
    if (!is_over) loop.defer(forever);
  };
  TestTimer timer([&] {
    is_over = true;
    loop.stop();
  });
  TestJob posted([&] {
    posted_ran = true;
    loop.start(timer, loop.now() + Duration::from_milliseconds(2));
  });
  TestJob begin([&] {
    loop.defer(forever);
    loop.post(posted);
  });
  loop.post(begin);
  loop.run();
  EXPECT_TRUE(posted_ran);
  EXPECT_GT(turns, AsioLoop::kDeferredPerTurn);
}

TEST(AsioLoop, IsFoundBehindItsInterface) {
  const SystemClock clock;
  AsioLoop loop(clock);
  async::Loop& interface = loop;
  EXPECT_EQ(AsioLoop::of(interface), &loop);
}

TEST(AsioLoop, RunsWhatIsReadyForWhoeverEndsIt) {
  const SystemClock clock;
  AsioLoop loop(clock);
  bool ran = false;
  TestJob job([&] { ran = true; });
  loop.post(job);
  EXPECT_TRUE(loop.run_ready());
  EXPECT_TRUE(ran);
  EXPECT_FALSE(loop.run_ready());
}

}  // namespace
}  // namespace zerver::io
