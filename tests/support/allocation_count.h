// How often the heap is asked for memory. A program that links `tests_allocation_count` and calls one of
// these has an operator new that counts.
#pragma once

#include <cstddef>

namespace zerver::test {

// Calls of operator new since the program began: of all threads, and of the calling one.
std::size_t allocations() noexcept;
std::size_t allocations_of_thread() noexcept;

}  // namespace zerver::test
