#include <zerver/program/memory.h>

#include <malloc.h>

namespace zerver {

std::size_t allocated_memory() noexcept {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;  // of its arenas, and what is mapped by itself
}

}  // namespace zerver
