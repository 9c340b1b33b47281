#include <zerver/flow/data/utf8.h>

#include <simdjson.h>

#include <algorithm>

namespace zerver::flow {

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

std::size_t code_point_size(std::string_view text) noexcept {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_utf8(text.substr(0, size))) return size;
  }
  return 0;
}

std::size_t code_points(std::string_view text) noexcept {
  // Every byte that does not continue a code point begins one.
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace zerver::flow
