#include "block_fixture.h"

#include <optional>
#include <stdexcept>

namespace zerver::flow {
namespace {

Branch ends(Exchange&, Exit exit) { co_return exit; }
Branch ends_behind(Exchange&, Signal& signal, Exit exit) {
  const Exit kept = exit;
  co_await signal;
  co_return kept;
}
Branch throws(Exchange& exchange) {
  exchange.enter_step("thrower");
  throw std::runtime_error("dropped it");
  co_return Exit{};
}

constexpr Exit kNext{};
constexpr Exit error(std::uint16_t number) { return {.kind = Exit::Kind::kRaised, .error = number}; }

Waiting wait_for_two(Exchange& exchange, Signal& first, Exit first_exit, Signal& second, Exit second_exit,
                     std::optional<Exit>& result) {
  Branch left = ends_behind(exchange, first, first_exit);
  Branch right = ends_behind(exchange, second, second_exit);
  result = co_await all_branches(left, right);
}

TEST_F(BlockTest, AllBranchesAreWaitedFor) {
  Signal first;
  Signal second;
  std::optional<Exit> result;
  wait_for_two(exchange, first, kNext, second, kNext, result);
  ASSERT_TRUE(first.is_awaited() && second.is_awaited());
  second.send();
  EXPECT_FALSE(result);
  first.send();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->left());
}

TEST_F(BlockTest, TheFirstInOrderThatLeftDecides) {
  for (const bool in_order : {true, false}) {
    Signal first;
    Signal second;
    std::optional<Exit> result;
    wait_for_two(exchange, first, error(1), second, error(2), result);
    (in_order ? first : second).send();
    EXPECT_FALSE(result) << "the other one is waited for";
    (in_order ? second : first).send();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->error, 1);
  }
}

Waiting wait_for_ready(Exchange& exchange, std::optional<Exit>& result) {
  Branch left = ends(exchange, kNext);
  Branch right = throws(exchange);
  result = co_await all_branches(left, right);
}

TEST_F(BlockTest, BranchesThatNeverWaitEndAtOnceAndAnExceptionIsLogged) {
  std::optional<Exit> result;
  wait_for_ready(exchange, result);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Exit::Kind::kBroken);
  EXPECT_EQ(result->status, 500);
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_NE(log.lines[0].find(R"("step":"thrower")"), std::string::npos);
}

// The frame of a branch that has ended is taken by the next one.
TEST_F(BlockTest, FramesAreUsedAgain) {
  std::optional<Exit> result;
  for (int i = 0; i < 10'000; ++i)
    wait_for_ready(exchange, result);
  EXPECT_EQ(result->kind, Exit::Kind::kBroken);
  EXPECT_EQ(result->status, 500) << "the log's lines fill the arena; frames do not";
}

TEST_F(BlockTest, AFlowThatIsDestroyedTakesItsBranchesAlong) {
  Signal signal;
  {
    Branch waiting = ends_behind(exchange, signal, kNext);
    class Owner final : public BranchOwner {
      void ended(Branch&) noexcept override { ADD_FAILURE() << "it never ends"; }
    } owner;
    waiting.start(owner);
    EXPECT_TRUE(signal.is_awaited());
    const Branch never_started = ends(exchange, kNext);
  }
  exchange.reset();
}

}  // namespace
}  // namespace zerver::flow
