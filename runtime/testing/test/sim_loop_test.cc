#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace zerver::testing {
namespace {

struct Note final : async::Job {
  Note(int the_number, std::vector<int>& the_log)
      : Job([](Job& job) noexcept {
          auto& note = static_cast<Note&>(job);
          note.log.push_back(note.number);
        }),
        number(the_number),
        log(the_log) {}
  int number;
  std::vector<int>& log;
};

struct Alarm final : async::Timer {
  Alarm(SimLoop& the_loop, std::vector<TimePoint>& the_log)
      : Timer([](Timer& timer) noexcept {
          auto& alarm = static_cast<Alarm&>(timer);
          alarm.log.push_back(alarm.loop.now());
        }),
        loop(the_loop),
        log(the_log) {}
  SimLoop& loop;
  std::vector<TimePoint>& log;
};

std::vector<int> posted_order(std::uint64_t seed) {
  SimLoop loop(seed);
  std::vector<int> log;
  std::vector<std::unique_ptr<Note>> notes;
  for (int number = 0; number < 20; ++number) {
    notes.push_back(std::make_unique<Note>(number, log));
    loop.post(*notes.back());
  }
  loop.run();
  return log;
}

TEST(SimLoop, DrawsTheOrderOfPostedJobsFromItsSeed) {
  EXPECT_EQ(posted_order(7), posted_order(7));
  EXPECT_NE(posted_order(7), posted_order(8));
  EXPECT_EQ(posted_order(7).size(), 20U);
}

TEST(SimLoop, RunsDeferredJobsInTheirOrderBeforePostedOnes) {
  SimLoop loop;
  std::vector<int> log;
  Note posted(3, log), first(1, log), second(2, log);
  loop.post(posted);
  loop.defer(first);
  loop.defer(second);
  EXPECT_TRUE(loop.run_ready());
  EXPECT_FALSE(loop.run_ready());
  EXPECT_EQ(log, (std::vector<int>{1, 2, 3}));
}

TEST(SimLoop, LetsTimeGoOnInNoTime) {
  SimLoop loop(1, Timestamp{5});
  std::vector<TimePoint> log;
  Alarm hour(loop, log), day(loop, log);
  loop.start(hour, TimePoint{} + Duration::from_seconds(3'600));
  loop.start(day, TimePoint{} + Duration::from_seconds(86'400));
  loop.run_for(Duration::from_seconds(7'200));
  EXPECT_EQ(log, (std::vector<TimePoint>{{3'600'000'000'000}}));
  EXPECT_EQ(loop.now(), TimePoint{7'200'000'000'000});
  EXPECT_EQ(loop.clock().wall(), Timestamp{7'200'000'005});
  loop.run();
  EXPECT_EQ(log.size(), 2U);
}

TEST(SimLoop, StopsTimers) {
  SimLoop loop;
  std::vector<TimePoint> log;
  Alarm alarm(loop, log);
  loop.start(alarm, TimePoint{1});
  loop.stop(alarm);
  loop.run();
  EXPECT_TRUE(log.empty());
}

TEST(SimLoop, RunsUntilAConditionHoldsOrNothingIsLeft) {
  SimLoop loop;
  std::vector<TimePoint> log;
  Alarm first(loop, log), second(loop, log);
  loop.start(first, TimePoint{1'000'000});
  loop.start(second, TimePoint{2'000'000});
  EXPECT_TRUE(loop.run_until([&] { return log.size() == 1; }));
  EXPECT_EQ(loop.now(), TimePoint{1'000'000});
  EXPECT_FALSE(loop.run_until([&] { return log.size() == 3; }));
}

TEST(SimLoop, WaitsForOtherThreads) {
  SimLoop loop;
  std::vector<int> log;
  Note note(1, log);
  std::thread other([&] { loop.post(note); });
  loop.run_with_threads_until([&] { return !log.empty(); });
  other.join();
  EXPECT_EQ(log.size(), 1U);
}

}  // namespace
}  // namespace zerver::testing
