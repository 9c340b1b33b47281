// Memory of coroutine frames and of what is shared by the two ends of a future: recycled by each thread.
#pragma once

#include <sanitizer/asan_interface.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::async {

// Free blocks by size, in lists of the thread that released them, so that what goes on as it began never
// allocates. A block may be released by another thread than the one that allocated it. What is free is
// poisoned under AddressSanitizer, and given back when the thread ends.
class FramePool {
 public:
  static constexpr std::size_t kLargest = std::size_t{2} << 10;  // what is larger is not kept
  static constexpr std::size_t kKeptPerSize = std::size_t{256}
                                              << 10;  // bytes of each size that a thread keeps

  // Aligned for everything without extended alignment. Throws std::bad_alloc.
  static void* allocate(std::size_t size) {
    const std::size_t index = class_of(size);
    if (index >= kClasses) [[unlikely]]
      return allocate_anew(size);
    List& list = cache_.lists[index];
    Block* const block = list.first;
    if (block == nullptr) [[unlikely]]
      return allocate_anew((index + 1) * kGranule);
    ASAN_UNPOISON_MEMORY_REGION(block, (index + 1) * kGranule);
    list.first = block->next;
    --list.count;
    return block;
  }
  // `size` is that of allocate().
  static void release(void* memory, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (index >= kClasses || cache_.lists[index].count >= cache_.kept / (index + 1)) [[unlikely]] {
      release_slowly(memory, size);
      return;
    }
    keep(memory, index);
  }

  // Free bytes that this thread keeps.
  static std::size_t kept() noexcept;

 private:
  static constexpr std::size_t kGranule = 64;
  static constexpr std::size_t kClasses = kLargest / kGranule;

  struct Block {
    Block* next;
  };
  struct List {
    Block* first = nullptr;
    std::size_t count = 0;
  };
  struct Cache {
    std::array<List, kClasses> lists;
    std::size_t kept = 0;  // blocks of the smallest size that may be kept: none before the thread's first
                           // release and after its end
    bool ended = false;
  };
  class Cleaner;

  static std::size_t class_of(std::size_t size) noexcept { return (size - 1) / kGranule; }
  static void keep(void* memory, std::size_t index) noexcept {
    List& list = cache_.lists[index];
    auto* const block = static_cast<Block*>(memory);
    block->next = list.first;
    list.first = block;
    ++list.count;
    ASAN_POISON_MEMORY_REGION(block + 1, (index + 1) * kGranule - sizeof(Block));
  }
  static void* allocate_anew(std::size_t size);
  static void release_slowly(void* memory, std::size_t size) noexcept;

  static constinit thread_local Cache cache_;  // NOLINT(readability-identifier-naming): it is a member
};

}  // namespace zerver::async
