// Where the operations of Asio live.
#include <zerver/io/handler_memory.h>

#include <gtest/gtest.h>

namespace zerver::io {
namespace {

TEST(HandlerMemory, ServesOneAtATime) {
  HandlerMemory memory;
  void* const first = memory.allocate(64);
  void* const second = memory.allocate(64);
  EXPECT_NE(first, second);
  memory.deallocate(first);
  void* const third = memory.allocate(64);
  EXPECT_EQ(third, first);
  memory.deallocate(second);
  memory.deallocate(third);
}

TEST(HandlerMemory, LeavesWhatIsTooLargeToTheHeap) {
  HandlerMemory memory;
  void* const large = memory.allocate(100'000);
  void* const small = memory.allocate(1);
  EXPECT_NE(large, small);
  memory.deallocate(large);
  memory.deallocate(small);
}

TEST(HandlerAllocator, IsEqualForTheSameMemory) {
  HandlerMemory one;
  HandlerMemory other;
  EXPECT_EQ(HandlerAllocator<int>(one), HandlerAllocator<int>(HandlerAllocator<char>(one)));
  EXPECT_NE(HandlerAllocator<int>(one), HandlerAllocator<int>(other));
}

}  // namespace
}  // namespace zerver::io
