// Memory straight from the system, for what is large and goes before the program ends.

#pragma once

#include <llvm/Support/Allocator.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/Memory.h>

#include <cassert>
#include <cstddef>
#include <system_error>

namespace zc {

// Slabs for an arena. What is freed goes back to the system at once: memory that one thread took from
// `malloc` and another gives back stays with the first.
class PageAllocator : public llvm::AllocatorBase<PageAllocator> {
 public:
  using llvm::AllocatorBase<PageAllocator>::Allocate;
  using llvm::AllocatorBase<PageAllocator>::Deallocate;

  // NOLINTBEGIN(readability-identifier-naming): LLVM's interface
  // `alignment` is at most that of a page.
  [[nodiscard]] void* Allocate(std::size_t size, std::size_t alignment) {
    std::error_code code;
    const llvm::sys::MemoryBlock block = llvm::sys::Memory::allocateMappedMemory(
        size, nullptr, llvm::sys::Memory::MF_READ | llvm::sys::Memory::MF_WRITE, code);
    if (code) llvm::report_bad_alloc_error("no pages for an arena");
    assert(llvm::isAddrAligned(llvm::Align(alignment), block.base()));
    static_cast<void>(alignment);
    return block.base();
  }
  void Deallocate(const void* pointer, std::size_t size, std::size_t /*alignment*/) {
    llvm::sys::MemoryBlock block(const_cast<void*>(pointer), size);
    [[maybe_unused]] const std::error_code code = llvm::sys::Memory::releaseMappedMemory(block);
    assert(!code);
  }
  // NOLINTEND(readability-identifier-naming)
};

// An arena of slabs of 64 KiB, which begin to grow at 8 MiB.
using PageArena = llvm::BumpPtrAllocatorImpl<PageAllocator, 64U << 10U>;

}  // namespace zc
