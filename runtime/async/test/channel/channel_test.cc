#include <zerver/async/channel/channel.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/core/random.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

FaultKind kind_of(const auto& result) { return result.error().kind; }

Task<int> send_all(Channel<int>& channel, int from, int count) {
  for (int i = 0; i < count; ++i) {
    if (!co_await channel.send(from + i)) co_return i;
  }
  co_return count;
}
Task<std::vector<int>> receive_all(Channel<int>& channel) {
  std::vector<int> all;
  while (Result<int> message = co_await channel.receive())
    all.push_back(*message);
  co_return all;
}
std::vector<int> numbers(int from, int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i)
    all.push_back(from + i);
  return all;
}

TEST(Channel, DeliversInOrderWhateverItsCapacity) {
  for (const std::size_t capacity : {0U, 1U, 2U, 7U, 100U, 1000U}) {
    SimLoop loop;
    Channel<int> channel(capacity);
    auto receiver = spawn(loop, receive_all, std::ref(channel));
    spawn(loop, [&channel]() -> Task<void> {
      EXPECT_EQ(co_await send_all(channel, 0, 500), 500);
      channel.close();
    }).detach();
    loop.run();
    EXPECT_EQ(receiver.take(), numbers(0, 500)) << capacity;
  }
}

TEST(Channel, SenderWaitsWhenItIsFull) {
  SimLoop loop;
  Channel<int> channel(2);
  auto sender = spawn(loop, send_all, std::ref(channel), 0, 3);
  loop.run();
  EXPECT_FALSE(sender.done());
  EXPECT_EQ(channel.size(), 2U);
  EXPECT_EQ(*channel.try_receive(), 0);
  loop.run();
  EXPECT_EQ(sender.take(), 3);
  EXPECT_EQ(channel.size(), 2U);
}

TEST(Channel, WithoutCapacityTheSenderWaitsForTheReceiver) {
  SimLoop loop;
  Channel<int> channel(0);
  auto sender = spawn(loop, send_all, std::ref(channel), 7, 1);
  loop.run();
  EXPECT_FALSE(sender.done());
  int none = 1;
  EXPECT_EQ(kind_of(channel.try_send(none)), FaultKind::kUnavailable);
  EXPECT_EQ(*channel.try_receive(), 7);
  loop.run();
  EXPECT_TRUE(sender.done());
}

TEST(Channel, TrySendAndTryReceiveNeverWait) {
  Channel<std::unique_ptr<int>> channel(1);
  EXPECT_EQ(kind_of(channel.try_receive()), FaultKind::kUnavailable);
  EXPECT_TRUE(channel.try_send(std::make_unique<int>(1)));
  auto kept = std::make_unique<int>(2);
  EXPECT_EQ(kind_of(channel.try_send(kept)), FaultKind::kUnavailable);
  EXPECT_EQ(*kept, 2);
  EXPECT_EQ(**channel.try_receive(), 1);
}

TEST(Channel, ClosedOneRefusesSendersAndGivesWhatIsInIt) {
  SimLoop loop;
  Channel<int> channel(4);
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_TRUE(channel.try_send(2));
  channel.close();
  channel.close();
  EXPECT_TRUE(channel.is_closed());
  int three = 3;
  EXPECT_EQ(kind_of(channel.try_send(three)), FaultKind::kRejected);
  auto sender = spawn(loop, [&]() -> Task<FaultKind> { co_return kind_of(co_await channel.send(3)); });
  auto receiver = spawn(loop, receive_all, std::ref(channel));
  loop.run();
  EXPECT_EQ(sender.take(), FaultKind::kRejected);
  EXPECT_EQ(receiver.take(), (std::vector{1, 2}));
  EXPECT_EQ(kind_of(channel.try_receive()), FaultKind::kMissing);
}

TEST(Channel, CloseResumesAllWhoWait) {
  SimLoop loop;
  Channel<int> full(1);
  EXPECT_TRUE(full.try_send(0));
  auto sender = spawn(loop, send_all, std::ref(full), 1, 1);
  Channel<int> empty(1);
  auto first = spawn(loop, receive_all, std::ref(empty));
  auto second = spawn(loop, receive_all, std::ref(empty));
  loop.run();
  full.close();
  empty.close();
  loop.run();
  EXPECT_EQ(sender.take(), 0);
  EXPECT_TRUE(first.take().empty());
  EXPECT_TRUE(second.take().empty());
  // What the sender could not send is not in it.
  EXPECT_EQ(*full.try_receive(), 0);
  EXPECT_FALSE(full.try_receive());
}

TEST(Channel, ReceiversAreServedInTheOrderOfComing) {
  SimLoop loop;
  Channel<int> channel(4);
  std::vector<std::pair<int, int>> got;
  for (int i = 0; i < 3; ++i) {
    spawn(loop, [&, i]() -> Task<void> {
      const Result<int> message = co_await channel.receive();
      if (message) got.emplace_back(i, *message);
    }).detach();
  }
  loop.run();
  for (int message = 10; message < 13; ++message)
    EXPECT_TRUE(channel.try_send(message));
  loop.run();
  EXPECT_EQ(got, (std::vector<std::pair<int, int>>{{0, 10}, {1, 11}, {2, 12}}));
}

Task<FaultKind> receive_one(Channel<int>& channel) { co_return kind_of(co_await channel.receive()); }

TEST(Channel, CancelledReceiverTakesNothing) {
  SimLoop loop;
  Channel<int> channel(1);
  auto receiver = spawn(loop, receive_one, std::ref(channel));
  loop.run();
  receiver.cancel();
  EXPECT_TRUE(channel.try_send(5));
  loop.run();
  EXPECT_EQ(receiver.take(), FaultKind::kCancelled);
  EXPECT_EQ(*channel.try_receive(), 5);
}

TEST(Channel, CancelledSenderSendsNothing) {
  SimLoop loop;
  Channel<int> channel(1);
  EXPECT_TRUE(channel.try_send(1));
  auto sender = spawn(loop, [&]() -> Task<FaultKind> { co_return kind_of(co_await channel.send(2)); });
  loop.run();
  sender.cancel();
  loop.run();
  EXPECT_EQ(sender.take(), FaultKind::kCancelled);
  EXPECT_EQ(*channel.try_receive(), 1);
  EXPECT_FALSE(channel.try_receive());
}

TEST(Channel, MessageThatWasHandedOverIsNotLostByACancel) {
  SimLoop loop;
  Channel<int> channel(1);
  auto receiver = spawn(loop, receive_all, std::ref(channel));
  loop.run();
  EXPECT_TRUE(channel.try_send(5));
  receiver.cancel();
  loop.run();
  EXPECT_EQ(receiver.take(), std::vector{5});
}

TEST(UnboundedChannel, AlarmsOnceEachTimeItHasRisenToItsHighWater) {
  std::vector<std::size_t> alarms;
  Channel<int> channel(Unbounded{4, [&](std::size_t size) { alarms.push_back(size); }});
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(channel.try_send(i));
  EXPECT_EQ(alarms, std::vector<std::size_t>{4});
  while (channel.size() > 3)
    EXPECT_TRUE(channel.try_receive());
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_EQ(alarms.size(), 1U);
  while (channel.size() > 2)
    EXPECT_TRUE(channel.try_receive());
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_EQ(alarms, (std::vector<std::size_t>{4, 4}));
}

TEST(Channel, DestroysWhatNobodyReceived) {
  auto kept = std::make_shared<int>(1);
  {
    Channel<std::shared_ptr<int>> channel(4);
    for (int i = 0; i < 3; ++i)
      EXPECT_TRUE(channel.try_send(std::shared_ptr<int>(kept)));
    EXPECT_TRUE(channel.try_receive());
    EXPECT_EQ(kept.use_count(), 3);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

// Told when an operation completes; nothing goes on by itself.
struct Probe final : Waiter {
  Probe() noexcept : Waiter([](Waiter& self) noexcept { static_cast<Probe&>(self).told = true; }) {}
  bool told = false;
};
struct Sending {
  Sending(Channel<int>& channel, int its_message)
      : operation(channel.send(its_message)), message(its_message) {}
  Channel<int>::Send operation;
  Probe probe;
  int message;
};
struct Receiving {
  explicit Receiving(Channel<int>& channel) : operation(channel.receive()) {}
  Channel<int>::Receive operation;
  Probe probe;
};

// Random operations on a channel and on a model of it: a deque of messages, of which the first `capacity` are
// in the channel and the rest with senders that wait, and a deque of receivers that wait.
class ChannelModel {
 public:
  explicit ChannelModel(std::uint64_t seed)
      : random_(seed), capacity_(random_.below(4)), channel_(capacity_) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      switch (random_.below(5)) {
        case 0:
        case 1:
          send(step);
          break;
        case 2:
        case 3:
          receive();
          break;
        default:
          cancel_one();
          break;
      }
      ASSERT_EQ(channel_.size(), std::min(capacity_, messages_.size()));
    }
    close();
  }

 private:
  void send(int message) {
    auto sending = std::make_unique<Sending>(channel_, message);
    const bool at_once = sending->operation.try_complete();
    messages_.push_back(message);
    const bool expected = !receiving_.empty() || messages_.size() <= capacity_;
    ASSERT_EQ(at_once, expected);
    if (at_once) {
      EXPECT_TRUE(sending->operation.result());
      if (!receiving_.empty()) expect_received();
    } else {
      sending->operation.enqueue(sending->probe);
      sending_.push_back(std::move(sending));
    }
  }
  void receive() {
    auto receiving = std::make_unique<Receiving>(channel_);
    const bool at_once = receiving->operation.try_complete();
    ASSERT_EQ(at_once, !messages_.empty());
    if (!at_once) {
      receiving->operation.enqueue(receiving->probe);
      receiving_.push_back(std::move(receiving));
      return;
    }
    EXPECT_EQ(*receiving->operation.result(), messages_.front());
    messages_.pop_front();
    if (!sending_.empty()) expect_sent();
  }
  void cancel_one() {
    if (!sending_.empty()) {
      const std::size_t victim = random_.below(sending_.size());
      std::erase(messages_, sending_[victim]->message);
      sending_[victim]->operation.cancel();
      EXPECT_FALSE(sending_[victim]->probe.told);
      sending_.erase(sending_.begin() + static_cast<std::ptrdiff_t>(victim));
    } else if (!receiving_.empty()) {
      const std::size_t victim = random_.below(receiving_.size());
      receiving_[victim]->operation.cancel();
      EXPECT_FALSE(receiving_[victim]->probe.told);
      receiving_.erase(receiving_.begin() + static_cast<std::ptrdiff_t>(victim));
    }
  }
  void close() {
    channel_.close();
    for (const auto& each : sending_) {
      EXPECT_TRUE(each->probe.told);
      EXPECT_EQ(kind_of(each->operation.result()), FaultKind::kRejected);
    }
    for (const auto& each : receiving_) {
      EXPECT_TRUE(each->probe.told);
      EXPECT_EQ(kind_of(each->operation.result()), FaultKind::kMissing);
    }
    messages_.resize(std::min(capacity_, messages_.size()));
    for (const int message : messages_)
      EXPECT_EQ(*channel_.try_receive(), message);
    EXPECT_EQ(kind_of(channel_.try_receive()), FaultKind::kMissing);
  }

  void expect_received() {
    EXPECT_TRUE(receiving_.front()->probe.told);
    EXPECT_EQ(*receiving_.front()->operation.result(), messages_.front());
    messages_.pop_front();
    receiving_.pop_front();
    for (const auto& each : receiving_)
      EXPECT_FALSE(each->probe.told);
  }
  void expect_sent() {
    EXPECT_TRUE(sending_.front()->probe.told);
    EXPECT_TRUE(sending_.front()->operation.result());
    sending_.pop_front();
    for (const auto& each : sending_)
      EXPECT_FALSE(each->probe.told);
  }

  SeededRandom random_;
  std::size_t capacity_;
  Channel<int> channel_;
  std::deque<int> messages_;
  std::deque<std::unique_ptr<Sending>> sending_;
  std::deque<std::unique_ptr<Receiving>> receiving_;
};

TEST(Channel, AgreesWithADequeForEverySeed) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    ChannelModel(seed).run(300);
    if (HasFatalFailure()) return;
  }
}

// Coroutines that send and receive, some of them cancelled: what was sent is received, once, and each
// receiver gets the messages of a sender in their order.
void lose_nothing(std::uint64_t seed) {
  SimLoop loop(seed);
  SeededRandom random(seed);
  Channel<int> channel(random.below(5));
  std::vector<int> sent, received;
  std::vector<TaskHandle<void>> tasks;
  for (int sender = 0; sender < 4; ++sender) {
    tasks.push_back(spawn(loop, [&, sender, count = static_cast<int>(random.below(30))]() -> Task<void> {
      for (int i = 0; i < count; ++i) {
        if (!co_await channel.send(sender * 1000 + i)) co_return;
        sent.push_back(sender * 1000 + i);
        if (random.below(3) == 0) (void)co_await sleep_for(Duration::from_milliseconds(1));
      }
    }));
  }
  for (int receiver = 0; receiver < 3; ++receiver) {
    tasks.push_back(spawn(loop, [&]() -> Task<void> {
      std::array<int, 4> last{-1, -1, -1, -1};
      while (Result<int> message = co_await channel.receive()) {
        int& before = last[static_cast<std::size_t>(*message / 1000)];
        EXPECT_LT(before, *message % 1000);
        before = *message % 1000;
        received.push_back(*message);
        if (random.below(4) == 0) (void)co_await sleep_for(Duration::from_milliseconds(2));
      }
    }));
  }
  for (int i = 0; i < 20; ++i) {
    loop.run_for(Duration::from_milliseconds(1));
    if (random.below(8) == 0) tasks[random.below(tasks.size())].cancel();
  }
  loop.run();
  channel.close();
  loop.run();
  while (Result<int> message = channel.try_receive())
    received.push_back(*message);
  for (const auto& task : tasks)
    EXPECT_TRUE(task.done());
  std::sort(sent.begin(), sent.end());
  std::sort(received.begin(), received.end());
  EXPECT_EQ(received, sent);
}

TEST(Channel, LosesAndDoublesNothingWhoeverIsCancelled) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    lose_nothing(seed);
  }
}

}  // namespace
}  // namespace zerver::async
