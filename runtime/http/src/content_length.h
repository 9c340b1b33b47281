// The value of Content-Length (RFC 9110, 8.6).
#pragma once

#include "scan.h"

#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

namespace zerver::http {

// More than can be counted, however many digits there are.
inline constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

// Nothing when it is no number.
inline std::optional<std::size_t> content_length(std::string_view value) noexcept {
  if (value.empty()) return std::nullopt;
  std::size_t length = 0;
  for (const char c : value) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::size_t>(c - '0');
    length = length >= kEndless / 10 ? kEndless : length * 10 + digit;
  }
  return length;
}

}  // namespace zerver::http
