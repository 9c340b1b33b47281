// The checkout under faults: no order is charged twice, none is charged and not made, none made and not
// charged.
#include "checkout.flow.h"
#include "fakes.h"
#include <zerver/testing/matchers.h>
#include <zerver/testing/sim_world.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

namespace checkout {
namespace {

namespace sim = zerver::testing;

constexpr const char* kDatabase = "sqlite:checkout.db";
// CHECKOUT_SEEDS sets how many; ten thousand are a matter of minutes.
constexpr std::uint64_t kSeeds = 200;

std::uint64_t seeds() {
  const char* const wanted = std::getenv("CHECKOUT_SEEDS");
  return wanted == nullptr ? kSeeds : std::stoull(wanted);
}

sim::RequestText order(const std::string& id, const std::string& card) {
  return {zerver::Method::kPost,
          "/orders",
          R"({"sku":"pot","quantity":1,"customer":"friend","card":")" + card + "\"}",
          {{"Idempotency-Key", id}}};
}

// What is wrong when everything has come to rest.
std::string run(std::uint64_t seed) {
  Bank bank;
  sim::SimWorld world({&package()}, {.seed = seed, .workers = 2, .short_of_memory = 20});
  register_adapters(world.registry(), bank);
  world.faults().set(sim::FaultPlan::rough());
  for (int client = 0; client < 3; ++client) {
    sim::ClientPlan plan;
    plan.request = [client](std::size_t number, zerver::Random& random) {
      return order("order-" + std::to_string(client) + "-" + std::to_string(number),
                   random.below(10) == 0 ? "empty" : "full card");
    };
    plan.requests = 8;
    plan.retries = 3;
    if (client == 2) plan.patience = zerver::Duration::from_milliseconds(80);
    world.add_client(std::move(plan));
  }
  if (!world.run()) return "a request was not answered";
  world.faults().set(sim::FaultPlan::calm());
  if (!world.settle()) return "a saga has not ended:\n" + zerver::flow::to_text(world.open_sagas());
  if (const auto violations = world.violations(); !violations.empty()) return violations.front();

  std::set<std::string> ids;
  std::set<std::string> promised;
  for (const sim::SimRequest& request : world.requests()) {
    const std::string& id = request.request.headers.front().second;
    ids.insert(id);
    if (!request.left && (request.response.status == 201 || request.response.status == 200))
      promised.insert(id);
  }
  for (const std::string& id : ids) {
    const auto count = [&](const std::string& what) {
      return world.sqlite().number(kDatabase, "select count(*) from " + what + " = '" + id + "'");
    };
    const bool paid = count("orders where state in ('paid', 'closed') and id") == 1;
    if (bank.charges(id) > 1) return id + " was charged twice";
    if (paid != (bank.held(id) > 0))
      return id + (paid ? " was made and not charged" : " was charged and not made");
    if (paid != (count("reservation where order_id") == 1))
      return id + (paid ? " was made without stock" : " keeps stock that it did not pay");
    if (promised.contains(id) && !paid) return id + " was promised";
    if (count("orders where state = 'open' and id") != 0) return id + " was left open";
  }
  return {};
}

TEST(Checkout, LosesNothingUnderFaults) { EXPECT_TRUE(sim::holds_for_seeds(1, seeds(), run)); }

}  // namespace
}  // namespace checkout
