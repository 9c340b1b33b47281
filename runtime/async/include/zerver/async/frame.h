// Where the frames of coroutines live: in an arena, or recycled by their thread.
#pragma once

#include <zerver/async/frame_pool.h>
#include <zerver/core/arena.h>

#include <concepts>
#include <cstddef>

namespace zerver::async {

// Base of promises. In the arena that is the coroutine's first parameter (behind the object, if it is a
// member or a lambda): `Task<int> f(Arena& arena, ...)`; in the thread's FramePool without one.
class PooledFrame {
 public:
  static void* operator new(std::size_t size) { return allocate(size, nullptr); }
  template <class... Parameters>
  static void* operator new(std::size_t size, Arena& arena, const Parameters&...) {
    return allocate(size, &arena);
  }
  template <class Object, class... Parameters>
    requires(!std::same_as<Object, Arena>)
  static void* operator new(std::size_t size, const Object&, Arena& arena, const Parameters&...) {
    return allocate(size, &arena);
  }
  // Inline at once, because GCC 12 takes the pair for a mismatch otherwise.
  [[gnu::always_inline]] static void operator delete(void* frame, std::size_t size) noexcept {
    // An arena is reset as a whole.
    if (!*in_arena(frame, size)) FramePool::release(frame, with_flag(size));
  }

 private:
  // Which of the two it was stands behind the frame.
  static constexpr std::size_t with_flag(std::size_t size) noexcept { return size + 1; }
  static bool* in_arena(void* frame, std::size_t size) noexcept {
    return reinterpret_cast<bool*>(static_cast<char*>(frame) + size);
  }
  static void* allocate(std::size_t size, Arena* arena) {
    void* const frame =
        arena != nullptr ? arena->allocate(with_flag(size)) : FramePool::allocate(with_flag(size));
    *in_arena(frame, size) = arena != nullptr;
    return frame;
  }
};

}  // namespace zerver::async
