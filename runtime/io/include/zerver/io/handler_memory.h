// Memory for the one Asio operation of a kind that an object has under way, so that starting it allocates
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace zerver::io {

// Serves one allocation at a time from itself, and others, or larger ones, from the heap. Pinned.
class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  void* allocate(std::size_t size) {
    if (used_ || size > bytes_.size()) return ::operator new(size);
    used_ = true;
    return bytes_.data();
  }
  void deallocate(void* memory) noexcept {
    if (memory == bytes_.data()) {
      used_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  static constexpr std::size_t kSize = 256;  // the largest operation used here, of a timer, is about 150

  alignas(std::max_align_t) std::array<std::byte, kSize> bytes_;
  bool used_ = false;
};

// The allocator of Asio's associated_allocator that takes from a HandlerMemory.
template <class T> class HandlerAllocator {
 public:
  using value_type = T;

  explicit HandlerAllocator(HandlerMemory& memory) noexcept : memory_(&memory) {}
  // Implicit, as allocators are.
  template <class Other>  // NOLINTNEXTLINE(google-explicit-constructor)
  HandlerAllocator(const HandlerAllocator<Other>& other) noexcept : memory_(&other.memory()) {}

  T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { memory_->deallocate(memory); }
  HandlerMemory& memory() const noexcept { return *memory_; }

  friend bool operator==(HandlerAllocator, HandlerAllocator) noexcept = default;

 private:
  HandlerMemory* memory_;
};

// A completion handler whose operation lives in a HandlerMemory.
template <class Function> class Handler {
 public:
  using allocator_type = HandlerAllocator<std::byte>;  // NOLINT(readability-identifier-naming): Asio's name

  Handler(HandlerMemory& memory, Function function) noexcept : memory_(&memory), function_(function) {}
  allocator_type get_allocator() const noexcept { return allocator_type(*memory_); }
  template <class... Arguments> void operator()(Arguments&&... arguments) {
    function_(static_cast<Arguments&&>(arguments)...);
  }

 private:
  HandlerMemory* memory_;
  Function function_;
};

}  // namespace zerver::io
