// When and where requests run: the server's scheduler on simulated threads, in virtual time.
#include "desk.flow.h"
#include "shop_world.h"
#include "tests/support/times.h"
#include <zerver/testing/matchers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::testing {
namespace {

using ::testing::IsEmpty;

constexpr Duration kSecond = Duration::from_seconds(1);
constexpr Duration kFiveSeconds = Duration::from_seconds(5);
constexpr Duration kTenSeconds = Duration::from_seconds(10);
constexpr Duration kMinute = Duration::from_seconds(60);
constexpr Duration us(std::int64_t count) { return Duration::from_microseconds(count); }
using test::ms;
constexpr Duration kDeadline = ms(250);

using Costs = std::map<std::string_view, Duration>;

SimWorld::Options options_with(Costs costs) {
  SimWorld::Options options;
  options.computing = [costs = std::move(costs)](const flow::FlowInfo& flow, Random&) {
    const auto found = costs.find(flow.name);
    return found == costs.end() ? Duration{} : found->second;
  };
  return options;
}

// So many requests a second for so long, as a Poisson process.
ClientPlan load(std::string path, double per_second, Duration time) {
  const double seconds = static_cast<double>(time.nanoseconds) / 1e9;
  return {.request = [path = std::move(path)](std::size_t, Random&) { return RequestText{.target = path}; },
          .requests = static_cast<std::size_t>(per_second * seconds),
          .interval = {static_cast<std::int64_t>(1e9 / per_second)}};
}

struct Seen {
  std::map<std::uint16_t, std::size_t> statuses;
  std::vector<Duration> latencies;  // of those with 200 and 203, since they were read; sorted

  Duration percentile(double share) const {
    return latencies.at(static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1)));
  }
  std::size_t count(std::uint16_t status) const {
    const auto found = statuses.find(status);
    return found == statuses.end() ? 0 : found->second;
  }
};

Seen seen(const SimWorld& world, std::string_view path) {
  Seen result;
  for (const SimRequest& request : world.requests()) {
    if (request.request.target != path) continue;
    ++result.statuses[request.response.status];
    if (request.response.status < 300) result.latencies.push_back(request.answered - request.read);
  }
  std::ranges::sort(result.latencies);
  return result;
}

std::uint64_t total(const SimWorld& world, std::uint64_t server::SchedulerStats::* member) {
  std::uint64_t sum = 0;
  for (const server::SchedulerStats& stats : world.scheduler_stats())
    sum += stats.*member;
  return sum;
}

// Three times what two workers can do, for five seconds.
constexpr double kCapacity = 2'000;
SimWorld::Options overload_options() {
  SimWorld::Options options = options_with({{"quick", ms(1)}, {"kind", ms(1)}});
  options.workers = 2;
  return options;
}

TEST(SimScheduling, UnderOverloadAsMuchIsDoneAsEverAndInTime) {
  SimWorld world({&desk::package()}, overload_options());
  world.add_client(load("/quick", 3 * kCapacity, kFiveSeconds));
  ASSERT_TRUE(world.run());
  EXPECT_THAT(world.violations(), IsEmpty());
  const Seen quick = seen(world, "/quick");
  EXPECT_GE(static_cast<double>(quick.count(200)), 0.9 * 5 * kCapacity);
  EXPECT_LE(quick.percentile(0.99), kDeadline);
  EXPECT_EQ(quick.count(200) + quick.count(503) + quick.count(504), world.requests().size());
  EXPECT_GT(quick.count(503), 10'000U);
  for (const SimRequest& request : world.requests()) {
    if (request.response.status != 503) continue;
    ASSERT_NE(request.response.header("Retry-After"), "") << request.response.body;
  }
}

TEST(SimScheduling, WhoHasAnAnswerForOverloadIsNeverRefused) {
  SimWorld world({&desk::package()}, overload_options());
  world.add_client(load("/kind", 3 * kCapacity, kFiveSeconds));
  ASSERT_TRUE(world.run());
  const Seen kind = seen(world, "/kind");
  EXPECT_EQ(kind.count(200) + kind.count(203), world.requests().size());
  EXPECT_GE(static_cast<double>(kind.count(200)), 0.9 * 5 * kCapacity);
  EXPECT_GT(kind.count(203), 10'000U);
  EXPECT_LE(kind.latencies.back(), kDeadline);
  EXPECT_EQ(total(world, &server::SchedulerStats::degraded), kind.count(203));
}

TEST(SimScheduling, ClientsWaitOutsideWhileTheQueueIsNearlyFull) {
  SimWorld::Options options = overload_options();
  options.scheduling.queue.capacity = {8, 8, 8};
  options.scheduling.delay.fill({kSecond, kTenSeconds});
  SimWorld world({&desk::package()}, options);
  world.add_client(load("/quick", 3 * kCapacity, kSecond));
  ASSERT_TRUE(world.run());
  EXPECT_THAT(world.violations(), IsEmpty());
  EXPECT_GT(total(world, &server::SchedulerStats::read_pauses), 0U);
  EXPECT_GT(total(world, &server::SchedulerStats::accept_pauses), 0U);
  const Seen quick = seen(world, "/quick");
  EXPECT_GT(quick.count(200), 0.9 * kCapacity);
}

// Ten clients whose requests are all for one worker or the other, as their connections are.
Seen with_stealing(bool steal, std::uint64_t& stolen) {
  SimWorld::Options options = options_with({{"quick", ms(1)}});
  options.workers = 4;
  options.scheduling.steal = steal;
  SimWorld world({&desk::package()}, options);
  world.add_client(load("/quick", 0.8 * 4'000, kFiveSeconds));
  EXPECT_TRUE(world.run());
  stolen = total(world, &server::SchedulerStats::stolen);
  return seen(world, "/quick");
}

TEST(SimScheduling, IdleWorkersTakeWhatWaitsElsewhere) {
  std::uint64_t stolen = 0;
  const Seen with = with_stealing(true, stolen);
  EXPECT_GT(stolen, 100U);
  std::uint64_t none = 0;
  const Seen without = with_stealing(false, none);
  EXPECT_EQ(none, 0U);
  EXPECT_LT(2 * with.percentile(0.99).nanoseconds, without.percentile(0.99).nanoseconds);
}

// The theorem of docs/scheduling.md: a request begins at the latest when its lead and the time that N others
// take have gone by, whatever comes behind it.
TEST(SimScheduling, NobodyStarvesBeyondTheProvenBound) {
  SimWorld::Options options = options_with({{"quick", ms(1)}, {"usual", ms(1)}, {"crunch", ms(1)}});
  options.scheduling.queue.capacity = {20, 20, 20};
  options.scheduling.delay.fill({kMinute, kMinute});  // sheds nothing
  SimWorld world({&desk::package()}, options);
  world.add_client(load("/quick", 3'000, kTenSeconds));
  world.add_client(load("/usual", 20, kTenSeconds));
  world.add_client(load("/crunch", 5, kTenSeconds));
  ASSERT_TRUE(world.run());
  constexpr std::int64_t kPlaces = 60;
  const auto& lead = options.scheduling.queue.lead;
  const Seen usual = seen(world, "/usual");
  const Seen crunch = seen(world, "/crunch");
  ASSERT_GT(usual.count(200), 20U);
  ASSERT_GT(crunch.count(200), 5U);
  EXPECT_GT(usual.latencies.back(), lead[1]);  // it did have to wait
  EXPECT_LE(usual.latencies.back(), lead[1] + ms(kPlaces + 1));
  EXPECT_GT(crunch.latencies.back(), lead[2]);
  EXPECT_LE(crunch.latencies.back(), lead[2] + ms(kPlaces + 1));
}

TEST(SimScheduling, BatchWorkOnThreadsOfItsOwnDoesNotDelayInteractiveWork) {
  SimWorld::Options options = options_with({{"quick", us(500)}, {"crunch", ms(20)}});
  options.batch_workers = 1;
  SimWorld world({&desk::package()}, options);
  world.add_client(load("/quick", 0.675 * 2'000, kMinute));
  world.add_client(load("/crunch", 0.075 * 50, kMinute));
  ASSERT_TRUE(world.run());
  const Seen quick = seen(world, "/quick");
  EXPECT_EQ(quick.count(200), world.requests().size() - seen(world, "/crunch").count(200));
  EXPECT_LE(static_cast<double>(quick.percentile(0.99).nanoseconds),
            1.5 * static_cast<double>(quick.percentile(0.95).nanoseconds));
  EXPECT_EQ(world.scheduler_stats().at(0).begun[2], 0U);
  EXPECT_EQ(world.scheduler_stats().at(1).begun[2], seen(world, "/crunch").count(200));
}

TEST(SimScheduling, HoldsTheRatesOfFlowsAndTenants) {
  SimWorld::Options options;
  options.workers = 3;
  options.scheduling.flow_rates = {{"desk.limited", {.count = 100, .per = kSecond, .burst = 10}}};
  options.scheduling.tenant_rates = {
      {.header = "X-Tenant", .limit = {.count = 200, .per = kSecond, .burst = 5}}};
  SimWorld world({&desk::package()}, options);
  const auto client = [](std::string path, std::string tenant, Duration interval) {
    return ClientPlan{.request =
                          [path, tenant](std::size_t, Random&) {
                            return RequestText{.target = path, .headers = {{"X-Tenant", tenant}}};
                          },
                      .requests = static_cast<std::size_t>(kSecond.nanoseconds / interval.nanoseconds),
                      .interval = interval,
                      .regular = true};
  };
  world.add_client(client("/limited", "one", us(6'250)));   // 160 in a second
  world.add_client(client("/quick", "noisy", us(1'000)));   // 1,000
  world.add_client(client("/usual", "quiet", us(20'000)));  // 50
  ASSERT_TRUE(world.run());
  // The bucket's ten, and what came in from the first request to the last.
  EXPECT_EQ(seen(world, "/limited").count(200), 10U + 99U);
  EXPECT_EQ(seen(world, "/limited").count(429), 160U - 109U);
  EXPECT_EQ(seen(world, "/quick").count(200), 5U + 199U);
  EXPECT_EQ(seen(world, "/quick").count(429), 1'000U - 204U);
  EXPECT_EQ(seen(world, "/usual").count(200), 50U);
}

TEST(SimScheduling, ARateForNoFlowIsAnError) {
  SimWorld::Options options;
  options.scheduling.flow_rates = {{"desk.nothing", {.count = 1, .per = kSecond}}};
  SimWorld world({&desk::package()}, options);
  EXPECT_THROW(world.run(), std::runtime_error);
}

TEST(SimScheduling, WhoLeavesWhileItWaitsIsNotServed) {
  SimWorld world({&desk::package()}, options_with({{"usual", ms(50)}}));
  world.send({.target = "/usual"});  // its scheduler knows now how long that takes
  world.run_for(ms(60));
  world.send({.target = "/usual"});
  world.run_for(ms(10));
  world.send({.target = "/usual"});
  world.leave(2);
  ASSERT_TRUE(world.run());
  EXPECT_TRUE(world.requests().at(2).left);
  EXPECT_THAT(world.violations(), IsEmpty());
  EXPECT_EQ(world.scheduler_stats().at(0).begun[1], 2U);
}

// Everything at once, with costs that are drawn.
std::string busy_timeline(std::uint64_t seed) {
  SimWorld::Options options;
  options.seed = seed;
  options.workers = 3;
  options.batch_workers = 2;
  options.computing = [](const flow::FlowInfo& flow, Random& random) {
    const bool batch = flow.priority == async::Priority::kBatch;
    return us(static_cast<std::int64_t>(random.below(batch ? 20'000 : 1'500)));
  };
  SimWorld world({&desk::package()}, options);
  for (const char* const path : {"/quick", "/kind", "/usual"})
    world.add_client(load(path, 1'500, kSecond));
  world.add_client(load("/crunch", 100, kSecond));
  EXPECT_TRUE(world.run());
  EXPECT_THAT(world.violations(), IsEmpty());
  return world.timeline();
}

TEST(SimScheduling, TheSameSeedHasTheSameTimeline) {
  const std::string first = busy_timeline(7);
  EXPECT_EQ(first, busy_timeline(7));
  EXPECT_NE(first, busy_timeline(8));
  for (const char* const what : {"  moved", "  queued", "  shed", "  overload"})
    EXPECT_NE(first.find(what), std::string::npos) << what;
}

// Faults, clients that leave, and workers that are busy: the answer to a request comes from another worker,
// or while its client is leaving.
std::string lost_something(std::uint64_t seed) {
  SimWorld::Options options;
  options.seed = seed;
  options.workers = 3;
  options.batch_workers = 1;
  options.short_of_memory = 20;
  options.scheduling.queue.capacity = {6, 6, 6};
  options.computing = [](const flow::FlowInfo&, Random& random) {
    return ms(static_cast<std::int64_t>(random.below(12)));
  };
  ShopWorld shop(options);
  shop.world.faults().set(FaultPlan::rough());
  for (std::size_t client = 0; client < 4; ++client) {
    shop.world.add_client({.request = [client](std::size_t number,
                                               Random&) { return ShopWorld::order(client * 1'000 + number); },
                           .requests = 20,
                           .interval = ms(5),
                           .patience = client % 2 == 0 ? Duration::max() : ms(15),
                           .retries = 2});
  }
  if (!shop.world.run()) return "a request waits for ever";
  if (const auto violations = shop.world.violations(); !violations.empty()) return violations.front();
  if (static_cast<std::size_t>(shop.booked()) > shop.bank.charged.size()) return "booked and not charged";
  for (const server::SchedulerStats& stats : shop.world.scheduler_stats()) {
    if (stats.suspended != 0) return "a flow is still counted";
    if (stats.waiting[0] + stats.waiting[1] + stats.waiting[2] != 0) return "a request still waits";
  }
  return {};
}

TEST(SimScheduling, LosesNothingBetweenBusyWorkers) { EXPECT_TRUE(holds_for_seeds(1, 100, lost_something)); }

TEST(SimScheduling, AWorldMayEndInTheMiddleOfEverything) {
  SimWorld::Options options = options_with({{"quick", ms(3)}, {"crunch", ms(500)}});
  options.workers = 2;
  options.batch_workers = 1;
  SimWorld world({&desk::package()}, options);
  world.add_client(load("/quick", 2'000, kSecond));
  world.add_client(load("/crunch", 50, kSecond));
  EXPECT_FALSE(world.run(ms(100)));
}

}  // namespace
}  // namespace zerver::testing
