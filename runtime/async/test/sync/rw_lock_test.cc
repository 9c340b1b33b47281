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

struct Shared {
  RwLock lock;
  std::string order;
};

template <bool kWrites> Task<bool> enter(Shared& shared, char name) {
  const auto guard = co_await [&] {
    if constexpr (kWrites) {
      return shared.lock.write();
    } else {
      return shared.lock.read();
    }
  }();
  if (!guard) co_return false;
  shared.order += name;
  EXPECT_EQ(shared.lock.writing(), kWrites);
  EXPECT_EQ(shared.lock.readers() == 0, kWrites);
  (void)co_await shield(sleep_for(Duration::from_milliseconds(10)));
  co_return true;
}
auto read(SimLoop& loop, Shared& shared, char name) {
  return spawn(loop, enter<false>, std::ref(shared), name);
}
auto write(SimLoop& loop, Shared& shared, char name) {
  return spawn(loop, enter<true>, std::ref(shared), name);
}

TEST(RwLock, ReadersEnterTogetherWritersAlone) {
  SimLoop loop;
  Shared shared;
  read(loop, shared, 'a').detach();
  read(loop, shared, 'b').detach();
  write(loop, shared, 'W').detach();
  write(loop, shared, 'X').detach();
  loop.run_ready();
  EXPECT_EQ(shared.order, "ab");
  EXPECT_EQ(shared.lock.readers(), 2U);
  loop.run_for(Duration::from_milliseconds(11));
  EXPECT_EQ(shared.order, "abW");
  loop.run();
  EXPECT_EQ(shared.order, "abWX");
}

TEST(RwLock, WaitingWriterIsBeforeReadersThatComeLaterAndNoneStarves) {
  SimLoop loop;
  Shared shared;
  read(loop, shared, 'a').detach();
  write(loop, shared, 'W').detach();
  read(loop, shared, 'b').detach();
  read(loop, shared, 'c').detach();
  write(loop, shared, 'X').detach();
  loop.run_ready();
  EXPECT_EQ(shared.order, "a");
  EXPECT_FALSE(shared.lock.try_read());
  loop.run();
  EXPECT_EQ(shared.order, "aWbcX");
}

TEST(RwLock, CancelOfAWaitingWriterLetsTheReadersBehindIn) {
  SimLoop loop;
  Shared shared;
  read(loop, shared, 'a').detach();
  auto writer = write(loop, shared, 'W');
  read(loop, shared, 'b').detach();
  loop.run_ready();
  writer.cancel();
  loop.run_ready();
  EXPECT_FALSE(writer.take());
  EXPECT_EQ(shared.order, "ab");
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
    Shared shared;
    std::vector<TaskHandle<bool>> tasks;
    for (int i = 0; i < 30; ++i) {
      tasks.push_back(random.below(3) == 0 ? write(loop, shared, 'w') : read(loop, shared, 'r'));
      if (random.below(2) == 0)
        loop.run_for(Duration::from_milliseconds(static_cast<std::int64_t>(random.below(8))));
      if (random.below(4) == 0) tasks[random.below(tasks.size())].cancel();
    }
    loop.run();
    for (const auto& task : tasks)
      EXPECT_TRUE(task.done());
    EXPECT_EQ(shared.lock.readers(), 0U);
    EXPECT_FALSE(shared.lock.writing());
  }
}

}  // namespace
}  // namespace zerver::async
