// Bounds on what a request may take of a server's memory.
#pragma once

#include <cstddef>

namespace zerver::http {

// All in bytes unless said otherwise. A request past one of them is refused with the status given.
struct Limits {
  // Offsets into a request are 32 bits wide, so no limit can be larger.
  static constexpr std::size_t kMaxBody = std::size_t{1} << 30;

  std::size_t request_line = std::size_t{8} * 1024;  // 414
  std::size_t header_bytes =
      std::size_t{16} * 1024;      // 431; of the header section, and again of the trailer section
  std::size_t header_count = 100;  // 431; fields and trailer fields together
  std::size_t body = std::size_t{1024} * 1024;  // 413; decoded
};

}  // namespace zerver::http
