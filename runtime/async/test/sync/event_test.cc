#include <zerver/async/spawn.h>
#include <zerver/async/sync/event.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

Task<bool> wait_for(Event& event, std::vector<int>& order, int number) {
  const Result<void> waited = co_await event.wait();
  order.push_back(number);
  co_return waited.has_value();
}

TEST(Event, ResumesAllWhoWaitInTheOrderOfTheirComingEvenIfItIsResetAtOnce) {
  SimLoop loop;
  Event event;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i)
    spawn(loop, wait_for, std::ref(event), std::ref(order), i).detach();
  loop.run();
  EXPECT_TRUE(order.empty());
  event.set();
  event.reset();
  loop.run();
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
  EXPECT_FALSE(event.is_set());
}

TEST(Event, StaysSet) {
  SimLoop loop;
  Event event;
  std::vector<int> order;
  event.set();
  auto task = spawn(loop, wait_for, std::ref(event), std::ref(order), 1);
  loop.run();
  EXPECT_TRUE(task.take());
}

TEST(Event, WaitingIsCancelled) {
  SimLoop loop;
  Event event;
  std::vector<int> order;
  auto task = spawn(loop, wait_for, std::ref(event), std::ref(order), 1);
  loop.run();
  task.cancel();
  loop.run();
  EXPECT_FALSE(task.take());
}

TEST(WaitGroup, ResumesWhenAllIsDone) {
  SimLoop loop;
  WaitGroup group(2);
  auto task = spawn(loop, [&]() -> Task<bool> { co_return (co_await group.wait()).has_value(); });
  loop.run();
  group.add();
  group.done();
  group.done();
  loop.run();
  EXPECT_FALSE(task.done());
  EXPECT_EQ(group.count(), 1U);
  group.done();
  loop.run();
  EXPECT_TRUE(task.take());
}

TEST(WaitGroup, OfNothingIsDone) {
  SimLoop loop;
  WaitGroup group;
  auto task = spawn(loop, [&]() -> Task<bool> { co_return (co_await group.wait()).has_value(); });
  loop.run();
  EXPECT_TRUE(task.take());
}

}  // namespace
}  // namespace zerver::async
