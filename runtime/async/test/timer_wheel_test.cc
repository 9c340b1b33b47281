#include "tests/support/times.h"
#include <zerver/async/timer_wheel.h>
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace zerver::async {
namespace {

using test::at;

// Notes its number when it fires, and then does what it was told.
struct Note final : Timer {
  Note(int the_number, std::vector<int>& the_log) : Timer(fire), number(the_number), log(the_log) {}
  static void fire(Timer& timer) noexcept {
    Note& note = static_cast<Note&>(timer);
    note.log.push_back(note.number);
    if (note.then) note.then();
  }
  int number;
  std::vector<int>& log;
  void (*then)() = nullptr;
};

TEST(TimerWheel, FiresInTheOrderOfTime) {
  TimerWheel wheel(at(0));
  std::vector<int> log;
  Note late(3, log), early(1, log), middle(2, log);
  wheel.start(late, at(5'000));
  wheel.start(early, at(5));
  wheel.start(middle, at(300));
  EXPECT_EQ(wheel.size(), 3U);
  EXPECT_EQ(wheel.next(), at(5));
  wheel.advance(at(4));
  EXPECT_TRUE(log.empty());
  wheel.advance(at(5));
  EXPECT_EQ(log, std::vector<int>({1}));
  wheel.advance(at(10'000));
  EXPECT_EQ(log, std::vector<int>({1, 2, 3}));
  EXPECT_EQ(wheel.size(), 0U);
  EXPECT_EQ(wheel.next(), TimePoint::never());
}

TEST(TimerWheel, FiresNeverBeforeItsTime) {
  TimerWheel wheel(at(0));
  std::vector<int> log;
  Note timer(1, log);
  wheel.start(timer, TimePoint{1'500'000});
  EXPECT_EQ(timer.when(), TimePoint{1'500'000});
  wheel.advance(TimePoint{1'999'999});
  EXPECT_TRUE(log.empty());
  wheel.advance(TimePoint{2'000'000});
  EXPECT_EQ(log.size(), 1U);
}

TEST(TimerWheel, FiresWhatIsOverdueAtTheNextTick) {
  TimerWheel wheel(at(100));
  std::vector<int> log;
  Note timer(1, log);
  wheel.start(timer, at(50));
  EXPECT_EQ(wheel.next(), at(101));
  wheel.advance(at(101));
  EXPECT_EQ(log.size(), 1U);
}

TEST(TimerWheel, StopsAndMovesTimers) {
  TimerWheel wheel(at(0));
  std::vector<int> log;
  Note stopped(1, log), moved(2, log);
  wheel.start(stopped, at(10));
  wheel.start(moved, at(10));
  wheel.stop(stopped);
  wheel.stop(stopped);
  EXPECT_FALSE(stopped.running());
  wheel.start(moved, at(20));
  EXPECT_EQ(wheel.size(), 1U);
  EXPECT_EQ(wheel.next(), at(20));
  wheel.advance(at(15));
  EXPECT_TRUE(log.empty());
  wheel.advance(at(20));
  EXPECT_EQ(log, std::vector<int>({2}));
}

TEST(TimerWheel, ReachesBeyondItsLastLevel) {
  TimerWheel wheel(at(12'345));
  std::vector<int> log;
  Note day(1, log), month(2, log), never(3, log);
  const std::int64_t kDay = 86'400'000;
  wheel.start(day, at(kDay));
  wheel.start(month, at(30 * kDay));
  wheel.start(never, TimePoint::never());
  wheel.advance(at(kDay - 1));
  EXPECT_TRUE(log.empty());
  wheel.advance(at(kDay));
  EXPECT_EQ(log, std::vector<int>({1}));
  wheel.advance(at(30 * kDay - 1));
  EXPECT_EQ(log, std::vector<int>({1}));
  wheel.advance(at(30 * kDay));
  EXPECT_EQ(log, std::vector<int>({1, 2}));
  EXPECT_EQ(wheel.size(), 1U);
  wheel.stop(never);
}

TEST(TimerWheel, FiresAcrossTheEndOfItsTurn) {
  const std::int64_t kTurn = std::int64_t{1} << 24U;
  TimerWheel wheel(at(kTurn - 1));
  std::vector<int> log;
  Note next(1, log), far(2, log);
  wheel.start(next, at(kTurn));
  wheel.start(far, at(kTurn + (kTurn >> 1U)));
  EXPECT_LE(wheel.next(), at(kTurn));
  wheel.advance(at(kTurn));
  EXPECT_EQ(log, std::vector<int>({1}));
  wheel.advance(at(kTurn + (kTurn >> 1U) - 1));
  EXPECT_EQ(log.size(), 1U);
  wheel.advance(at(kTurn + (kTurn >> 1U)));
  EXPECT_EQ(log, std::vector<int>({1, 2}));
}

// A timer that stops a later one and starts itself again.
struct Chain final : Timer {
  Chain(TimerWheel& the_wheel, Timer& the_victim) : Timer(fire), wheel(the_wheel), victim(the_victim) {}
  static void fire(Timer& timer) noexcept {
    Chain& chain = static_cast<Chain&>(timer);
    chain.wheel.stop(chain.victim);
    if (++chain.fired < 3) chain.wheel.start(chain, chain.when() + Duration::from_milliseconds(1));
  }
  TimerWheel& wheel;
  Timer& victim;
  int fired = 0;
};

TEST(TimerWheel, LetsTimersStopAndStartOthers) {
  TimerWheel wheel(at(0));
  std::vector<int> log;
  Note victim(1, log);
  Chain chain(wheel, victim);
  wheel.start(chain, at(7));
  wheel.start(victim, at(7));
  wheel.advance(at(100));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(chain.fired, 3);
  EXPECT_EQ(wheel.size(), 0U);
}

// Against a sorted map, over many orders of magnitude.
struct Recorder final : Timer {
  Recorder(int the_id, std::vector<int>& the_log) : Timer(fire), id(the_id), log(the_log) {}
  static void fire(Timer& timer) noexcept {
    Recorder& recorder = static_cast<Recorder&>(timer);
    recorder.log.push_back(recorder.id);
  }
  int id;
  std::vector<int>& log;
};

TEST(TimerWheel, AgreesWithASortedList) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    std::int64_t now = static_cast<std::int64_t>(random.below(1U << 26U));
    TimerWheel wheel(at(now));
    std::vector<int> log;
    std::vector<std::unique_ptr<Recorder>> timers;
    std::map<int, std::int64_t> due;
    for (int round = 0; round < 400; ++round) {
      if (random.below(3) != 0) {
        const int id = static_cast<int>(timers.size());
        const std::int64_t when =
            now + 1 + static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(28)));
        timers.push_back(std::make_unique<Recorder>(id, log));
        wheel.start(*timers.back(), at(when));
        due[id] = when;
      } else if (!timers.empty() && random.below(2) == 0) {
        const auto id = static_cast<int>(random.below(timers.size()));
        wheel.stop(*timers[static_cast<std::size_t>(id)]);
        due.erase(id);
      } else {
        now += static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(26)));
        for (const auto& [id, when] : due)
          EXPECT_GE(at(when), wheel.next());
        wheel.advance(at(now));
        std::int64_t last = 0;
        for (const int id : log) {
          ASSERT_TRUE(due.contains(id));
          EXPECT_LE(last, due[id]);
          last = due[id];
          EXPECT_LE(last, now);
          due.erase(id);
        }
        log.clear();
        for (const auto& [id, when] : due)
          EXPECT_GT(when, now) << id;
        EXPECT_EQ(wheel.size(), due.size());
      }
    }
    for (const auto& timer : timers)
      wheel.stop(*timer);
  }
}

}  // namespace
}  // namespace zerver::async
