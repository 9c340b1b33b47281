#include <zerver/async/channel/channel.h>
#include <zerver/async/combine/select.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/async/sync/mutex.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace zerver::async {
namespace {

using testing::SimLoop;

constexpr Duration kLong = Duration::from_seconds(10);

struct Two {
  Channel<int> first{1};
  Channel<int> second{1};
};

// Which of the two gave something, and what: 10 * index + value; -1 after ten seconds, -2 when it is
// cancelled.
Task<int> choose(Two& two) {
  auto chosen = co_await select(two.first.receive(), two.second.receive(), sleep_for(kLong));
  if (!chosen) co_return -2;
  switch (chosen->index()) {
    case 0:
      co_return *std::get<0>(*chosen);
    case 1:
      co_return 10 + *std::get<1>(*chosen);
    default:
      co_return -1;
  }
}

TEST(Select, TakesWhatCompletesFirstAndLeavesTheRest) {
  SimLoop loop;
  Two two;
  auto task = spawn(loop, choose, std::ref(two));
  loop.run_ready();
  EXPECT_TRUE(two.second.try_send(5));
  EXPECT_TRUE(two.first.try_send(6));
  loop.run_ready();
  EXPECT_EQ(task.take(), 15);
  EXPECT_EQ(*two.first.try_receive(), 6);
  loop.run();
  EXPECT_EQ(loop.now(), TimePoint{});
}

TEST(Select, PrefersWhatIsNamedFirstWhenSeveralAreReady) {
  SimLoop loop;
  Two two;
  EXPECT_TRUE(two.second.try_send(5));
  EXPECT_TRUE(two.first.try_send(6));
  auto task = spawn(loop, choose, std::ref(two));
  loop.run_ready();
  EXPECT_EQ(task.take(), 6);
  EXPECT_EQ(*two.second.try_receive(), 5);
}

TEST(Select, MayChooseTime) {
  SimLoop loop;
  Two two;
  auto task = spawn(loop, choose, std::ref(two));
  loop.run();
  EXPECT_EQ(task.take(), -1);
  // Nobody waits there any more.
  EXPECT_TRUE(two.first.try_send(1));
  EXPECT_EQ(*two.first.try_receive(), 1);
}

TEST(Select, IsCancelledAsAWhole) {
  SimLoop loop;
  Two two;
  auto task = spawn(loop, choose, std::ref(two));
  loop.run_ready();
  task.cancel();
  loop.run();
  EXPECT_EQ(task.take(), -2);
  EXPECT_EQ(loop.now(), TimePoint{});
  EXPECT_TRUE(two.first.try_send(1));
  EXPECT_EQ(two.first.size(), 1U);
}

TEST(Select, BeginsNothingBehindWhatCompletesAtOnce) {
  SimLoop loop;
  Two two;
  auto task = spawn(loop, [&]() -> Task<std::size_t> {
    auto chosen = co_await select(two.first.receive(), sleep_for(Duration{0}), two.second.receive());
    co_return chosen->index();
  });
  loop.run_ready();
  EXPECT_EQ(task.take(), 1U);
  EXPECT_TRUE(two.second.try_send(1));
  EXPECT_EQ(two.second.size(), 1U);
}

TEST(Select, SendsOrReceivesButNotBoth) {
  SimLoop loop;
  Channel<int> full(1), empty(1);
  EXPECT_TRUE(full.try_send(1));
  auto task = spawn(loop, [&]() -> Task<std::size_t> {
    auto chosen = co_await select(full.send(2), empty.receive());
    co_return chosen->index();
  });
  loop.run_ready();
  EXPECT_TRUE(empty.try_send(7));
  EXPECT_EQ(*full.try_receive(), 1);
  EXPECT_FALSE(full.try_receive());
  loop.run_ready();
  EXPECT_EQ(task.take(), 1U);
}

TEST(Select, Nests) {
  SimLoop loop;
  Two two;
  Mutex mutex;
  const Result<MutexGuard> held = mutex.try_lock();
  auto task = spawn(loop, [&]() -> Task<int> {
    auto chosen = co_await select(mutex.lock(), select(two.first.receive(), two.second.receive()));
    auto& inner = std::get<1>(*chosen);
    co_return *std::get<1>(*inner);
  });
  loop.run_ready();
  EXPECT_TRUE(two.second.try_send(4));
  loop.run_ready();
  EXPECT_EQ(task.take(), 4);
}

TEST(Select, WaitsForTheEndOfATask) {
  SimLoop loop;
  Channel<int> channel(1);
  auto slow = spawn(loop, []() -> Task<int> {
    (void)co_await sleep_for(kLong);
    co_return 3;
  });
  auto task = spawn(loop, [&]() -> Task<std::size_t> {
    auto first = co_await select(slow.ended(), sleep_for(Duration::from_seconds(1)));
    auto second = co_await select(channel.receive(), slow.ended());
    co_return 10 * first->index() + second->index();
  });
  loop.run();
  EXPECT_EQ(task.take(), 11U);
  EXPECT_EQ(slow.take(), 3);
}

Task<Result<int>> receive_within(Channel<int>& channel, Duration span) {
  co_return co_await timeout(channel.receive(), span);
}

TEST(TimeoutOfAnOperation, IsTheResultOrTimeout) {
  SimLoop loop;
  Channel<int> channel(1);
  auto slow = spawn(loop, receive_within, std::ref(channel), kLong);
  loop.run();
  EXPECT_EQ(slow.take().error().kind, FaultKind::kTimeout);
  EXPECT_EQ(loop.now(), TimePoint{} + kLong);
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_EQ(channel.size(), 1U);
  auto fast = spawn(loop, receive_within, std::ref(channel), kLong);
  loop.run();
  EXPECT_EQ(*fast.take(), 1);
  channel.close();
  auto closed = spawn(loop, receive_within, std::ref(channel), kLong);
  loop.run();
  EXPECT_EQ(closed.take().error().kind, FaultKind::kMissing);
}

}  // namespace
}  // namespace zerver::async
