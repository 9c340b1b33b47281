#include <zerver/async/frame_pool.h>
#include <zerver/async/task.h>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace zerver::async {
namespace {

TEST(FramePool, GivesWhatWasReleasedAgain) {
  void* const first = FramePool::allocate(100);
  FramePool::release(first, 100);
  void* const second = FramePool::allocate(120);
  EXPECT_EQ(first, second);
  FramePool::release(second, 120);
}

TEST(FramePool, KeepsNoMoreThanItsBound) {
  std::vector<void*> blocks(10'000);
  for (void*& block : blocks)
    block = FramePool::allocate(FramePool::kLargest);
  for (void* const block : blocks)
    FramePool::release(block, FramePool::kLargest);
  EXPECT_GE(FramePool::kept(), FramePool::kKeptPerSize / 2);
  EXPECT_LE(FramePool::kept(), 32 * FramePool::kKeptPerSize);
}

TEST(FramePool, PassesOnWhatIsTooLargeToKeep) {
  const std::size_t before = FramePool::kept();
  FramePool::release(FramePool::allocate(FramePool::kLargest + 1), FramePool::kLargest + 1);
  EXPECT_EQ(FramePool::kept(), before);
}

TEST(FramePool, BlocksMayBeReleasedByAnotherThread) {
  std::vector<void*> blocks(100);
  for (void*& block : blocks)
    block = FramePool::allocate(64);
  std::thread([&] {
    for (void* const block : blocks)
      FramePool::release(block, 64);
    EXPECT_EQ(FramePool::kept(), 6400U);
  }).join();
}

Task<int> in_arena(Arena&, int value) { co_return value; }

TEST(FramePool, IsNotUsedByATaskWithAnArena) {
  Arena arena;
  FramePool::release(FramePool::allocate(64), 64);
  const std::size_t before = FramePool::kept();
  {
    const auto task = in_arena(arena, 1);
    const auto lambda = [](Arena&, int value) -> Task<int> { co_return value; };
    const auto another = lambda(arena, 2);
    EXPECT_EQ(FramePool::kept(), before);
  }
  EXPECT_EQ(FramePool::kept(), before);
}

}  // namespace
}  // namespace zerver::async
