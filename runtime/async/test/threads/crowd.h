// Many senders and receivers of one channel.
#pragma once

#include <zerver/async/channel/shared_channel.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <thread>
#include <vector>

namespace zerver::async {

// Two threads and two loops send, two threads and two loops receive; each loop's coroutines are cancelled now
// and then and begin again. Every message is received exactly once, and each receiver gets the messages of a
// sender in their order.
class Crowd {
 public:
  explicit Crowd(int messages) : messages_(messages), received_(4) {}

  void run() {
    std::vector<std::thread> senders, receivers;
    for (std::size_t i = 0; i < 2; ++i) {
      senders.emplace_back([this, i] { send_blocking(static_cast<int>(i)); });
      senders.emplace_back(
          [this, i] { on_loop([this, i](testing::SimLoop&) { return send(static_cast<int>(2 + i)); }); });
      receivers.emplace_back([this, i] { receive_blocking(received_[i]); });
      receivers.emplace_back([this, i] {
        on_loop([this, i](testing::SimLoop& loop) { return receive(loop, received_[2 + i]); });
      });
    }
    for (std::thread& sender : senders)
      sender.join();
    channel_.close();
    for (std::thread& receiver : receivers)
      receiver.join();
    check();
  }

 private:
  template <class Begin> void on_loop(Begin begin) {
    testing::SimLoop loop;
    auto task = spawn(loop, [&]() -> Task<> { co_await begin(loop); });
    loop.run_ready();
    loop.run_with_threads_until([&] { return task.done(); });
  }
  void send_blocking(int sender) {
    for (int i = 0; i < messages_; ++i)
      EXPECT_TRUE(channel_.send_blocking(sender * messages_ + i));
  }
  Task<> send(int sender) {
    for (int i = 0; i < messages_; ++i)
      EXPECT_TRUE(co_await channel_.send(sender * messages_ + i));
  }
  void receive_blocking(std::vector<int>& into) {
    while (const Result<int> message = channel_.receive_blocking())
      into.push_back(*message);
  }
  Task<bool> receive_one(std::vector<int>& into) {
    const Result<int> message = co_await channel_.receive();
    if (message) into.push_back(*message);
    co_return message.has_value() || message.error().kind == FaultKind::kCancelled;
  }
  Task<> receive(testing::SimLoop& loop, std::vector<int>& into) {
    for (int turn = 0;; ++turn) {
      auto attempt = spawn(loop, [this, &into]() -> Task<bool> { return receive_one(into); });
      if (turn % 4 == 0) {
        (void)co_await yield_now();
        attempt.cancel();
      }
      const bool goes_on = co_await attempt.join();
      if (!goes_on) co_return;
    }
  }
  void check() const {
    std::vector<int> all;
    for (const std::vector<int>& each : received_) {
      std::array<int, 4> last{-1, -1, -1, -1};
      for (const int message : each) {
        int& before = last[static_cast<std::size_t>(message / messages_)];
        EXPECT_LT(before, message);
        before = message;
        all.push_back(message);
      }
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), static_cast<std::size_t>(4 * messages_));
    for (std::size_t i = 0; i < all.size(); ++i)
      ASSERT_EQ(all[i], static_cast<int>(i));
  }

  const int messages_;
  SharedChannel<int> channel_{4};
  std::vector<std::vector<int>> received_;
};

}  // namespace zerver::async
