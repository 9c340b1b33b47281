#include "tests/support/times.h"
#include <zerver/async/pool/pool.h>
#include <zerver/async/spawn.h>
#include <zerver/core/random.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

using test::ms;

// What a test's connections are: numbered, and counted while they live.
struct Line {
  explicit Line(int its_number, std::shared_ptr<int> lives) : number(its_number), alive(std::move(lives)) {}
  int number;
  std::shared_ptr<int> alive;
};

struct Exchange {
  explicit Exchange(PoolOptions options = {})
      : pool(
            loop, options,
            [this]() -> Task<Result<Line>> {
              const Result<void> slept = co_await sleep_for(connecting);
              if (!slept) co_return slept.error();
              if (fails) co_return Fault{FaultKind::kUnavailable, "no route", {}};
              co_return Line(++made, alive);
            },
            [this](Line& line) -> Task<bool> {
              probed.push_back(line.number);
              co_return line.number != broken;
            }) {}
  long live() const { return alive.use_count() - 1; }

  SimLoop loop;
  std::shared_ptr<int> alive = std::make_shared<int>(0);
  Duration connecting{};
  bool fails = false;
  int made = 0;
  int broken = -1;
  std::vector<int> probed;
  Pool<Line> pool;
};

// Leases for a while and notes which one it got: -kind when it got none.
Task<int> use(Exchange& exchange, Duration span, Duration at_most = Duration::max()) {
  auto lease = co_await exchange.pool.acquire(at_most);
  if (!lease) co_return -static_cast<int>(lease.error().kind);
  (void)co_await shield(sleep_for(span));
  co_return (*lease)->number;
}
constexpr int kUnavailable = -static_cast<int>(FaultKind::kUnavailable);
constexpr int kTimeout = -static_cast<int>(FaultKind::kTimeout);
constexpr int kCancelled = -static_cast<int>(FaultKind::kCancelled);

auto begin(Exchange& exchange, Duration span, Duration at_most = Duration::max()) {
  return spawn(exchange.loop, use, std::ref(exchange), span, at_most);
}
int use_now(Exchange& exchange, Duration span = ms(1)) {
  auto task = begin(exchange, span);
  exchange.loop.run_until([&] { return task.done(); });
  return task.take();
}

TEST(Pool, MakesAConnectionWhenNoneIsIdleAndUsesItAgain) {
  Exchange exchange;
  EXPECT_EQ(use_now(exchange), 1);
  EXPECT_EQ(use_now(exchange), 1);
  auto first = begin(exchange, ms(5));
  auto second = begin(exchange, ms(5));
  exchange.loop.run_for(ms(10));
  EXPECT_EQ(first.take(), 1);
  EXPECT_EQ(second.take(), 2);
  EXPECT_EQ(exchange.pool.stats().idle, 2U);
  EXPECT_EQ(exchange.pool.stats().made, 2U);
  EXPECT_EQ(exchange.pool.stats().reused, 2U);
}

TEST(Pool, NeverHasMoreThanItsSizeAndServesInTheOrderOfComing) {
  Exchange exchange({.size = 2});
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) {
    spawn(exchange.loop, [&, i]() -> Task<> {
      (void)co_await use(exchange, ms(10));
      order.push_back(i);
    }).detach();
  }
  exchange.loop.run_for(ms(1));
  EXPECT_EQ(exchange.pool.stats().leased, 2U);
  EXPECT_EQ(exchange.pool.stats().waiting, 8U);
  exchange.loop.run_for(ms(100));
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(exchange.made, 2);
}

TEST(Pool, UsesTheLatestOrTheOldest) {
  for (const Reuse reuse : {Reuse::kLatest, Reuse::kOldest}) {
    Exchange exchange({.reuse = reuse});
    auto short_one = begin(exchange, ms(1));
    auto long_one = begin(exchange, ms(5));
    exchange.loop.run_for(ms(10));
    EXPECT_EQ(use_now(exchange), reuse == Reuse::kLatest ? 2 : 1);
  }
}

TEST(Pool, WaitsNoLongerThanAllowedAndRefusesWhenTooManyWait) {
  Exchange exchange({.size = 1, .waiting = 1});
  auto holding = begin(exchange, ms(50));
  auto waiting = begin(exchange, ms(1), ms(20));
  auto refused = begin(exchange, ms(1));
  exchange.loop.run_for(ms(30));
  EXPECT_EQ(waiting.take(), kTimeout);
  EXPECT_EQ(refused.take(), kUnavailable);
  EXPECT_EQ(exchange.pool.stats().refused, 1U);
  exchange.loop.run_for(ms(30));
  EXPECT_EQ(holding.take(), 1);
}

TEST(Pool, CancelledWhoWaitsLeavesTheLine) {
  Exchange exchange({.size = 1});
  auto holding = begin(exchange, ms(10));
  auto waiting = begin(exchange, ms(1));
  auto behind = begin(exchange, ms(1));
  exchange.loop.run_for(ms(1));
  waiting.cancel();
  exchange.loop.run_for(ms(20));
  EXPECT_EQ(waiting.take(), kCancelled);
  EXPECT_EQ(behind.take(), 1);
}

TEST(Pool, FailureToConnectIsReportedAndThePlaceIsFreeAgain) {
  Exchange exchange({.size = 1});
  exchange.fails = true;
  EXPECT_EQ(use_now(exchange), kUnavailable);
  exchange.fails = false;
  EXPECT_EQ(use_now(exchange), 1);
}

TEST(Pool, ClosesWhatIsIdleForTooLongByItself) {
  Exchange exchange({.idle_timeout = ms(100)});
  auto first = begin(exchange, ms(1));
  auto second = begin(exchange, ms(50));
  exchange.loop.run_for(ms(60));
  EXPECT_EQ(exchange.live(), 2);
  exchange.loop.run_for(ms(50));
  EXPECT_EQ(exchange.live(), 1);
  exchange.loop.run();
  EXPECT_EQ(exchange.live(), 0);
  EXPECT_EQ(exchange.pool.stats().closed, 2U);
}

TEST(Pool, LongUseIsNoIdleTime) {
  Exchange exchange({.idle_timeout = ms(100)});
  EXPECT_EQ(use_now(exchange, ms(500)), 1);
  EXPECT_EQ(use_now(exchange), 1);
}

TEST(Pool, ClosesWhatIsTooOld) {
  Exchange exchange({.max_lifetime = ms(100)});
  EXPECT_EQ(use_now(exchange, ms(60)), 1);
  EXPECT_EQ(use_now(exchange, ms(60)), 1);
  EXPECT_EQ(exchange.live(), 0);
  EXPECT_EQ(use_now(exchange), 2);
}

TEST(Pool, ProbesWhatWasIdleForLongAndClosesWhatIsBroken) {
  Exchange exchange({.probe_after = ms(20)});
  EXPECT_EQ(use_now(exchange), 1);
  EXPECT_EQ(use_now(exchange), 1);
  EXPECT_TRUE(exchange.probed.empty());
  exchange.loop.run_for(ms(30));
  EXPECT_EQ(use_now(exchange), 1);
  EXPECT_EQ(exchange.probed, std::vector{1});
  exchange.broken = 1;
  exchange.loop.run_for(ms(30));
  EXPECT_EQ(use_now(exchange), 2);
  EXPECT_EQ(exchange.live(), 1);
}

TEST(Pool, DiscardedOneIsNotUsedAgain) {
  Exchange exchange;
  auto task = spawn(exchange.loop, [&]() -> Task<> {
    auto lease = co_await exchange.pool.acquire();
    lease->discard();
    EXPECT_EQ((**lease).number, 1);
  });
  exchange.loop.run_ready();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(exchange.live(), 0);
  EXPECT_EQ(use_now(exchange), 2);
}

TEST(Pool, ClosingRefusesThoseWhoWaitAndDrainsThoseWhoUse) {
  Exchange exchange({.size = 2});
  EXPECT_EQ(use_now(exchange), 1);
  auto using_it = begin(exchange, ms(20));
  auto other = begin(exchange, ms(30));
  auto waiting = begin(exchange, ms(1));
  exchange.loop.run_for(ms(1));
  exchange.pool.close();
  EXPECT_TRUE(exchange.pool.is_closed());
  auto drained =
      spawn(exchange.loop, [&]() -> Task<bool> { co_return (co_await exchange.pool.drained()).has_value(); });
  exchange.loop.run_ready();
  EXPECT_EQ(waiting.take(), kUnavailable);
  EXPECT_FALSE(drained.done());
  exchange.loop.run();
  EXPECT_TRUE(drained.take());
  EXPECT_EQ(exchange.live(), 0);
  EXPECT_EQ(use_now(exchange), kUnavailable);
}

TEST(Pool, ConnectingCountsUntilItIsDrained) {
  Exchange exchange;
  exchange.connecting = ms(10);
  auto task = begin(exchange, ms(1));
  exchange.loop.run_for(ms(1));
  exchange.pool.close();
  auto drained =
      spawn(exchange.loop, [&]() -> Task<bool> { co_return (co_await exchange.pool.drained()).has_value(); });
  exchange.loop.run_ready();
  EXPECT_FALSE(drained.done());
  exchange.loop.run();
  EXPECT_TRUE(drained.take());
}

TEST(Pool, KeepsItsBoundsForEverySeed) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SeededRandom random(seed);
    Exchange exchange({.size = 1 + random.below(4),
                       .reuse = random.below(2) == 0 ? Reuse::kLatest : Reuse::kOldest,
                       .idle_timeout = ms(static_cast<std::int64_t>(1 + random.below(30))),
                       .max_lifetime = ms(static_cast<std::int64_t>(1 + random.below(60))),
                       .probe_after = ms(static_cast<std::int64_t>(random.below(10)))});
    exchange.connecting = ms(static_cast<std::int64_t>(random.below(5)));
    const std::size_t size = exchange.pool.stats().leased;
    EXPECT_EQ(size, 0U);
    std::vector<TaskHandle<int>> tasks;
    for (int i = 0; i < 60; ++i) {
      tasks.push_back(begin(exchange, ms(static_cast<std::int64_t>(random.below(10)))));
      exchange.loop.run_for(ms(static_cast<std::int64_t>(random.below(4))));
      if (random.below(6) == 0) tasks[random.below(tasks.size())].cancel();
      exchange.fails = random.below(8) == 0;
      const PoolStats stats = exchange.pool.stats();
      EXPECT_LE(exchange.live(), static_cast<long>(stats.leased + stats.idle));
      EXPECT_LE(stats.leased + stats.idle, 4U);
    }
    exchange.pool.close();
    exchange.loop.run();
    for (auto& task : tasks)
      EXPECT_TRUE(task.done());
    EXPECT_EQ(exchange.live(), 0);
    EXPECT_EQ(exchange.pool.stats().leased, 0U);
    EXPECT_EQ(exchange.pool.stats().waiting, 0U);
  }
}

}  // namespace
}  // namespace zerver::async
