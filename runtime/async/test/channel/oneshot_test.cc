#include <zerver/async/channel/oneshot.h>
#include <zerver/async/spawn.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

namespace zerver::async {
namespace {

using testing::SimLoop;

Task<int> receive(OneshotReceiver<int>& receiver) {
  const Result<int> value = co_await receiver.receive();
  if (value) co_return *value;
  co_return -static_cast<int>(value.error().kind);
}
constexpr int kMissing = -static_cast<int>(FaultKind::kMissing);
constexpr int kCancelled = -static_cast<int>(FaultKind::kCancelled);

TEST(Oneshot, GivesTheValueBeforeAndAfterSomebodyWaits) {
  SimLoop loop;
  for (const bool waits_first : {false, true}) {
    auto [sender, receiver] = oneshot<int>();
    if (!waits_first) {
      EXPECT_TRUE(sender.send(5));
    }
    auto task = spawn(loop, receive, std::ref(receiver));
    loop.run();
    EXPECT_EQ(task.done(), !waits_first);
    if (waits_first) {
      EXPECT_TRUE(sender.send(5));
    }
    loop.run();
    EXPECT_EQ(task.take(), 5);
  }
}

TEST(Oneshot, ReceiverLearnsThatTheSenderIsGone) {
  SimLoop loop;
  auto [sender, receiver] = oneshot<int>();
  auto task = spawn(loop, receive, std::ref(receiver));
  loop.run();
  {
    const auto gone = std::move(sender);
  }
  loop.run();
  EXPECT_EQ(task.take(), kMissing);
}

TEST(Oneshot, SenderLearnsThatTheReceiverIsGone) {
  auto [sender, receiver] = oneshot<int>();
  EXPECT_FALSE(sender.receiver_is_gone());
  {
    const auto gone = std::move(receiver);
  }
  EXPECT_TRUE(sender.receiver_is_gone());
  const Result<void> sent = sender.send(1);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind, FaultKind::kRejected);
}

TEST(Oneshot, CanBeReceivedAfterACancel) {
  SimLoop loop;
  auto [sender, receiver] = oneshot<int>();
  auto first = spawn(loop, receive, std::ref(receiver));
  loop.run();
  first.cancel();
  loop.run();
  EXPECT_EQ(first.take(), kCancelled);
  EXPECT_TRUE(sender.send(3));
  auto second = spawn(loop, receive, std::ref(receiver));
  auto third = spawn(loop, receive, std::ref(receiver));
  loop.run();
  EXPECT_EQ(second.take(), 3);
  EXPECT_EQ(third.take(), kMissing);
}

TEST(Oneshot, DestroysWhatNobodyReceived) {
  auto kept = std::make_shared<int>(1);
  {
    auto [sender, receiver] = oneshot<std::shared_ptr<int>>();
    EXPECT_TRUE(sender.send(kept));
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace zerver::async
