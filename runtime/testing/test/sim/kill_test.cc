// A simulated process that is killed, and started again: what is gone, and what is left.
#include "shop_world.h"
#include "tests/support/times.h"
#include "till.flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace zerver::testing {
namespace {

using test::ms;
using ::testing::IsEmpty;

// Every operation takes so long to get to its system.
FaultPlan slow(Duration latency) { return {.latency_least = latency, .latency_most = latency}; }

TEST(Kill, NeedsADisk) {
  ShopWorld shop({});
  EXPECT_THROW(shop.world.kill(), std::logic_error);
  EXPECT_THROW(shop.world.restart(), std::logic_error);
  EXPECT_THROW(shop.world.set_kills({}), std::logic_error);
}

TEST(Kill, CutsEveryRequestOffAndRunsNothingOfIt) {
  ShopWorld shop({.workers = 2, .disk = DiskPlan{}});
  shop.world.faults().set(slow(ms(10)));
  for (std::size_t number = 0; number < 8; ++number)
    shop.world.send(ShopWorld::order(number));
  shop.world.run_for(ms(15));  // all are charged, and on their way to be booked
  ASSERT_EQ(shop.bank.operations, 8U);
  shop.world.kill();
  EXPECT_FALSE(shop.world.is_running());
  for (const SimRequest& request : shop.world.requests()) {
    EXPECT_TRUE(request.cut_off);
    EXPECT_EQ(request.response.status, 0);
    EXPECT_EQ(request.answered, TimePoint{15'000'000});
  }
  const std::int64_t arrived = shop.booked();
  EXPECT_GT(arrived, 0) << "what is on its way may arrive";
  EXPECT_LT(arrived, 8) << "or not";
  shop.world.send(ShopWorld::order(8));
  EXPECT_TRUE(shop.world.requests().back().cut_off) << "nobody is there";
  shop.world.restart();
  EXPECT_TRUE(shop.world.run());
  shop.world.run_for(Duration::from_seconds(5));
  EXPECT_EQ(shop.booked(), arrived) << "nothing goes on that died";
  EXPECT_EQ(shop.bank.operations, 8U);
  shop.world.send(ShopWorld::order(9));
  EXPECT_TRUE(shop.world.run());
  EXPECT_EQ(shop.world.requests().back().response.status, 201);
  EXPECT_THAT(shop.world.violations(), IsEmpty());
}

TEST(Kill, ARequestThatWaitsOrComputesNeverBegins) {
  ShopWorld shop(
      {.workers = 1, .computing = [](const flow::FlowInfo&, Random&) { return ms(10); }, .disk = DiskPlan{}});
  for (std::size_t number = 0; number < 6; ++number)
    shop.world.send(ShopWorld::order(number));
  shop.world.run_for(ms(5));  // one computes, the others wait
  shop.world.kill();
  shop.world.restart();
  shop.world.run_for(Duration::from_seconds(1));
  EXPECT_EQ(shop.bank.operations, 0U);
  for (const SimRequest& request : shop.world.requests())
    EXPECT_TRUE(request.cut_off);
}

TEST(Kill, FromWithinItComesWhenTheTurnIsOver) {
  ShopWorld shop({.disk = DiskPlan{}});
  shop.world.faults().set(slow(ms(10)));
  shop.bank.on_charge = [&shop] { shop.world.kill(); };
  shop.world.send(ShopWorld::order(1));
  shop.world.run_for(ms(15));
  EXPECT_FALSE(shop.world.is_running());
  EXPECT_EQ(shop.bank.operations, 1U);
  EXPECT_TRUE(shop.world.requests().at(0).cut_off);
  EXPECT_EQ(shop.world.kills(), 1U);
}

TEST(Kill, AClientAsksAgain) {
  ShopWorld shop({.disk = DiskPlan{}});
  ClientPlan plan;
  plan.request = [](std::size_t number, Random&) { return ShopWorld::order(number); };
  plan.retries = 1;
  plan.retry_after = ms(50);
  shop.world.faults().set(slow(ms(10)));
  shop.world.add_client(std::move(plan));
  while (shop.world.requests().empty())
    shop.world.run_for(ms(1));
  shop.world.kill();
  shop.world.restart();
  EXPECT_TRUE(shop.world.run());
  ASSERT_EQ(shop.world.requests().size(), 2U);
  EXPECT_EQ(shop.world.requests().at(1).response.status, 201);
}

TEST(Kill, ARestartThatFailsIsTold) {
  ShopWorld shop({.disk = DiskPlan{}});
  shop.world.send(ShopWorld::order(1));
  EXPECT_TRUE(shop.world.run());
  shop.world.kill();
  shop.world.registry().replace({"shop.bank", {}, {}},
                                [](const flow::TargetInfo&, const flow::TargetConfig&) -> effects::Opened {
                                  return {nullptr, "closed"};
                                });
  shop.world.restart();
  try {
    shop.world.run_for(ms(1));
    FAIL() << "it runs without a bank";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "target `shop.pay`: adapter `shop.bank`: closed");
  }
}

// Flows that wait in transactions, branches, loops and streams, and for the end of an idempotent request.
struct Till {
  explicit Till(std::uint64_t seed)
      : world({&till::package()}, {.seed = seed, .workers = 2, .short_of_memory = 20, .disk = DiskPlan{}}) {
    world.faults().set(FaultPlan::rough());
    world.set_kills({.mean_life = ms(40), .down_least = ms(1), .down_most = ms(20)});
    const auto add = [this](auto request) {
      world.add_client({.request = std::move(request), .requests = 15, .interval = ms(5), .retries = 2});
    };
    add([](std::size_t number, Random&) {
      const std::string id = std::to_string(1'000 + number);
      return RequestText{Method::kPost, "/payments/" + id, "", {{"Idempotency-Key", id}}};
    });
    add([](std::size_t number, Random&) {
      return RequestText{Method::kPost, "/splits/" + std::to_string(2'000 + number), "", {}};
    });
    add([](std::size_t number, Random&) {
      return RequestText{Method::kPost, "/spreads/" + std::to_string(3'000 + number), "[1,2,3,4,5,6,7]", {}};
    });
    add([](std::size_t, Random&) { return RequestText{Method::kGet, "/entries", "", {}}; });
  }
  std::int64_t number(const std::string& query) { return world.sqlite().number("sqlite:till.db", query); }

  SimWorld world;
};

TEST(Kill, WhatWaitsAnywhereIsDestroyedAndNothingIsHalfDone) {
  std::uint64_t kills = 0;
  std::size_t cut_off = 0;
  std::size_t done = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Till till(seed);
    ASSERT_TRUE(till.world.run()) << "seed " << seed;
    till.world.set_kills({});
    till.world.run_for(Duration::from_seconds(2));
    ASSERT_THAT(till.world.violations(), IsEmpty()) << "seed " << seed;
    // A transaction that was open when its process died is rolled back.
    ASSERT_EQ(till.number("select count(*) from (select 1 from entry where id between 1000 and 1999"
                          " group by id having count(*) <> 2)"),
              0)
        << "seed " << seed;
    kills += till.world.kills();
    for (const SimRequest& request : till.world.requests()) {
      cut_off += request.cut_off ? 1U : 0U;
      done += request.response.status == 204 ? 1U : 0U;
    }
  }
  // The test would show nothing otherwise.
  EXPECT_GT(kills, 60U);
  EXPECT_GT(cut_off, 300U);
  EXPECT_GT(done, 300U);
}

// The queue knows which times have been fired, whoever was there.
TEST(Kill, ACronFiresOnceForEachTime) {
  SimWorld world({&till::package()}, {.seed = 3, .workers = 2, .disk = DiskPlan{}});
  world.faults().set(FaultPlan::calm());
  world.set_kills({.mean_life = Duration::from_seconds(20),
                   .down_least = ms(100),
                   .down_most = Duration::from_seconds(60)});
  constexpr std::int64_t kMinutes = 60;
  world.run_for(Duration::from_seconds(kMinutes * 60 + 30));
  world.set_kills({});
  if (!world.is_running()) world.restart();
  world.run_for(Duration::from_seconds(10));
  EXPECT_TRUE(world.settle());
  EXPECT_GT(world.kills(), 50U);
  const jobs::JobCounts jobs = world.jobs().counts();
  EXPECT_EQ(jobs.accepted, kMinutes);
  EXPECT_EQ(jobs.succeeded + jobs.dead, kMinutes);
  // One whose process died in the middle of it has no second attempt.
  const std::int64_t noted = world.sqlite().number("sqlite:till.db", "select count(*) from minute");
  EXPECT_GE(noted, static_cast<std::int64_t>(jobs.succeeded));
  EXPECT_LE(noted, kMinutes);
}

TEST(Kill, TheSameSeedIsTheSameTimeline) {
  const auto timeline = [](std::uint64_t seed) {
    Till till(seed);
    till.world.run();
    return till.world.timeline();
  };
  const std::string first = timeline(7);
  EXPECT_EQ(first, timeline(7));
  EXPECT_NE(first, timeline(8));
  EXPECT_NE(first.find("kill"), std::string::npos);
  EXPECT_NE(first.find("start"), std::string::npos);
}

}  // namespace
}  // namespace zerver::testing
