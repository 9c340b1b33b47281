// The checkout under faults: no order is charged twice, none is charged and not made, none made and not
// charged, and each that a client was told of has its receipt, once, or is listed.
#include "adapters.h"
#include "checkout.flow.h"
#include <zerver/testing/matchers.h>
#include <zerver/testing/sim_world.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

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
std::string run(std::uint64_t seed, zerver::Duration& simulated) {
  const auto bank = std::make_shared<Bank>();
  sim::SimWorld world({&package()}, {.seed = seed, .workers = 2, .short_of_memory = 20});
  add_adapters(world.registry(), bank);
  const zerver::TimePoint start = world.loop().now();
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
  const bool settled = world.settle();
  simulated.nanoseconds += (world.loop().now() - start).nanoseconds;
  if (!settled) return "a saga or a job has not ended:\n" + zerver::flow::to_text(world.open_sagas());
  if (const auto violations = world.violations(); !violations.empty()) return violations.front();

  std::set<std::string> ids;
  std::set<std::string> promised;
  for (const sim::SimRequest& request : world.requests()) {
    const std::string& id = request.request.headers.front().second;
    ids.insert(id);
    if (!request.left && (request.response.status == 201 || request.response.status == 200))
      promised.insert(id);
  }
  const zerver::jobs::JobCounts jobs = world.jobs().counts();
  if (jobs.accepted != jobs.succeeded + jobs.dead) return "a job was lost";
  const std::vector<zerver::jobs::DeadLetter> dead = world.jobs().dead_letters();

  for (const std::string& id : ids) {
    const auto count = [&](const std::string& what) {
      return world.sqlite().number(kDatabase, "select count(*) from " + what + " = '" + id + "'");
    };
    const bool paid = count("orders where state in ('paid', 'closed') and id") == 1;
    const Bank::Account account = bank->account(id).value_or(Bank::Account{});
    if (account.charges > 1) return id + " was charged twice";
    if (paid != (account.cents > 0))
      return id + (paid ? " was made and not charged" : " was charged and not made");
    if (paid != (count("reservation where order_id") == 1))
      return id + (paid ? " was made without stock" : " keeps stock that it did not pay");
    if (promised.contains(id) && !paid) return id + " was promised";
    if (count("orders where state = 'open' and id") != 0) return id + " was left open";
    const bool has_receipt = count("receipt where order_id") == 1;
    const bool is_listed = std::ranges::any_of(dead, [&id](const zerver::jobs::DeadLetter& letter) {
      return letter.arguments == R"({"id":")" + id + "\"}";
    });
    if (has_receipt && !paid) return id + " has a receipt and was not paid";
    if (promised.contains(id) && !has_receipt && !is_listed) return id + " has no receipt";
  }
  return {};
}

TEST(Checkout, LosesNothingUnderFaults) {
  zerver::Duration simulated{};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(
      sim::holds_for_seeds(1, seeds(), [&simulated](std::uint64_t seed) { return run(seed, simulated); }));
  const std::chrono::duration<double> real = std::chrono::steady_clock::now() - start;
  const double seconds = static_cast<double>(simulated.nanoseconds) / 1e9;
  std::printf("%.0f s simulated in %.2f s: %.0f times real time\n", seconds, real.count(),
              seconds / real.count());
}

}  // namespace
}  // namespace checkout
