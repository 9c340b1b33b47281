#include <zerver/execution/work_deque.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace zerver::execution {
namespace {

TEST(WorkDeque, GivesItsOwnerTheYoungestAndThievesTheOldest) {
  std::array<int, 3> items{};
  WorkDeque<int> deque(4);
  for (int& item : items)
    ASSERT_TRUE(deque.push(item));
  EXPECT_EQ(deque.size(), 3U);
  EXPECT_EQ(deque.steal(), &items[0]);
  EXPECT_EQ(deque.pop(), &items[2]);
  EXPECT_EQ(deque.pop(), &items[1]);
  EXPECT_EQ(deque.pop(), nullptr);
  EXPECT_EQ(deque.steal(), nullptr);
  EXPECT_EQ(deque.size(), 0U);
}

TEST(WorkDeque, RefusesWhatItHasNoRoomFor) {
  int item = 0;
  WorkDeque<int> deque(3);  // four
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(deque.push(item));
  EXPECT_FALSE(deque.push(item));
  EXPECT_EQ(deque.steal(), &item);
  EXPECT_TRUE(deque.push(item));
}

TEST(WorkDeque, GoesRoundItsRingForEver) {
  std::array<int, 2> items{};
  WorkDeque<int> deque(2);
  for (int round = 0; round < 1000; ++round) {
    ASSERT_TRUE(deque.push(items[0]));
    ASSERT_TRUE(deque.push(items[1]));
    ASSERT_EQ(deque.steal(), &items[0]);
    ASSERT_EQ(deque.pop(), &items[1]);
    ASSERT_EQ(deque.pop(), nullptr);
  }
}

// Every item goes to exactly one of the owner and three thieves.
TEST(WorkDeque, LosesAndDoublesNothingUnderThieves) {
  constexpr std::size_t kItems = 100'000;
  std::vector<std::atomic<int>> items(kItems);
  WorkDeque<std::atomic<int>> deque(64);
  std::atomic<bool> done = false;
  const auto thief = [&] {
    while (!done.load() || deque.size() > 0) {
      if (std::atomic<int>* const item = deque.steal()) ++*item;
    }
  };
  std::array<std::thread, 3> thieves{std::thread(thief), std::thread(thief), std::thread(thief)};
  for (std::atomic<int>& item : items) {
    while (!deque.push(item)) {
      if (std::atomic<int>* const own = deque.pop()) ++*own;
    }
  }
  while (std::atomic<int>* const own = deque.pop())
    ++*own;
  done = true;
  for (std::thread& thread : thieves)
    thread.join();
  for (const std::atomic<int>& item : items)
    ASSERT_EQ(item, 1);
}

}  // namespace
}  // namespace zerver::execution
