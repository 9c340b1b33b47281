// base64, RFC 4648, section 4.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace zerver::flow {

constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }
// Writes base64_size(bytes.size()) characters.
void write_base64(std::string_view bytes, char* out) noexcept;

// No more bytes than this come out of so many characters.
constexpr std::size_t base64_bytes(std::size_t characters) noexcept { return characters / 4 * 3; }
// Writes the bytes and returns their number; null for text that is no base64. Padding is required, white
// space is not allowed, and bits that stand for nothing are zero, so that there is one text for each value.
std::optional<std::size_t> read_base64(std::string_view text, char* out) noexcept;

}  // namespace zerver::flow
