// What a call asks before its attempts, its hedges, and what is counted of it.
#include "call_sites.h"
#include <zerver/flow/call/operation_counts.h>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace zerver::flow {
namespace {

using test::at;
using test::Flow;
using test::kOnce;
using test::kRetried;
using test::ms;
using test::World;
using Indices = std::vector<std::uint16_t>;

constexpr CallSite kHedged{.step = "hedged",
                           .target = 0,
                           .operation = 3,
                           .policy = {.timeout = ms(50), .hedges = 2, .hedge_after = ms(20)}};

// --- Hedges ---

TEST(Hedge, StartsACopyWhenTheFirstIsSlow) {
  World world;
  Flow flow(world, kHedged);
  flow.begin();
  world.loop.run_for(ms(19));
  EXPECT_EQ(world.adapter.in_flight.size(), 1U);
  world.loop.run_for(ms(1));
  ASSERT_EQ(world.adapter.in_flight.size(), 2U);
  EXPECT_EQ(world.adapter.in_flight[1]->copy(), 1U);
  EXPECT_EQ(world.adapter.in_flight[1]->attempt(), 1U);
  EXPECT_EQ(world.adapter.in_flight[1]->deadline(), at(70));
  world.loop.run_for(ms(20));
  EXPECT_EQ(world.adapter.in_flight.size(), 3U);
  world.adapter.succeed(*world.adapter.in_flight[1], 7);
  EXPECT_TRUE(flow.ended());
  EXPECT_EQ(flow.result.value(), 7);
  EXPECT_EQ(world.adapter.cancelled, (Indices{3, 3}));
  EXPECT_EQ(world.shared.in_flight.count(), 0U);
  EXPECT_EQ(world.stats().hedges, 2U);
}

TEST(Hedge, IsNotStartedBehindAnAnswer) {
  World world;
  Flow flow(world, kHedged);
  flow.begin();
  world.adapter.succeed(3);
  world.loop.run();
  EXPECT_EQ(world.adapter.begun.size(), 1U);
}

TEST(Hedge, GoesOnWhenOneCopyFailsAndFailsWithTheFirstWhenAllHave) {
  World world;
  Flow flow(world, kHedged);
  flow.begin();
  world.loop.run_for(ms(20));
  world.adapter.fail(*world.adapter.in_flight[1], FaultKind::kRejected);
  EXPECT_FALSE(flow.ended());
  world.adapter.fail(*world.adapter.in_flight[0], FaultKind::kConflict);
  ASSERT_TRUE(flow.ended());
  EXPECT_EQ(flow.result.error().kind, FaultKind::kConflict);
  world.loop.run();
  EXPECT_EQ(world.adapter.begun.size(), 2U);  // none is begun for an attempt that has failed
}

TEST(Hedge, TakesItsDelaysAndATimeoutAtMost) {
  World world;
  Flow flow(world, kHedged);
  flow.begin();
  world.loop.run();
  EXPECT_EQ(world.loop.now(), at(2 * 20 + 50));
  EXPECT_EQ(flow.result.error().kind, FaultKind::kTimeout);
  EXPECT_EQ(world.adapter.cancelled.size(), 3U);
}

TEST(Hedge, IsLeftOutWhereThereIsNoPlaceForIt) {
  World world({.name = "far", .adapter = "test", .configure = nullptr, .in_flight = 1, .queue = 5});
  Flow flow(world, kHedged);
  flow.begin();
  world.loop.run_for(ms(45));
  EXPECT_EQ(world.adapter.begun.size(), 1U);
  world.adapter.succeed(3);
  EXPECT_TRUE(flow.result.has_value());
}

TEST(Hedge, IsPaidFromTheBudget) {
  World world({.name = "far", .adapter = "test", .configure = nullptr, .retry_budget_percent = 100});
  Flow flow(world, kHedged);
  flow.begin();
  world.loop.run_for(ms(45));
  EXPECT_EQ(world.adapter.begun.size(), 2U);  // one call pays for one hedge
  EXPECT_EQ(world.stats().refused_budget, 1U);
}

TEST(Hedge, EndsWithItsRequest) {
  World world;
  Flow flow(world, kHedged, ms(30));
  flow.begin();
  world.loop.run();
  EXPECT_EQ(world.loop.now(), at(30));
  EXPECT_TRUE(flow.exchange.given_up());
  EXPECT_EQ(flow.outcome, Outcome::kCancelled);
  EXPECT_EQ(world.adapter.cancelled.size(), 2U);
}

// --- What is counted by operation ---

class CountedOperations : public ::testing::Test {
 protected:
  CountedOperations() {
    world.target.operations = operations;
    world.target.by_operation = counts.data();
  }
  OperationCounts::Sum sum(std::size_t operation) const {
    OperationCounts::Sum sum;
    counts[operation].add_to(sum);
    return sum;
  }
  static constexpr std::size_t failure(FaultKind kind) { return OperationCounts::failure(kind); }

  World world;
  std::array<OperationInfo, 4> operations;
  std::array<OperationCounts, 4> counts;
};

TEST_F(CountedOperations, HaveEachAttemptByItsEnd) {
  Flow flow(world, kRetried);
  flow.begin();
  world.loop.run_for(ms(7));
  world.adapter.fail(2);
  world.loop.run_for(ms(1 + 50 + 1));  // the next one ends in silence
  world.adapter.succeed(2);
  EXPECT_TRUE(flow.result.has_value());
  const OperationCounts::Sum retried = sum(2);
  EXPECT_EQ(retried.outcomes[failure(FaultKind::kUnavailable)], 1U);
  EXPECT_EQ(retried.outcomes[failure(FaultKind::kTimeout)], 1U);
  EXPECT_EQ(retried.outcomes[OperationCounts::kSuccess], 1U);
  EXPECT_EQ(retried.times.count(), 3U);
  EXPECT_GE(retried.times.nanoseconds, ms(57).nanoseconds);
  EXPECT_LE(retried.times.nanoseconds, ms(59).nanoseconds);
  EXPECT_EQ(sum(1).times.count(), 0U);
}

TEST_F(CountedOperations, HaveCopiesThatWereGivenUp) {
  Flow flow(world, kHedged);
  flow.begin();
  world.loop.run_for(ms(25));
  world.adapter.succeed(*world.adapter.in_flight[1]);
  EXPECT_EQ(sum(3).outcomes[OperationCounts::kSuccess], 1U);
  EXPECT_EQ(sum(3).outcomes[failure(FaultKind::kCancelled)], 1U);
  EXPECT_EQ(sum(3).times.nanoseconds, static_cast<std::uint64_t>(ms(5 + 25).nanoseconds));
}

TEST_F(CountedOperations, DoNotHaveWhatNeverReachedTheTarget) {
  Rate rate({.count = 1, .per = ms(100)});
  Rate* rates[] = {&rate};
  CallSite site = kOnce;
  site.rate = 0;
  Flow first(world, site, Duration::max(), Shield::kNone, rates);
  Flow second(world, site, Duration::max(), Shield::kNone, rates);
  first.begin();
  second.begin();
  world.adapter.succeed(1);
  EXPECT_EQ(sum(1).times.count(), 1U);
}

TEST_F(CountedOperations, LeaveOutWhatTheAdapterDoesNotDeclare) {
  world.target.operations = std::span(operations).first(1);
  Flow flow(world, kOnce);
  flow.begin();
  world.adapter.succeed(1);
  EXPECT_TRUE(flow.result.has_value());
  EXPECT_EQ(sum(1).times.count(), 0U);
}

// --- Rates and budgets ---

TEST(CallRate, FailsAtOnceAboveIt) {
  World world;
  Rate rate({.count = 1, .per = ms(100)});
  Rate* rates[] = {&rate};
  CallSite site = kRetried;
  site.rate = 0;
  Flow first(world, site, Duration::max(), Shield::kNone, rates);
  Flow second(world, site, Duration::max(), Shield::kNone, rates);
  first.begin();
  second.begin();
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(second.result.error().kind, FaultKind::kUnavailable);
  EXPECT_EQ(world.stats().refused_rate, 1U);
  // A call counts once, however often it is repeated.
  world.adapter.fail(2);
  world.loop.run_for(ms(2));
  EXPECT_EQ(world.adapter.begun.size(), 2U);
}

TEST(CallBudget, AllowsNoRetryThatIsNotPaidFor) {
  World world({.name = "far", .adapter = "test", .configure = nullptr, .retry_budget_percent = 50});
  Flow first(world, kRetried);
  first.begin();
  world.adapter.fail(2);
  EXPECT_TRUE(first.ended());  // one call has paid half a retry
  EXPECT_EQ(first.result.error().kind, FaultKind::kUnavailable);
  Flow second(world, kRetried);
  second.begin();
  world.adapter.fail(2);
  world.loop.run_for(ms(2));
  EXPECT_EQ(world.adapter.begun.size(), 3U);
  world.adapter.fail(2);
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(world.stats().retries, 1U);
  EXPECT_EQ(world.stats().refused_budget, 2U);
}

TEST(CallBudget, OfTheFlowIsAskedToo) {
  World world({.name = "far", .adapter = "test", .configure = nullptr, .retry_budget_percent = 100});
  RetryBudget of_flow(50);
  Flow flow(world, kRetried);
  flow.exchange.set_retry_budget(&of_flow);
  flow.begin();
  world.adapter.fail(2);
  EXPECT_TRUE(flow.ended());
  EXPECT_EQ(world.shared.retry_budget->left(), 1U);  // that of the target has not paid
}

// --- Breakers ---

constexpr TargetInfo kBroken{.name = "far",
                             .adapter = "test",
                             .configure = nullptr,
                             .breaker = {.percent = 50, .of = 2, .open = ms(100)}};

void fail_twice(World& world, FaultKind kind) {
  for (int call = 0; call < 2; ++call) {
    Flow flow(world, kOnce);
    flow.begin();
    world.adapter.fail(1, kind);
  }
}

TEST(CallBreaker, FailsAtOnceWhileItIsOpen) {
  World world(kBroken);
  fail_twice(world, FaultKind::kUnavailable);
  Flow refused(world, kRetried);
  refused.begin();
  EXPECT_TRUE(refused.ended());
  EXPECT_EQ(refused.result.error().kind, FaultKind::kUnavailable);
  EXPECT_FALSE(refused.may_have_happened);
  EXPECT_EQ(world.stats().refused_open, 1U);
  world.loop.run_for(ms(100));
  Flow probe(world, kOnce);
  probe.begin();
  world.adapter.succeed(1);
  EXPECT_EQ(world.stats().breaker, Breaker::State::kClosed);
}

constexpr FlowInfo kTraced{.name = "traced", .slug = "traced", .method = "GET", .path = "/"};

TEST(CallBreaker, TellsWhenItOpensAndCloses) {
  World world(kBroken);
  trace::Ring ring;
  world.worker.set_trace(&ring);
  for (int call = 0; call < 2; ++call) {
    Flow failing(world, kOnce);
    ASSERT_FALSE(failing.exchange.begin(kTraced));
    failing.begin();
    world.adapter.fail(1);
  }
  world.loop.run_for(ms(100));
  Flow probe(world, kOnce);
  ASSERT_FALSE(probe.exchange.begin(kTraced));
  probe.begin();
  world.adapter.succeed(1);
  std::string seen;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (trace::name_of(ring[i].kind).starts_with("breaker"))
      seen += std::string(trace::name_of(ring[i].kind)) + " ";
  }
  EXPECT_EQ(seen, "breaker-open breaker-half-open breaker-closed ");
}

TEST(CallBreaker, CountsAnswersAsSuccesses) {
  World world(kBroken);
  fail_twice(world, FaultKind::kConflict);
  EXPECT_EQ(world.stats().breaker, Breaker::State::kClosed);
}

TEST(CallBreaker, CountsSilenceAsFailure) {
  World world(kBroken);
  for (int call = 0; call < 2; ++call) {
    Flow flow(world, kOnce);
    flow.begin();
    world.loop.run();
  }
  EXPECT_EQ(world.stats().breaker, Breaker::State::kOpen);
  EXPECT_EQ(world.stats().timeouts, 2U);
}

TEST(CallBreaker, TakesAnotherProbeWhenTheClientOfOneLeaves) {
  World world(kBroken);
  fail_twice(world, FaultKind::kUnavailable);
  world.loop.run_for(ms(100));
  Flow probe(world, kOnce);
  probe.begin().exchange.cancel();
  Flow next(world, kOnce);
  next.begin();
  EXPECT_FALSE(next.ended());
}

// --- What is in force ---

// The event of the last attempt.
trace::CallDetail last_attempt(const trace::Ring& ring) {
  trace::CallDetail detail;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (ring[i].kind == trace::Kind::kAttempt) detail = trace::CallDetail::of(ring[i].detail);
  }
  return detail;
}

TEST(CallDefaults, EndAnAttemptThatNothingElseEnds) {
  static constexpr CallSite kBare{.step = "bare", .target = 0, .operation = 1};
  World world;
  world.target.timeout = ms(70);
  trace::Ring ring;
  world.worker.set_trace(&ring);
  Flow flow(world, kBare);
  ASSERT_FALSE(flow.exchange.begin(kTraced));
  flow.begin();
  EXPECT_EQ(last_attempt(ring).timeout, ms(70));
  world.loop.run();
  EXPECT_EQ(flow.result.error().kind, FaultKind::kTimeout);
  EXPECT_EQ(world.loop.now(), at(70));
}

TEST(CallDefaults, GiveWayToPolicyAndDeadline) {
  static constexpr CallSite kBare{.step = "bare", .target = 0, .operation = 1};
  World world;
  world.target.timeout = ms(70);
  trace::Ring ring;
  world.worker.set_trace(&ring);
  Flow bounded(world, kBare, ms(500));
  ASSERT_FALSE(bounded.exchange.begin(kTraced));
  bounded.begin();
  EXPECT_EQ(last_attempt(ring).timeout, Duration{});
  world.loop.run();
  EXPECT_EQ(bounded.result.error().kind, FaultKind::kCancelled);
  EXPECT_EQ(world.loop.now(), at(500));

  Flow declared(world, kRetried);
  ASSERT_FALSE(declared.exchange.begin(kTraced));
  declared.begin();
  EXPECT_EQ(last_attempt(ring).timeout, kRetried.policy.timeout);
  EXPECT_EQ(last_attempt(ring).attempts, kRetried.policy.retries + 1);
}

// --- A place in flight ---

constexpr TargetInfo kNarrow{
    .name = "far", .adapter = "test", .configure = nullptr, .in_flight = 1, .queue = 2};

TEST(CallQueue, WaitsForAPlaceInTurn) {
  World world(kNarrow);
  Flow first(world, kOnce);
  Flow second(world, kRetried);
  Flow third(world, kHedged);
  Flow fourth(world, kOnce);
  first.begin();
  second.begin();
  third.begin();
  EXPECT_EQ(world.stats().waiting, 2U);
  fourth.begin();
  EXPECT_TRUE(fourth.ended());
  EXPECT_EQ(fourth.result.error().kind, FaultKind::kUnavailable);
  world.adapter.succeed(1);
  world.loop.run_ready();
  EXPECT_EQ(world.adapter.begun, (Indices{1, 2}));
  world.adapter.succeed(2);
  world.loop.run_ready();
  EXPECT_EQ(world.adapter.begun, (Indices{1, 2, 3}));
  world.adapter.succeed(3);
  EXPECT_TRUE(third.ended());
  EXPECT_EQ(world.shared.in_flight.count(), 0U);
}

TEST(CallQueue, WaitsWithinTheTimeoutOfTheAttempt) {
  World world(kNarrow);
  CallSite slow = kOnce;
  slow.policy.timeout = ms(500);
  Flow first(world, slow);
  Flow second(world, kOnce);
  first.begin();
  second.begin();
  world.loop.run_for(ms(50));
  ASSERT_TRUE(second.ended());
  EXPECT_EQ(second.result.error().kind, FaultKind::kTimeout);
  EXPECT_FALSE(second.may_have_happened);
  EXPECT_EQ(world.stats().waiting, 0U);
  EXPECT_EQ(world.stats().failed, 0U);  // the target has not seen it
}

TEST(CallQueue, LosesNoPlaceThatWasGrantedToOneThatLeaves) {
  World world(kNarrow);
  Flow first(world, kOnce);
  Flow second(world, kOnce);
  Flow third(world, kRetried);
  first.begin();
  second.begin();
  third.begin();
  world.adapter.succeed(1);  // the place is the second one's, whose worker has not heard of it yet
  second.exchange.cancel();
  world.loop.run_ready();
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(world.adapter.begun, (Indices{1, 2}));
  world.adapter.succeed(2);
  EXPECT_EQ(world.shared.in_flight.count(), 0U);
}

TEST(CallQueue, GivesThePlaceToTheNextWhenTheClientLeaves) {
  World world(kNarrow);
  Flow first(world, kOnce);
  Flow second(world, kOnce);
  first.begin();
  second.begin();
  first.exchange.cancel();
  world.loop.run_ready();
  EXPECT_EQ(world.adapter.in_flight.size(), 1U);
  world.adapter.succeed(1, 5);
  EXPECT_EQ(second.result.value(), 5);
}

// --- Shields ---

TEST(Shield, OutlivesTheClientAndTheDeadline) {
  World world;
  Flow flow(world, kRetried, ms(10), Shield::kCleanup);
  flow.begin();
  flow.exchange.cancel();
  world.loop.run_for(ms(20));
  EXPECT_FALSE(flow.ended());
  world.adapter.succeed(2, 3);
  EXPECT_EQ(flow.result.value(), 3);
  EXPECT_FALSE(flow.exchange.given_up());
}

TEST(Shield, IsBounded) {
  World world({.name = "far", .adapter = "test", .configure = nullptr}, {.cleanup = ms(60)});
  CallSite endless = kOnce;
  endless.policy.timeout = Duration::max();
  Flow flow(world, endless, Duration::max(), Shield::kCleanup);
  flow.begin();
  world.loop.run();
  EXPECT_EQ(world.loop.now(), at(60));
  EXPECT_EQ(flow.result.error().kind, FaultKind::kTimeout);
}

// --- What may have happened ---

TEST(MayHaveHappened, IsFalseOnlyWhenTheTargetHasRefused) {
  const auto behind = [](auto end) {
    World world;
    Flow flow(world, kOnce);
    flow.begin();
    end(world, flow);
    return flow.may_have_happened;
  };
  EXPECT_FALSE(behind([](World& world, Flow&) { world.adapter.fail(1, FaultKind::kRejected); }));
  EXPECT_TRUE(behind([](World& world, Flow&) { world.adapter.fail(1, FaultKind::kUnavailable); }));
  EXPECT_TRUE(behind([](World& world, Flow&) { world.adapter.succeed(1); }));
  EXPECT_TRUE(behind([](World& world, Flow&) { world.loop.run(); }));
  EXPECT_TRUE(behind([](World&, Flow& flow) { flow.exchange.cancel(); }));
}

}  // namespace
}  // namespace zerver::flow
