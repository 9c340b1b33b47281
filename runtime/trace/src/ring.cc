#include <zerver/trace/ring.h>

#include <algorithm>
#include <bit>

namespace zerver::trace {

Ring::Ring(std::size_t capacity, std::uint64_t first_request)
    : events_(std::make_unique<Event[]>(std::bit_ceil(std::max<std::size_t>(capacity, 1)))),
      mask_(std::bit_ceil(std::max<std::size_t>(capacity, 1)) - 1),
      next_request_(first_request) {}

std::size_t Ring::size() const noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(recorded_, mask_ + 1));
}

}  // namespace zerver::trace
