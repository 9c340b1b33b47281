#include "runtime/async/test/threads/crowd.h"
#include <zerver/async/channel/shared_channel.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

FaultKind kind_of(const auto& result) { return result.error().kind; }

TEST(SharedChannel, TrySendAndTryReceiveNeverWait) {
  SharedChannel<std::unique_ptr<int>> channel(2);
  EXPECT_EQ(channel.capacity(), 2U);
  EXPECT_EQ(kind_of(channel.try_receive()), FaultKind::kUnavailable);
  EXPECT_TRUE(channel.try_send(std::make_unique<int>(1)));
  EXPECT_TRUE(channel.try_send(std::make_unique<int>(2)));
  EXPECT_EQ(channel.size(), 2U);
  auto kept = std::make_unique<int>(3);
  EXPECT_EQ(kind_of(channel.try_send(kept)), FaultKind::kUnavailable);
  EXPECT_EQ(*kept, 3);
  EXPECT_EQ(**channel.try_receive(), 1);
  EXPECT_EQ(**channel.try_receive(), 2);
}

TEST(SharedChannel, ClosedOneRefusesSendersAndGivesWhatIsInIt) {
  SharedChannel<int> channel(4);
  EXPECT_TRUE(channel.send_blocking(1));
  channel.close();
  channel.close();
  EXPECT_TRUE(channel.is_closed());
  EXPECT_EQ(kind_of(channel.send_blocking(2)), FaultKind::kRejected);
  EXPECT_EQ(kind_of(channel.try_send(2)), FaultKind::kRejected);
  EXPECT_EQ(*channel.receive_blocking(), 1);
  EXPECT_EQ(kind_of(channel.receive_blocking()), FaultKind::kMissing);
  EXPECT_EQ(kind_of(channel.try_receive()), FaultKind::kMissing);
}

TEST(SharedChannel, DestroysWhatNobodyReceived) {
  const auto kept = std::make_shared<int>(1);
  {
    SharedChannel<std::shared_ptr<int>> channel(4);
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(channel.try_send(std::shared_ptr<int>(kept)));
    EXPECT_EQ(kept.use_count(), 4);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(SharedChannel, WakesThreadsThatWaitWhenItIsClosed) {
  SharedChannel<int> full(2), empty(2);
  EXPECT_TRUE(full.try_send(1));
  EXPECT_TRUE(full.try_send(2));
  std::atomic<int> ended = 0;
  std::thread sender([&] {
    EXPECT_EQ(kind_of(full.send_blocking(3)), FaultKind::kRejected);
    ++ended;
  });
  std::thread receiver([&] {
    EXPECT_EQ(kind_of(empty.receive_blocking()), FaultKind::kMissing);
    ++ended;
  });
  full.close();
  empty.close();
  sender.join();
  receiver.join();
  EXPECT_EQ(ended, 2);
}

TEST(SharedChannel, ResumesCoroutinesOnTheirLoop) {
  SimLoop loop;
  SharedChannel<int> channel(2);
  std::vector<int> got;
  auto task = spawn(loop, [&]() -> Task<> {
    const auto self = std::this_thread::get_id();
    while (const Result<int> message = co_await channel.receive()) {
      EXPECT_EQ(std::this_thread::get_id(), self);
      got.push_back(*message);
    }
  });
  loop.run_ready();
  std::thread sender([&] {
    for (int i = 0; i < 100; ++i)
      EXPECT_TRUE(channel.send_blocking(i));
    channel.close();
  });
  loop.run_with_threads_until([&] { return task.done(); });
  sender.join();
  ASSERT_EQ(got.size(), 100U);
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
}

TEST(SharedChannel, CancelledReceiverTakesNothing) {
  SimLoop loop;
  SharedChannel<int> channel(2);
  auto first = spawn(loop, [&]() -> Task<FaultKind> { co_return kind_of(co_await channel.receive()); });
  auto second = spawn(loop, [&]() -> Task<int> { co_return *co_await channel.receive(); });
  loop.run_ready();
  // What wakes the first one is on its way when it is cancelled: it goes to the second.
  EXPECT_TRUE(channel.try_send(7));
  first.cancel();
  loop.run();
  EXPECT_EQ(first.take(), FaultKind::kCancelled);
  EXPECT_EQ(second.take(), 7);
}

TEST(SharedChannel, CancelledSenderSendsNothing) {
  SimLoop loop;
  SharedChannel<int> channel(2);
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_TRUE(channel.try_send(2));
  auto task = spawn(loop, [&]() -> Task<Result<void>> {
    co_return co_await timeout(channel.send(3), Duration::from_seconds(1));
  });
  loop.run();
  EXPECT_EQ(kind_of(task.take()), FaultKind::kTimeout);
  EXPECT_EQ(*channel.try_receive(), 1);
  EXPECT_EQ(*channel.try_receive(), 2);
  EXPECT_FALSE(channel.try_receive());
}

TEST(SharedChannel, SenderGoesOnWhenThereIsRoom) {
  SimLoop loop;
  SharedChannel<int> channel(2);
  auto task = spawn(loop, [&]() -> Task<> {
    for (int i = 0; i < 10; ++i)
      EXPECT_TRUE(co_await channel.send(i));
  });
  loop.run();
  EXPECT_FALSE(task.done());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(*channel.try_receive(), i);
    loop.run();
  }
  EXPECT_TRUE(task.done());
}

TEST(SharedChannel, LosesAndDoublesNothingBetweenEightThreads) { Crowd(2'000).run(); }

}  // namespace
}  // namespace zerver::async
