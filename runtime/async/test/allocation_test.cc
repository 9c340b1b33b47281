// What the primitives cost in heap allocations once they are warm: none. A program of its own, because
// operator new counts.
#include "tests/support/allocation_count.h"
#include <zerver/async/async.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <cstddef>

namespace zerver::async {
namespace {

using testing::SimLoop;

Task<int> give(int value) { co_return value; }
Task<int> give_later(int value) {
  (void)co_await sleep_for(Duration::from_milliseconds(1));
  co_return value;
}

struct Everything {
  Channel<int> channel{4};
  Mutex mutex;
  Semaphore semaphore{1};
};

Task<> send_some(Everything& everything) {
  for (int i = 0; i < 20; ++i)
    (void)co_await everything.channel.send(i);
}
Task<> use_everything(Loop& loop, Everything& everything) {
  auto sender = spawn(loop, send_some, std::ref(everything));
  for (int i = 0; i < 20; ++i)
    (void)co_await everything.channel.receive();
  co_await sender.join();
  const Result<MutexGuard> guard = co_await everything.mutex.lock();
  auto waiting = spawn(loop, [&]() -> Task<> { (void)co_await everything.mutex.lock(); });
  (void)co_await yield_now();
  waiting.cancel();
  co_await waiting.join();
  (void)co_await all(give_later(1), give_later(2), give(3));
  (void)co_await race(give_later(1), give_later(2));
  (void)co_await timeout(give_later(1), Duration::from_seconds(1));
  (void)co_await timeout(everything.channel.receive(), Duration::from_milliseconds(1));
  auto [sending, receiving] = oneshot<int>();
  (void)sending.send(1);
  (void)co_await receiving.receive();
  TaskGroup group(loop);
  group.spawn(send_some, std::ref(everything));
  group.spawn([&]() -> Task<> {
    for (int i = 0; i < 20; ++i)
      (void)co_await everything.channel.receive();
  });
  (void)co_await group.join_all();
}

TEST(Primitives, AllocateNothingAfterWarmUp) {
  SimLoop loop;
  Everything everything;
  for (int i = 0; i < 3; ++i) {
    spawn(loop, use_everything, std::ref(static_cast<Loop&>(loop)), std::ref(everything)).detach();
    loop.run();
  }
  const std::size_t before = test::allocations();
  spawn(loop, use_everything, std::ref(static_cast<Loop&>(loop)), std::ref(everything)).detach();
  loop.run();
  EXPECT_EQ(test::allocations(), before);
}

}  // namespace
}  // namespace zerver::async
