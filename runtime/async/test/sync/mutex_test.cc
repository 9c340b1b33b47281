#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/async/sync/mutex.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

struct Shared {
  Mutex mutex;
  std::vector<int> order;
  int inside = 0;
  int most_inside = 0;
};

Task<bool> enter(Shared& shared, int number, Duration stay) {
  const Result<MutexGuard> guard = co_await shared.mutex.lock();
  if (!guard) co_return false;
  shared.order.push_back(number);
  shared.most_inside = std::max(shared.most_inside, ++shared.inside);
  (void)co_await shield(sleep_for(stay));
  --shared.inside;
  co_return true;
}

constexpr Duration kStay = Duration::from_milliseconds(10);

TEST(Mutex, LetsOneInAtATimeInTheOrderOfComing) {
  SimLoop loop;
  Shared shared;
  for (int i = 0; i < 20; ++i)
    spawn(loop, enter, std::ref(shared), i, kStay).detach();
  loop.run();
  EXPECT_EQ(shared.most_inside, 1);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(shared.order[static_cast<std::size_t>(i)], i);
  EXPECT_FALSE(shared.mutex.locked());
}

TEST(Mutex, IsHandedOverSoThatNobodyOvertakes) {
  SimLoop loop;
  Shared shared;
  auto first = spawn(loop, enter, std::ref(shared), 1, kStay);
  auto second = spawn(loop, enter, std::ref(shared), 2, kStay);
  loop.run_until([&] { return first.done(); });
  // The second has not gone on, but has it.
  EXPECT_FALSE(shared.mutex.try_lock());
  loop.run();
  EXPECT_EQ(shared.order, (std::vector{1, 2}));
}

TEST(Mutex, TryLockFailsWhenItIsLocked) {
  Mutex mutex;
  Result<MutexGuard> guard = mutex.try_lock();
  ASSERT_TRUE(guard);
  const Result<MutexGuard> second = mutex.try_lock();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, FaultKind::kUnavailable);
  guard->unlock();
  guard->unlock();
  EXPECT_TRUE(mutex.try_lock());
}

// Each of five who wait is cancelled once: the others get it, in order.
TEST(Mutex, CancellingAnyOfThoseWhoWaitLeavesTheRest) {
  for (std::size_t victim = 1; victim < 5; ++victim) {
    SimLoop loop;
    Shared shared;
    std::vector<TaskHandle<bool>> handles;
    for (int i = 0; i < 5; ++i)
      handles.push_back(spawn(loop, enter, std::ref(shared), i, kStay));
    loop.run_ready();
    handles[victim].cancel();
    loop.run();
    std::vector<int> expected;
    for (int i = 0; i < 5; ++i) {
      const bool is_victim = static_cast<std::size_t>(i) == victim;
      EXPECT_EQ(handles[static_cast<std::size_t>(i)].take(), !is_victim);
      if (!is_victim) expected.push_back(i);
    }
    EXPECT_EQ(shared.order, expected);
    EXPECT_FALSE(shared.mutex.locked());
  }
}

TEST(Mutex, OneThatHasBeenHandedOverIsNotLostByACancel) {
  SimLoop loop;
  Shared shared;
  auto guard = std::make_unique<Result<MutexGuard>>(shared.mutex.try_lock());
  auto waiting = spawn(loop, enter, std::ref(shared), 1, kStay);
  loop.run_ready();
  guard.reset();
  waiting.cancel();
  loop.run();
  EXPECT_TRUE(waiting.take());
  EXPECT_FALSE(shared.mutex.locked());
}

TEST(Mutex, FreeOneIsLockedEvenAfterAStop) {
  SimLoop loop;
  Shared shared;
  auto handle = spawn(loop, enter, std::ref(shared), 1, kStay);
  handle.cancel();
  loop.run();
  EXPECT_TRUE(handle.take());
}

// Work in a queue of classes, raised there while it holds what others wait for.
class Work final : public Scheduled, public Borrower {
 public:
  Work(ReadyQueue& queue, Priority its_priority)
      : Scheduled([](Job&) noexcept {}), queue_(queue), own_(its_priority) {}

  Priority priority() const noexcept override { return own_; }
  void lend(Priority priority) noexcept override {
    lent.push_back(priority);
    if (waiting()) queue_.lend(*this, priority);
  }

  std::vector<Priority> lent;

 private:
  ReadyQueue& queue_;
  Priority own_;
};

Task<> lock_as(Mutex& mutex, Work& who, Duration stay) {
  const Result<MutexGuard> guard = co_await mutex.lock(who);
  (void)co_await shield(sleep_for(stay));
}

TEST(Mutex, WaitingLendsItsClassToWhoeverHoldsIt) {
  SimLoop loop;
  ReadyQueue queue;
  Mutex mutex;
  Work holder(queue, Priority::kBatch), between(queue, Priority::kNormal),
      urgent(queue, Priority::kInteractive);
  spawn(loop, lock_as, std::ref(mutex), std::ref(holder), kStay).detach();
  loop.run_ready();
  ASSERT_TRUE(queue.push(holder, Priority::kBatch, loop.now()));
  ASSERT_TRUE(queue.push(between, Priority::kNormal, loop.now()));
  spawn(loop, lock_as, std::ref(mutex), std::ref(urgent), kStay).detach();
  loop.run_ready();
  EXPECT_EQ(queue.pop(), &holder);
  EXPECT_EQ(queue.pop(), &between);
  loop.run();
}

TEST(Mutex, HandingOverLendsTheClassOfTheMostUrgentWhoStillWaits) {
  SimLoop loop;
  ReadyQueue queue;
  Mutex mutex;
  Work first(queue, Priority::kNormal), second(queue, Priority::kBatch), third(queue, Priority::kNormal),
      fourth(queue, Priority::kInteractive);
  for (Work* const work : {&first, &second, &third, &fourth})
    spawn(loop, lock_as, std::ref(mutex), std::ref(*work), kStay).detach();
  loop.run();
  EXPECT_EQ(first.lent, std::vector{Priority::kInteractive});
  EXPECT_EQ(second.lent, std::vector{Priority::kInteractive});
  EXPECT_EQ(third.lent, std::vector{Priority::kInteractive});
  EXPECT_TRUE(fourth.lent.empty());
}

TEST(MutexGuard, MovesAndUnlocksWhatItHeldBefore) {
  Mutex first, second;
  MutexGuard guard = *first.try_lock();
  guard = *second.try_lock();
  EXPECT_FALSE(first.locked());
  EXPECT_TRUE(second.locked());
}

}  // namespace
}  // namespace zerver::async
