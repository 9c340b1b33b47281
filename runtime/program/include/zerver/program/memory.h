// How much memory the program has in use.
#pragma once

#include <cstddef>

namespace zerver {

// Bytes that malloc has given out, of all threads; 0 where that is not known, as with a sanitizer. Any
// thread; takes microseconds.
std::size_t allocated_memory() noexcept;

}  // namespace zerver
