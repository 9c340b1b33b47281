// Memory of one request: handed out in order, given back all at once.
#pragma once

#include <zerver/core/string.h>

#include <sanitizer/asan_interface.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

namespace zerver {

// A request wanted more memory than its arena may have. It is answered with 503.
class ArenaFull : public std::bad_alloc {
 public:
  const char* what() const noexcept override;
};

// Monotonic: nothing is freed before reset(), no destructor ever runs, so only trivially destructible values
// live here. reset() keeps a few blocks, so that a connection that goes on as it began never allocates again.
// What is given back is poisoned under AddressSanitizer. One thread at a time.
class Arena {
 public:
  static constexpr std::size_t kDefaultCap = std::size_t{1} << 20;
  static constexpr std::size_t kFirstBlock = std::size_t{4} << 10;
  static constexpr std::size_t kKept = std::size_t{64} << 10;  // so much stays with an arena that is reset

  explicit Arena(std::size_t cap = kDefaultCap) noexcept : cap_(cap) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised memory of `size` bytes, at least one; null when the cap is reached or the machine has no
  // more. `alignment` is a power of two up to that of std::max_align_t.
  void* try_allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) noexcept {
    const std::size_t padding = -reinterpret_cast<std::uintptr_t>(next_) & (alignment - 1);
    const auto left = static_cast<std::size_t>(end_ - next_);
    if (left < padding || left - padding < size) [[unlikely]]
      return allocate_in_new_block(size);
    char* const begin = next_ + padding;
    next_ = begin + size;
    return hand_out(begin, size);
  }
  // The same, but throws ArenaFull.
  void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
    void* const memory = try_allocate(size, alignment);
    if (memory == nullptr) [[unlikely]]
      throw ArenaFull();
    return memory;
  }

  // `count` values, value-initialised. Throws ArenaFull.
  template <class T> std::span<T> make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count == 0) return {};
    if (count > cap_ / sizeof(T)) throw ArenaFull();
    T* const first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (std::size_t index = 0; index < count; ++index)
      ::new (static_cast<void*>(first + index)) T();
    return {first, count};
  }

  // The parts one after the other. Throws ArenaFull.
  String text(std::initializer_list<std::string_view> parts);
  String text(std::string_view part) { return text({part}); }

  void reset() noexcept;

  std::size_t cap() const noexcept { return cap_; }
  // For blocks that it does not have yet: a test that wants it to be full soon says so before its first use.
  void set_cap(std::size_t cap) noexcept { cap_ = cap; }
  // Bytes in blocks handed out or waiting to be.
  std::size_t reserved() const noexcept { return reserved_; }
  // Bytes that were taken since the last reset, padding included.
  std::size_t used() const noexcept;
  // The most bytes that a request used, over the arena's life.
  std::size_t peak() const noexcept;

 private:
  struct Block;

  void* allocate_in_new_block(std::size_t size) noexcept;
  bool use_next_block(std::size_t size) noexcept;
  static void* hand_out(char* memory, std::size_t size) noexcept {
    ASAN_UNPOISON_MEMORY_REGION(memory, size);  // nothing without AddressSanitizer
    return memory;
  }

  char* next_ = nullptr;
  char* end_ = nullptr;
  std::size_t cap_;
  std::size_t reserved_ = 0;
  std::size_t used_before_ = 0;  // in the blocks before the current one
  std::size_t peak_ = 0;
  Block* first_ = nullptr;
  Block* current_ = nullptr;
};

}  // namespace zerver
