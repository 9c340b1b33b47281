// Text that is ASCII, as most names and texts are: known before a library is asked whether it is UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace zerver::flow {

inline bool is_ascii(std::string_view text) noexcept {
  std::uint64_t bits = 0;
  std::size_t at = 0;
  for (; at + sizeof(bits) <= text.size(); at += sizeof(bits)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    bits |= word;
  }
  for (; at < text.size(); ++at)
    bits |= static_cast<unsigned char>(text[at]);
  return (bits & 0x8080808080808080) == 0;
}

}  // namespace zerver::flow
