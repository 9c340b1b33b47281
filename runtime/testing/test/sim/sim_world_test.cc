#include "shop_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace zerver::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Says the same of each attempt at one target.
class Always final : public FaultSource {
 public:
  Always(std::string target, Injection injection) : target_(std::move(target)), injection_(injection) {}
  Injection next(std::string_view target, const flow::Operation&) override {
    return target == target_ ? injection_ : Injection{};
  }

 private:
  std::string target_;
  Injection injection_;
};

struct Outcome {
  std::uint16_t status;
  std::size_t charges;
  std::int64_t booked;
  Duration took;
};

Outcome with(std::string target, FaultType type, FaultKind kind = FaultKind::kUnavailable) {
  ShopWorld shop({});
  Always faults(std::move(target), {type, kind, Duration::from_milliseconds(1)});
  shop.world.set_fault_source(faults);
  shop.world.send(ShopWorld::order(7));
  EXPECT_TRUE(shop.world.run());
  EXPECT_THAT(shop.world.violations(), IsEmpty());
  const SimRequest& request = shop.world.requests().at(0);
  return {request.response.status, shop.bank.operations, shop.booked(), request.answered - request.sent};
}

TEST(Faults, NoneLetsEverythingHappenOnce) {
  const Outcome outcome = with("shop.db", FaultType::kNone);
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.charges, 1U);
  EXPECT_EQ(outcome.booked, 1);
}

TEST(Faults, AnErrorIsOfTheKindAndNothingIsDone) {
  const Outcome outcome = with("shop.pay", FaultType::kError, FaultKind::kRejected);
  EXPECT_EQ(outcome.status, 402);
  EXPECT_EQ(outcome.charges, 0U);
}

TEST(Faults, ALostRequestIsNeverDone) {
  const Outcome outcome = with("shop.pay", FaultType::kLostRequest);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.charges, 0U);
  EXPECT_GE(outcome.took, Duration::from_milliseconds(120));  // three attempts of 40 ms
}

TEST(Faults, ALostAnswerIsDoneAllTheSame) {
  const Outcome outcome = with("shop.pay", FaultType::kLostAnswer);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.charges, 3U);
}

TEST(Faults, ADuplicateIsDoneTwiceAndAnsweredOnce) {
  const Outcome outcome = with("shop.pay", FaultType::kDuplicate);
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.charges, 2U);
  EXPECT_EQ(outcome.booked, 1);
}

TEST(Faults, ADisconnectIsDoneAndFails) {
  const Outcome outcome = with("shop.db", FaultType::kDisconnect);
  EXPECT_EQ(outcome.status, 503);
  EXPECT_EQ(outcome.booked, 1);
}

// A world with everything: clients that give up or ask again, faults, too little memory, two workers.
struct RunResult {
  std::string timeline;
  std::vector<std::uint16_t> statuses;
  std::vector<std::string> violations;
  FaultCounts faults{};
  std::size_t charges = 0;
  std::size_t charged = 0;
  std::int64_t booked = 0;
  std::size_t left = 0;
};

RunResult run(std::uint64_t seed) {
  ShopWorld shop({.seed = seed, .workers = 2, .short_of_memory = 50});
  shop.world.faults().set(FaultPlan::rough());
  for (std::size_t client = 0; client < 3; ++client) {
    ClientPlan plan;
    plan.request = [client](std::size_t number, Random&) {
      return ShopWorld::order(client * 1'000 + number);
    };
    plan.requests = 40;
    plan.retries = 3;
    if (client == 2) plan.patience = Duration::from_milliseconds(30);
    shop.world.add_client(std::move(plan));
  }
  EXPECT_TRUE(shop.world.run());
  RunResult result;
  result.timeline = shop.world.timeline();
  for (const SimRequest& request : shop.world.requests()) {
    result.statuses.push_back(request.response.status);
    result.left += request.left ? 1 : 0;
  }
  result.violations = shop.world.violations();
  result.faults = shop.world.fault_counts();
  result.charges = shop.bank.operations;
  result.charged = shop.bank.charged.size();
  result.booked = shop.booked();
  return result;
}

TEST(SimWorld, DoesTheSameForTheSameSeed) {
  const RunResult first = run(7);
  const RunResult second = run(7);
  EXPECT_EQ(first.timeline, second.timeline);
  EXPECT_EQ(first.statuses, second.statuses);
  EXPECT_GT(first.timeline.size(), 10'000U);
}

TEST(SimWorld, DoesSomethingElseForAnotherSeed) { EXPECT_NE(run(7).timeline, run(8).timeline); }

TEST(SimWorld, AnswersEveryRequestWhateverGoesWrong) {
  FaultCounts faults{};
  std::size_t left = 0;
  std::size_t without_memory = 0;
  std::size_t created = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult result = run(seed);
    ASSERT_THAT(result.violations, IsEmpty()) << "seed " << seed;
    ASSERT_EQ(std::ranges::count(result.statuses, 0), 0) << "seed " << seed;
    // An order is booked once, and only when it has been paid.
    ASSERT_LE(static_cast<std::size_t>(result.booked), result.charged) << "seed " << seed;
    for (std::size_t type = 0; type < kFaultTypes; ++type)
      faults[type] += result.faults[type];
    left += result.left;
    created += static_cast<std::size_t>(std::ranges::count(result.statuses, 201));
    without_memory += static_cast<std::size_t>(std::ranges::count(result.statuses, 503));
  }
  // The test would show nothing if nothing went wrong.
  for (const std::uint64_t count : faults)
    EXPECT_GT(count, 10U);
  EXPECT_GT(left, 10U);
  EXPECT_GT(created, 1'000U);
  EXPECT_GT(without_memory, 10U);
}

TEST(SimWorld, AnswersWhatNoFlowIsFor) {
  ShopWorld shop({});
  shop.world.send({Method::kGet, "/nothing", "", {}});
  shop.world.send({Method::kGet, "/orders/1", "", {}});
  EXPECT_TRUE(shop.world.run());
  EXPECT_EQ(shop.world.requests().at(0).response.status, 404);
  EXPECT_EQ(shop.world.requests().at(1).response.status, 405);
}

TEST(SimWorld, SaysWhichAdapterIsMissing) {
  SimWorld world({&shop::package()}, {});
  world.set_variable("UNUSED", "1");
  try {
    world.run();
    FAIL() << "it ran without a bank";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "target `shop.pay`: no implementation of adapter `shop.bank` is registered");
  }
}

TEST(SimWorld, LetsAClientSendItsRequestAgain) {
  ShopWorld shop({});
  Always faults("shop.db", {FaultType::kError, FaultKind::kUnavailable, {}});
  shop.world.set_fault_source(faults);
  ClientPlan plan;
  plan.request = [](std::size_t number, Random&) { return ShopWorld::order(number); };
  plan.retries = 2;
  shop.world.add_client(std::move(plan));
  EXPECT_TRUE(shop.world.run());
  ASSERT_EQ(shop.world.requests().size(), 3U);
  EXPECT_EQ(shop.world.requests().at(2).attempt, 3U);
  EXPECT_EQ(shop.bank.operations, 3U);
  EXPECT_EQ(shop.bank.charged.size(), 1U);
}

TEST(SimWorld, SendsRegularlyWhenItIsToldTo) {
  ShopWorld shop({});
  ClientPlan plan;
  plan.request = [](std::size_t number, Random&) { return ShopWorld::order(number); };
  plan.requests = 3;
  plan.regular = true;
  plan.interval = Duration::from_milliseconds(250);
  shop.world.add_client(std::move(plan));
  EXPECT_TRUE(shop.world.run());
  EXPECT_EQ(shop.world.requests().at(0).sent, TimePoint{250'000'000});
  EXPECT_EQ(shop.world.requests().at(2).sent, TimePoint{750'000'000});
}

TEST(SimWorld, SaysWhatStillWaits) {
  class Silent final : public effects::System {
    class Adapter final : public shop::BankAdapter {
      void charge(const ChargeArguments&, flow::Reply<String>) override {}
      void cancel(flow::Operation&) noexcept override {}
    };
    std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override { return std::make_unique<Adapter>(); }
  };
  SimWorld world({&shop::package()}, {});
  world.registry().add("shop.bank", [](const flow::TargetInfo&, const flow::TargetConfig&) {
    return effects::Opened{std::make_unique<Silent>(), {}};
  });
  world.send(ShopWorld::order(1));
  EXPECT_THAT(world.violations(),
              ElementsAre("no answer to POST /orders/1?cents=100", "1 operations are still in flight",
                          "target shop.pay has places that were not given back"));
  EXPECT_TRUE(world.run());  // until its deadline
  EXPECT_THAT(world.violations(), IsEmpty());
  EXPECT_EQ(world.requests().at(0).response.status, 503);
}

}  // namespace
}  // namespace zerver::testing
