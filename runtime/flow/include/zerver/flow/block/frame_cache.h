// Memory of coroutines that end before their request does.
#pragma once

#include <zerver/core/arena.h>

#include <cstddef>

namespace zerver::flow {

// An arena gives nothing back. What a frame leaves here is taken again by the next one of its size, so that a
// long loop needs no more than the runs that are under way at the same time.
class FrameCache {
 public:
  // Throws ArenaFull.
  void* take(Arena& arena, std::size_t size);
  // To the cache that it was taken from.
  static void give_back(void* memory) noexcept;
  // To be called when the arena is reset.
  void forget() noexcept { free_ = nullptr; }

 private:
  struct Header;

  Header* free_ = nullptr;
};

}  // namespace zerver::flow
