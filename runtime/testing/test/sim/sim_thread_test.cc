#include "tests/support/times.h"
#include <zerver/testing/sim_loop.h>
#include <zerver/testing/sim_thread.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace zerver::testing {
namespace {

using ::testing::ElementsAre;

using test::at;
using test::ms;

struct Call final : async::Job {
  explicit Call(std::function<void()> the_work)
      : Job([](Job& job) noexcept { static_cast<Call&>(job).work(); }), work(std::move(the_work)) {}
  std::function<void()> work;
};

struct Alarm final : async::Timer {
  explicit Alarm(std::function<void()> the_work)
      : Timer([](Timer& timer) noexcept { static_cast<Alarm&>(timer).work(); }), work(std::move(the_work)) {}
  std::function<void()> work;
};

class SimThreadTest : public ::testing::Test {
 protected:
  void note(const std::string& what) {
    log_.push_back(what + "@" + std::to_string(world_.now().nanoseconds / 1'000'000));
  }
  Call& call(std::function<void()> work) { return calls_.emplace_back(std::move(work)); }

  SimLoop world_{1};
  std::deque<Call> calls_;
  std::vector<std::string> log_;
};

TEST_F(SimThreadTest, OthersGoOnWhileOneComputes) {
  SimThread first(world_);
  SimThread second(world_);
  first.post(call([&] {
    first.spend(ms(20));
    note("first");
  }));
  Alarm alarm([&] { note("alarm"); });
  second.start(alarm, at(5));
  second.post(call([&] {
    second.spend(ms(10));
    note("second");
  }));
  world_.run();
  EXPECT_THAT(log_, ElementsAre("second@10", "alarm@10", "first@20"));
}

TEST_F(SimThreadTest, WhatIsPostedMeanwhileComesAfterItsTurn) {
  SimThread thread(world_);
  thread.post(call([&] {
    EXPECT_EQ(thread.busy_since(), at(0));
    thread.spend(ms(7));
    EXPECT_EQ(thread.now(), at(0));  // as of its turn's beginning
    thread.read_time();
    EXPECT_EQ(thread.now(), at(7));
    note("busy");
  }));
  thread.post(call([&] { note("next"); }));
  Alarm alarm([&] { thread.post(call([&] { note("last"); })); });
  world_.start(alarm, at(3));
  world_.run();
  EXPECT_THAT(log_, ElementsAre("busy@7", "next@7", "last@7"));
  EXPECT_EQ(thread.busy_since(), TimePoint::never());
}

TEST_F(SimThreadTest, JobsOfAThreadKeepTheirOrderAndDeferredOnesGoFirst) {
  SimThread thread(world_);
  for (int i = 1; i <= 3; ++i) {
    thread.post(call([&, i] {
      note("job " + std::to_string(i));
      if (i == 1) thread.defer(call([&] { note("deferred"); }));
    }));
  }
  world_.run();
  EXPECT_THAT(log_, ElementsAre("job 1@0", "deferred@0", "job 2@0", "job 3@0"));
}

std::string turns_of(std::uint64_t seed) {
  SimLoop world(seed);
  std::deque<SimThread> threads;
  std::deque<Call> calls;
  std::string order;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back(world);
    for (int turn = 0; turn < 5; ++turn) {
      calls.emplace_back([&order, i] { order += std::to_string(i); });
      threads.back().post(calls.back());
    }
  }
  world.run();
  return order;
}

TEST(SimThreads, TheSeedDecidesWhoseTurnComesNext) {
  EXPECT_EQ(turns_of(7), turns_of(7));
  EXPECT_NE(turns_of(7), turns_of(8));
  EXPECT_EQ(turns_of(7).size(), 20U);
}

TEST_F(SimThreadTest, JobsForATimeRunAtThatTime) {
  std::vector<TimePoint> times;
  Call& late = call([&] { times.push_back(world_.now()); });
  Call& early = call([&] { times.push_back(world_.now()); });
  world_.post_at(late, TimePoint{2'000'001});
  world_.post_at(early, TimePoint{300});
  world_.run_for(ms(1));
  EXPECT_THAT(times, ElementsAre(TimePoint{300}));
  world_.run();
  EXPECT_THAT(times, ElementsAre(TimePoint{300}, TimePoint{2'000'001}));
}

TEST_F(SimThreadTest, WhoDiesComesToTheEndOfItsJobWithoutTime) {
  SimThread thread(world_);
  thread.post(call([&] {
    thread.defer(call([&] { note("deferred"); }));
    thread.spend(ms(1'000));
    note("woken");
    thread.spend(ms(1'000));
    note("done");
  }));
  thread.post(call([&] { note("next"); }));
  world_.run_for(ms(10));
  EXPECT_EQ(thread.busy_since(), at(0));
  thread.die();
  EXPECT_THAT(log_, ElementsAre("woken@10", "done@10"));
  world_.run();
  EXPECT_THAT(log_, ElementsAre("woken@10", "done@10")) << "nothing else runs on it";
}

}  // namespace
}  // namespace zerver::testing
