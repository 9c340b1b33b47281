// Ten thousand seeds of a service with everything going wrong, and how much faster than time that is.
#include "shop_world.h"
#include <zerver/testing/matchers.h>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace zerver::testing {
namespace {

constexpr std::uint64_t kSeeds = 10'000;
constexpr double kLeastSpeedup = 200;

// What is wrong with the seed; adds the time that went by in its world.
std::string run(std::uint64_t seed, Duration& simulated) {
  ShopWorld shop({.seed = seed, .workers = 2, .short_of_memory = 50});
  shop.world.faults().set(FaultPlan::rough());
  for (std::size_t client = 0; client < 3; ++client) {
    ClientPlan plan;
    plan.request = [client](std::size_t number, Random&) {
      return ShopWorld::order(client * 1'000 + number);
    };
    plan.requests = 10;
    plan.retries = 3;
    if (client == 2) plan.patience = Duration::from_milliseconds(30);
    shop.world.add_client(std::move(plan));
  }
  if (!shop.world.run()) return "a request waits for ever";
  simulated = simulated + (shop.world.loop().now() - TimePoint{});
  if (const auto violations = shop.world.violations(); !violations.empty()) return violations.front();
  // An order is charged once, whatever happened to its requests, and booked only when it has been charged.
  for (const auto& [order, cents] : shop.bank.charged) {
    if (cents != 100) return "order " + order + " was charged twice";
  }
  if (static_cast<std::size_t>(shop.booked()) > shop.bank.charged.size()) return "booked and not charged";
  for (const SimRequest& request : shop.world.requests()) {
    const std::string order = request.request.target.substr(8, request.request.target.find('?') - 8);
    if (request.response.status == 201 && !shop.bank.charged.contains(order))
      return "order " + order + " was not charged";
  }
  return {};
}

TEST(SimSoak, LosesNothingInTenThousandWorlds) {
  Duration simulated;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(holds_for_seeds(1, kSeeds, [&](std::uint64_t seed) { return run(seed, simulated); }));
  const std::chrono::duration<double> real = std::chrono::steady_clock::now() - begin;
  const double speedup = static_cast<double>(simulated.nanoseconds) / 1e9 / real.count();
  RecordProperty("speedup", std::to_string(speedup));
  EXPECT_GE(speedup, kLeastSpeedup) << real.count() << " s";
}

}  // namespace
}  // namespace zerver::testing
