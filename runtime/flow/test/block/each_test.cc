#include "block_fixture.h"
#include <zerver/flow/block/each.h>

#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace zerver::flow {
namespace {

// By value: the coroutine begins when what it was called with may be gone.
Branch run_of(Exchange&, Signal* signal, Exit exit) {
  if (signal != nullptr) co_await *signal;
  co_return exit;
}

Waiting wait_for_each(Exchange& exchange, std::size_t count, std::size_t parallel,
                      std::function<Branch(std::size_t)> start, std::optional<Exit>& result) {
  Each each(exchange, count, parallel, start);
  result = co_await each;
}

class EachTest : public BlockTest {
 protected:
  // Begins a loop whose runs wait for their signals, and end with what `exits` says.
  void begin(std::size_t count, std::size_t parallel) {
    signals.resize(count);
    exits.resize(count);
    wait_for_each(
        exchange, count, parallel,
        [this](std::size_t index) {
          started.push_back(index);
          return run_of(exchange, &signals[index], exits[index]);
        },
        result);
  }
  static Exit error(std::uint16_t number) { return {.kind = Exit::Kind::kRaised, .error = number}; }
  using Indices = std::vector<std::size_t>;

  std::deque<Signal> signals;
  std::vector<Exit> exits;
  Indices started;
  std::optional<Exit> result;
};

TEST_F(EachTest, NoElementIsOverAtOnce) {
  begin(0, 4);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->left());
}

TEST_F(EachTest, RunsStartInOrderAsPlacesBecomeFree) {
  begin(5, 2);
  EXPECT_EQ(started, (Indices{0, 1}));
  signals[1].send();
  EXPECT_EQ(started, (Indices{0, 1, 2}));
  signals[0].send();
  signals[2].send();
  EXPECT_EQ(started, (Indices{0, 1, 2, 3, 4}));
  signals[4].send();
  EXPECT_FALSE(result);
  signals[3].send();
  EXPECT_TRUE(result);
}

TEST_F(EachTest, BehindARunThatLeftNoneStartsAndTheFirstElementDecides) {
  exits.resize(9);
  exits[0] = error(7);
  exits[2] = error(9);
  begin(9, 3);
  signals[2].send();
  EXPECT_EQ(started.size(), 3U);
  signals[0].send();
  signals[1].send();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, 7);
  EXPECT_EQ(started.size(), 3U);
}

TEST_F(EachTest, AnAnswerGoesBeforeAnError) {
  exits.resize(2);
  exits[0] = error(7);
  exits[1] = exit_answered();
  begin(2, 2);
  signals[1].send();
  signals[0].send();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->answered());
}

TEST_F(EachTest, RunsThatNeverWaitDoNotDeepenTheStack) {
  std::size_t runs = 0;
  wait_for_each(
      exchange, 1'000'000, 3,
      [&](std::size_t) {
        ++runs;
        return run_of(exchange, nullptr, Exit{});
      },
      result);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->left());
  EXPECT_EQ(runs, 1'000'000U) << "and in an arena of 64 KiB";
}

TEST_F(EachTest, AnArenaThatIsFullEndsTheLoop) {
  wait_for_each(
      exchange, 10, 2,
      [&](std::size_t index) {
        if (index == 4) throw ArenaFull();
        return run_of(exchange, nullptr, Exit{});
      },
      result);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Exit::Kind::kBroken);
  EXPECT_EQ(result->status, 503);
}

TEST_F(EachTest, ResultsLeaveOutWhatWasNotMade) {
  EachResults<int> results(exchange, 4);
  results.set(3, 30);
  results.set(0, 10);
  EXPECT_EQ(results.list().size(), 2U);
  EXPECT_EQ(results.list()[0], 10);
  EXPECT_EQ(results.list()[1], 30);
}

}  // namespace
}  // namespace zerver::flow
