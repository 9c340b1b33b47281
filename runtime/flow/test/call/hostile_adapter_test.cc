// Adapters that do what they should not, and groups whose members end within each other.
#include "call_sites.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace zerver::flow {
namespace {

using test::Flow;
using test::kOnce;
using test::kRetried;
using test::ms;
using test::World;
using Indices = std::vector<std::uint16_t>;

TEST(HostileAdapter, IsNotHeardTwice) {
  World world;
  Flow flow(world, kRetried);
  flow.begin();
  const Reply<std::int64_t> first = world.adapter.replies[0];
  world.adapter.fail(2);
  first.succeed(9);  // while it waits for the next attempt
  EXPECT_FALSE(flow.ended());
  world.loop.run_for(ms(2));
  first.fail({FaultKind::kRejected, "late", {}});  // while the next attempt is in flight
  EXPECT_FALSE(flow.ended());
  world.adapter.succeed(2, 4);
  EXPECT_EQ(flow.result.value(), 4);
  EXPECT_EQ(world.stats().late, 2U);
}

TEST(HostileAdapter, IsNotHeardFromWithinItsCancel) {
  World world;
  const std::int64_t value = 5;
  world.adapter.on_cancel = [&](Operation& operation) { operation.complete(&value); };
  Flow flow(world, kRetried);
  flow.begin();
  flow.exchange.cancel();
  EXPECT_TRUE(flow.ended());
  EXPECT_EQ(flow.outcome, Outcome::kCancelled);
  EXPECT_EQ(flow.exchange.finishes, 1);
  EXPECT_EQ(world.shared.in_flight.count(), 0U);
}

TEST(HostileAdapter, MayAnswerFromWithinItsStart) {
  World world;
  const std::int64_t value = 5;
  world.adapter.on_start = [&](Operation& operation) {
    world.adapter.forget(operation);
    if (operation.attempt() < 3) return operation.fail({FaultKind::kUnavailable, "no", {}});
    operation.complete(&value);
  };
  Flow flow(world, kRetried);
  flow.begin();
  world.loop.run();
  EXPECT_EQ(flow.result.value(), 5);
  EXPECT_EQ(world.adapter.begun.size(), 3U);
}

TEST(HostileAdapter, MayCancelTheRequestFromWithinItsStart) {
  World world;
  std::optional<Flow> flow;
  world.adapter.on_start = [&](Operation&) { flow->exchange.cancel(); };
  flow.emplace(world, kOnce);
  flow->begin();
  EXPECT_TRUE(flow->ended());
  EXPECT_EQ(world.adapter.cancelled, (Indices{1}));
  EXPECT_EQ(flow->exchange.finishes, 1);
}

TEST(HostileAdapter, MayThrow) {
  World world;
  world.adapter.on_start = [&](Operation& operation) {
    world.adapter.forget(operation);
    throw std::runtime_error("dropped it");
  };
  Flow flow(world, kOnce);
  flow.begin();
  EXPECT_EQ(flow.result.error().kind, FaultKind::kInternal);
  EXPECT_EQ(world.log.lines, std::vector<std::string>{"dropped it"});
  EXPECT_EQ(world.shared.in_flight.count(), 0U);
}

// --- Groups ---

// Two members of one group, `race` or other.
FlowTask await_two(Exchange& exchange, Join join, Outcome& first, Outcome& second, int& resumed) {
  const CallSite sites[] = {kOnce, kRetried};
  ValueCall<std::int64_t> one(exchange, sites[0], nullptr);
  ValueCall<std::int64_t> two(exchange, sites[1], nullptr);
  Group<2> group(exchange, join, {{&one}, {&two}});
  co_await group;
  ++resumed;
  first = one.outcome();
  second = two.outcome();
}

struct Two {
  World world;
  test::TestExchange exchange{world.worker};
  Outcome first = Outcome::kAbsent;
  Outcome second = Outcome::kAbsent;
  int resumed = 0;

  void begin(Join join) {
    exchange.set_targets(world.targets);
    if (await_two(exchange, join, first, second, resumed).handled() == Handled::kNow) ++exchange.finishes;
  }
};

TEST(HostileAdapter, CompletesALoserFromWithinTheEndOfTheWinner) {
  Two two;
  const std::int64_t value = 5;
  two.world.adapter.on_cancel = [&](Operation& operation) { operation.complete(&value); };
  two.begin(Join::kRace);
  two.world.adapter.succeed(1);
  EXPECT_EQ(two.resumed, 1);
  EXPECT_EQ(two.first, Outcome::kValue);
  EXPECT_EQ(two.second, Outcome::kCancelled);
}

TEST(HostileAdapter, CompletesOneMemberFromWithinTheCancelOfAnother) {
  Two two;
  const std::int64_t value = 5;
  two.world.adapter.on_cancel = [&](Operation& cancelled) {
    if (cancelled.index() == 2) two.world.adapter.succeed(1, value);
  };
  two.begin(Join::kAll);
  two.exchange.cancel();
  EXPECT_EQ(two.resumed, 1);
  EXPECT_EQ(two.exchange.finishes, 1);
  EXPECT_EQ(two.world.shared.in_flight.count(), 0U);
}

TEST(Group, LetsLateMembersGoUnlessItIsARace) {
  Two any;
  any.begin(Join::kAny);
  any.world.adapter.succeed(1);
  EXPECT_EQ(any.world.adapter.let_go_of, (Indices{2}));
  EXPECT_TRUE(any.world.adapter.cancelled.empty());
  Two race;
  race.begin(Join::kRace);
  race.world.adapter.succeed(1);
  EXPECT_EQ(race.world.adapter.cancelled, (Indices{2}));
  EXPECT_TRUE(race.world.adapter.let_go_of.empty());
}

TEST(Group, StartsAllMembersBeforeItIsDecided) {
  Two two;
  const std::int64_t value = 5;
  two.world.adapter.on_start = [&](Operation& operation) {
    two.world.adapter.forget(operation);
    operation.complete(&value);
  };
  two.begin(Join::kAny);
  EXPECT_EQ(two.world.adapter.begun, (Indices{1, 2}));
  EXPECT_EQ(two.first, Outcome::kValue);
  EXPECT_EQ(two.second, Outcome::kCancelled);
}

// Two coroutines of one request wait at the same time, as branches do; each goes on once.
TEST(Exchange, ResumesAllThatWaitWhenItIsCancelled) {
  World world;
  test::TestExchange exchange(world.worker);
  exchange.set_targets(world.targets);
  Outcome outcomes[4] = {};
  int resumed = 0;
  const auto branch = [&](std::size_t index) {
    return await_two(exchange, Join::kAll, outcomes[index], outcomes[index + 1], resumed);
  };
  EXPECT_EQ(branch(0).handled(), Handled::kLater);
  EXPECT_EQ(branch(2).handled(), Handled::kLater);
  exchange.cancel();
  EXPECT_EQ(resumed, 2);
  EXPECT_EQ(world.adapter.cancelled.size(), 4U);
  for (const Outcome outcome : outcomes)
    EXPECT_EQ(outcome, Outcome::kCancelled);
}

}  // namespace
}  // namespace zerver::flow
