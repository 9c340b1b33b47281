// The checkout under faults, and killed again and again: no order is charged twice, none is charged and not
// made, none made and not charged; each that a client was told of has one receipt with a number of its own,
// and one letter that says so, or is listed.
#include "adapters.h"
#include "checkout.flow.h"
#include <zerver/testing/matchers.h>
#include <zerver/testing/sim_world.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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

// The numbers of receipts that the journal of `send_receipt` has had, by job.
class Numbers {
 public:
  explicit Numbers(zerver::flow::MemoryJobJournal& journal) {
    journal.on_append = [this](const zerver::flow::JournalRecord& record) { note(record); };
  }

  bool drawn_again = false;
  std::set<std::int64_t> kept;

 private:
  void note(const zerver::flow::JournalRecord& record) {
    if (record.kind != zerver::flow::JournalRecordKind::kEntry || record.name != "draw_number") return;
    constexpr std::string_view kBefore = R"([{"value":)";
    std::int64_t number = 0;
    std::from_chars(record.data.data() + kBefore.size(), record.data.data() + record.data.size(), number);
    drawn_again = drawn_again || !by_job_.emplace(record.job, number).second;
    kept.insert(number);
  }

  std::map<zerver::Uuid, std::int64_t> by_job_;
};

struct Run {
  bool is_killed = false;
  zerver::Duration simulated = {};
  std::uint64_t kills = 0;
  std::uint64_t receipts = 0;
  std::uint64_t gaps = 0;  // numbers that no receipt has
};

// What is wrong when everything has come to rest.
std::string run(std::uint64_t seed, Run& sum) {
  const auto bank = std::make_shared<Bank>();
  const auto post_office = std::make_shared<PostOffice>();
  sim::SimWorld world({&package()},
                      {.seed = seed, .workers = 2, .short_of_memory = 20, .disk = sim::DiskPlan{}});
  add_adapters(world.registry(), bank, post_office);
  Numbers numbers(world.journal());
  const zerver::TimePoint start = world.loop().now();
  world.faults().set(sim::FaultPlan::rough());
  if (sum.is_killed) world.set_kills({.mean_life = zerver::Duration::from_milliseconds(150)});
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
  if (sum.is_killed) world.set_kills({.mean_life = zerver::Duration::from_seconds(30)});
  world.faults().set(sim::FaultPlan::calm());
  const bool settled = world.settle();
  sum.simulated.nanoseconds += (world.loop().now() - start).nanoseconds;
  sum.kills += world.kills();
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
  const auto number_of = [&world](const std::string& what) { return world.sqlite().number(kDatabase, what); };

  for (const std::string& id : ids) {
    const auto count = [&](const std::string& what) {
      return number_of("select count(*) from " + what + " = '" + id + "'");
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
    const std::optional<PostOffice::Letter> letter = post_office->find(id);
    if (letter && !has_receipt) return id + " has a letter and no receipt";
    if (has_receipt && !letter && !is_listed) return id + " has a receipt and no letter";
    if (!has_receipt) continue;
    const std::int64_t number = number_of("select number from receipt where order_id = '" + id + "'");
    if (!numbers.kept.contains(number)) return id + " has a number that no job has drawn";
    if (letter && !letter->text.starts_with("Receipt " + std::to_string(number) + ":"))
      return id + " has a letter with another number: " + letter->text;
  }
  if (post_office->mistaken() != 0) return "a letter was sent again with another text";
  if (numbers.drawn_again) return "a number was drawn again that the journal had";
  // A gap is a number whose draw was in doubt: no journal has ever had it.
  const std::int64_t receipts = number_of("select count(*) from receipt");
  const std::int64_t last = number_of("select last from counter where name = 'receipt'");
  if (dead.empty() && numbers.kept.size() != static_cast<std::size_t>(receipts))
    return "a number that was drawn is on no receipt";
  sum.receipts += static_cast<std::uint64_t>(receipts);
  sum.gaps += static_cast<std::uint64_t>(last - receipts);
  return {};
}

void hold_for_all_seeds(Run sum) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(sim::holds_for_seeds(1, seeds(), [&sum](std::uint64_t seed) { return run(seed, sum); }));
  const std::chrono::duration<double> real = std::chrono::steady_clock::now() - start;
  const double seconds = static_cast<double>(sum.simulated.nanoseconds) / 1e9;
  std::printf("%.0f s simulated in %.2f s: %.0f times real time; %llu kills, %llu receipts, %llu gaps\n",
              seconds, real.count(), seconds / real.count(), static_cast<unsigned long long>(sum.kills),
              static_cast<unsigned long long>(sum.receipts), static_cast<unsigned long long>(sum.gaps));
}

TEST(Checkout, LosesNothingUnderFaults) { hold_for_all_seeds({}); }

TEST(Checkout, LosesNothingWhenItIsKilled) { hold_for_all_seeds({.is_killed = true}); }

}  // namespace
}  // namespace checkout
