#include <zerver/flow/call/in_flight.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace zerver::flow {
namespace {

// What a worker's loop does with jobs, and nothing else.
class JobLoop final : public async::Loop {
 public:
  TimePoint now() const noexcept override { return {}; }
  void post(async::Job& job) noexcept override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(&job);
  }
  void defer(async::Job& job) noexcept override { post(job); }
  void start(async::Timer&, TimePoint) noexcept override {}
  void stop(async::Timer&) noexcept override {}

  bool run_one() {
    async::Job* job = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (jobs_.empty()) return false;
      job = jobs_.front();
      jobs_.pop_front();
    }
    job->run();
    return true;
  }

 private:
  std::mutex mutex_;
  std::deque<async::Job*> jobs_;
};

struct Waiting final : InFlight::Place {
  Waiting() : Place([](Place& place) noexcept { ++static_cast<Waiting&>(place).granted; }) {}
  int granted = 0;
};

TEST(InFlight, LetsNobodyPastThoseWhoWait) {
  InFlight places(1, 3);
  InFlight::Room room;
  JobLoop loop;
  Waiting first;
  Waiting second;
  ASSERT_TRUE(places.try_enter());
  EXPECT_EQ(places.enter(first, room, loop), InFlight::Entry::kWaits);
  EXPECT_EQ(places.enter(second, room, loop), InFlight::Entry::kWaits);
  places.leave();
  EXPECT_FALSE(places.try_enter());
  EXPECT_EQ(first.granted, 0);  // not before a turn of its loop
  EXPECT_TRUE(loop.run_one());
  EXPECT_EQ(first.granted, 1);
  places.leave();
  loop.run_one();
  EXPECT_EQ(second.granted, 1);
  places.leave();
  EXPECT_EQ(places.count(), 0U);
}

TEST(InFlight, RefusesAboveItsQueue) {
  InFlight places(1, 1);
  InFlight::Room room;
  JobLoop loop;
  Waiting first;
  Waiting second;
  ASSERT_TRUE(places.try_enter());
  EXPECT_EQ(places.enter(first, room, loop), InFlight::Entry::kWaits);
  EXPECT_EQ(places.enter(second, room, loop), InFlight::Entry::kRefused);
  places.give_up(first);
  EXPECT_EQ(places.enter(second, room, loop), InFlight::Entry::kWaits);
  places.give_up(second);
  places.leave();
}

TEST(InFlight, GivesAGrantedPlaceThatIsGivenUpToTheNext) {
  InFlight places(1, 2);
  InFlight::Room here;
  InFlight::Room there;
  JobLoop loop;
  JobLoop other_loop;
  Waiting first;
  Waiting second;
  ASSERT_TRUE(places.try_enter());
  ASSERT_EQ(places.enter(first, here, loop), InFlight::Entry::kWaits);
  ASSERT_EQ(places.enter(second, there, other_loop), InFlight::Entry::kWaits);
  places.leave();
  places.give_up(first);
  loop.run_one();
  other_loop.run_one();
  EXPECT_EQ(first.granted, 0);
  EXPECT_EQ(second.granted, 1);
  places.leave();
  EXPECT_EQ(places.count(), 0U);
}

// Four workers enter, wait, leave and give up: never more than the cap at once, and in the end nobody waits,
// and all places are free.
TEST(InFlight, HoldsItsCapForFourThreads) {
  constexpr std::uint32_t kCap = 3;
  constexpr int kRounds = 20'000;
  InFlight places(kCap, 16);
  std::atomic<std::uint32_t> inside = 0;
  std::atomic<std::uint32_t> most = 0;
  std::atomic<std::uint64_t> entered = 0;
  struct Worker {
    InFlight::Room room;
    JobLoop loop;
  };
  std::array<Worker, 4> workers;
  const auto work = [&](Worker& worker, unsigned seed) {
    unsigned random = seed;
    const auto stay = [&] {
      const std::uint32_t now = ++inside;
      std::uint32_t seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      ++entered;
      --inside;
      places.leave();
    };
    for (int round = 0; round < kRounds; ++round) {
      random = random * 1'664'525 + 1'013'904'223;
      Waiting waiting;
      switch (places.enter(waiting, worker.room, worker.loop)) {
        case InFlight::Entry::kEntered:
          stay();
          break;
        case InFlight::Entry::kRefused:
          break;
        case InFlight::Entry::kWaits:
          if (random >> 16 & 1) {
            places.give_up(waiting);
            break;
          }
          while (waiting.granted == 0)
            worker.loop.run_one();
          stay();
          break;
      }
      while (worker.loop.run_one()) {
      }
    }
  };
  std::array<std::thread, 4> threads;
  for (unsigned i = 0; i < threads.size(); ++i)
    threads[i] = std::thread([&, i] { work(workers[i], i); });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_LE(most, kCap);
  EXPECT_GT(entered, std::uint64_t{kRounds});
  EXPECT_EQ(places.count(), 0U);
  EXPECT_EQ(places.waiting(), 0U);
}

}  // namespace
}  // namespace zerver::flow
