// Ten million jobs, from outside and from jobs: each is run once, and told once.
#include <zerver/core/clock.h>
#include <zerver/execution/compute_pool.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace zerver::execution {
namespace {

// Submits itself again until it has run often enough.
struct Runner final : PoolJob {
  Runner() : PoolJob([](PoolJob& job) noexcept { ++static_cast<Runner&>(job).runs; }, again) {}
  static void again(async::Job& job) noexcept {
    auto& self = static_cast<Runner&>(job);
    if (!self.ran()) return;
    if (self.runs == self.wanted) {
      self.done->fetch_add(1);
      self.done->notify_all();
      return;
    }
    while (self.pool->submit(self) == Submit::kFull) {
    }
  }

  ComputePool* pool = nullptr;
  std::atomic<int>* done = nullptr;
  int runs = 0;  // by one thread at a time: the pool hands over
  int wanted = 0;
};

TEST(ComputePoolSoak, RunsTenMillionJobsExactlyOnce) {
  constexpr int kRunners = 1000;
  constexpr int kRuns = 10'000;
  const SystemClock clock;
  std::atomic<int> done = 0;
  std::vector<Runner> runners(kRunners);
  ComputePool pool(clock, {.threads = 4, .queue = kRunners});
  std::array<std::thread, 4> outside;
  for (std::size_t part = 0; part < outside.size(); ++part) {
    outside[part] = std::thread([&, part] {
      for (std::size_t i = part; i < runners.size(); i += outside.size()) {
        runners[i].pool = &pool;
        runners[i].done = &done;
        runners[i].wanted = kRuns;
        ASSERT_EQ(pool.submit(runners[i]), Submit::kAccepted);
      }
    });
  }
  for (std::thread& thread : outside)
    thread.join();
  for (int seen = done; seen < kRunners; seen = done)
    done.wait(seen);
  EXPECT_TRUE(pool.join(Duration::from_seconds(60)));
  EXPECT_EQ(pool.stats().ran, std::uint64_t{kRunners} * kRuns);
  for (const Runner& runner : runners)
    ASSERT_EQ(runner.runs, kRuns);
}

}  // namespace
}  // namespace zerver::execution
