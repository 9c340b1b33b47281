#include "allocation_count.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> of_all = 0;
thread_local std::size_t of_thread = 0;

void* counted(std::size_t size) {
  of_all.fetch_add(1, std::memory_order_relaxed);
  ++of_thread;
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace zerver::test {

std::size_t allocations() noexcept { return of_all.load(std::memory_order_relaxed); }
std::size_t allocations_of_thread() noexcept { return of_thread; }

}  // namespace zerver::test
