#include <zerver/flow/block/frame_cache.h>

#include <sanitizer/asan_interface.h>

#include <new>

namespace zerver::flow {

struct alignas(std::max_align_t) FrameCache::Header {
  FrameCache* cache;
  Header* next;
  std::size_t size;  // behind the header
};

void* FrameCache::take(Arena& arena, std::size_t size) {
  // A flow has few sizes of frames, and of each as many as it had at work at the same time.
  for (Header** link = &free_; *link != nullptr; link = &(*link)->next) {
    Header* const found = *link;
    if (found->size != size) continue;
    *link = found->next;
    ASAN_UNPOISON_MEMORY_REGION(found + 1, size);
    return found + 1;
  }
  void* const memory = arena.allocate(sizeof(Header) + size);
  return ::new (memory) Header{this, nullptr, size} + 1;
}

void FrameCache::give_back(void* memory) noexcept {
  Header* const header = static_cast<Header*>(memory) - 1;
  header->next = header->cache->free_;
  header->cache->free_ = header;
  ASAN_POISON_MEMORY_REGION(memory, header->size);
}

}  // namespace zerver::flow
