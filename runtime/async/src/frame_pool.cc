#include <zerver/async/frame_pool.h>

#include <new>

namespace zerver::async {

constinit thread_local FramePool::Cache FramePool::cache_;

// Lives as long as the thread keeps blocks.
class FramePool::Cleaner {
 public:
  Cleaner() noexcept { cache_.kept = kKeptPerSize / kGranule; }
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;
  ~Cleaner() {
    cache_.kept = 0;
    cache_.ended = true;
    for (std::size_t index = 0; index < kClasses; ++index) {
      while (Block* const block = cache_.lists[index].first) {
        ASAN_UNPOISON_MEMORY_REGION(block, (index + 1) * kGranule);
        cache_.lists[index].first = block->next;
        ::operator delete(block);
      }
      cache_.lists[index].count = 0;
    }
  }
};

void* FramePool::allocate_anew(std::size_t size) { return ::operator new(size); }

void FramePool::release_slowly(void* memory, std::size_t size) noexcept {
  const std::size_t index = class_of(size);
  if (index < kClasses && cache_.kept == 0 && !cache_.ended) {
    thread_local const Cleaner kCleaner;
    keep(memory, index);
    return;
  }
  ::operator delete(memory);
}

std::size_t FramePool::kept() noexcept {
  std::size_t sum = 0;
  for (std::size_t index = 0; index < kClasses; ++index)
    sum += cache_.lists[index].count * (index + 1) * kGranule;
  return sum;
}

}  // namespace zerver::async
