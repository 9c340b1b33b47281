#include <zerver/async/sleep.h>
#include <zerver/async/spawn.h>
#include <zerver/async/sync/rw_lock.h>
#include <zerver/core/random.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

struct Shelf {
  RwLock lock;
  std::string order;
};

template <bool kWrites> Task<bool> enter(Shelf& shelf, char name) {
  const auto guard = co_await [&] {
    if constexpr (kWrites) {
      return shelf.lock.write();
    } else {
      return shelf.lock.read();
    }
  }();
  if (!guard) co_return false;
  shelf.order += name;
  EXPECT_EQ(shelf.lock.writing(), kWrites);
  EXPECT_EQ(shelf.lock.readers() == 0, kWrites);
  (void)co_await shield(sleep_for(Duration::from_milliseconds(10)));
  co_return true;
}
auto read(SimLoop& loop, Shelf& shelf, char name) { return spawn(loop, enter<false>, std::ref(shelf), name); }
auto write(SimLoop& loop, Shelf& shelf, char name) { return spawn(loop, enter<true>, std::ref(shelf), name); }

TEST(RwLock, ReadersEnterTogetherWritersAlone) {
  SimLoop loop;
  Shelf shelf;
  read(loop, shelf, 'a').detach();
  read(loop, shelf, 'b').detach();
  write(loop, shelf, 'W').detach();
  write(loop, shelf, 'X').detach();
  loop.run_ready();
  EXPECT_EQ(shelf.order, "ab");
  EXPECT_EQ(shelf.lock.readers(), 2U);
  loop.run_for(Duration::from_milliseconds(11));
  EXPECT_EQ(shelf.order, "abW");
  loop.run();
  EXPECT_EQ(shelf.order, "abWX");
}

TEST(RwLock, WaitingWriterIsBeforeReadersThatComeLaterAndNoneStarves) {
  SimLoop loop;
  Shelf shelf;
  read(loop, shelf, 'a').detach();
  write(loop, shelf, 'W').detach();
  read(loop, shelf, 'b').detach();
  read(loop, shelf, 'c').detach();
  write(loop, shelf, 'X').detach();
  loop.run_ready();
  EXPECT_EQ(shelf.order, "a");
  EXPECT_FALSE(shelf.lock.try_read());
  loop.run();
  EXPECT_EQ(shelf.order, "aWbcX");
}

TEST(RwLock, CancelOfAWaitingWriterLetsTheReadersBehindIn) {
  SimLoop loop;
  Shelf shelf;
  read(loop, shelf, 'a').detach();
  auto writer = write(loop, shelf, 'W');
  read(loop, shelf, 'b').detach();
  loop.run_ready();
  writer.cancel();
  loop.run_ready();
  EXPECT_FALSE(writer.take());
  EXPECT_EQ(shelf.order, "ab");
  loop.run();
}

TEST(RwLock, TryFailsWhenItWouldHaveToWait) {
  RwLock lock;
  {
    const Result<ReadGuard> reading = lock.try_read();
    EXPECT_TRUE(reading);
    EXPECT_TRUE(lock.try_read());
    const Result<WriteGuard> writing = lock.try_write();
    ASSERT_FALSE(writing);
    EXPECT_EQ(writing.error().kind, FaultKind::kUnavailable);
  }
  WriteGuard writing = *lock.try_write();
  EXPECT_FALSE(lock.try_read());
  writing.unlock();
  writing.unlock();
  EXPECT_TRUE(lock.try_read());
}

TEST(RwLock, HoldsItsRuleForEverySeed) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SimLoop loop(seed);
    SeededRandom random(seed);
    Shelf shelf;
    std::vector<TaskHandle<bool>> tasks;
    for (int i = 0; i < 30; ++i) {
      tasks.push_back(random.below(3) == 0 ? write(loop, shelf, 'w') : read(loop, shelf, 'r'));
      if (random.below(2) == 0)
        loop.run_for(Duration::from_milliseconds(static_cast<std::int64_t>(random.below(8))));
      if (random.below(4) == 0) tasks[random.below(tasks.size())].cancel();
    }
    loop.run();
    for (const auto& task : tasks)
      EXPECT_TRUE(task.done());
    EXPECT_EQ(shelf.lock.readers(), 0U);
    EXPECT_FALSE(shelf.lock.writing());
  }
}

}  // namespace
}  // namespace zerver::async
