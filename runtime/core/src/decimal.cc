#include "digit.h"
#include <zerver/core/decimal.h>

#include <charconv>
#include <limits>

namespace zerver {

namespace {

constexpr std::uint8_t kMaxScale = 18;

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) noexcept {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::uint64_t limit = std::uint64_t{std::numeric_limits<std::int64_t>::max()} + (negative ? 1 : 0);
  std::uint64_t magnitude = 0;
  std::uint8_t scale = 0;
  bool in_fraction = false;
  bool after_digit = false;
  for (const char c : text) {
    if (c == '.' && after_digit && !in_fraction) {
      in_fraction = true;
      after_digit = false;
      continue;
    }
    if (!is_digit(c) || (in_fraction && ++scale > kMaxScale)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (magnitude > (limit - digit) / 10) return std::nullopt;
    magnitude = magnitude * 10 + digit;
    after_digit = true;
  }
  if (!after_digit) return std::nullopt;
  return Decimal{static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude), scale};
}

std::size_t Decimal::write(char* out) const noexcept {
  const bool negative = coefficient < 0;
  const auto bits = static_cast<std::uint64_t>(coefficient);
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof(digits), negative ? 0 - bits : bits).ptr;
  const auto count = static_cast<std::size_t>(end - digits);
  char* at = out;
  if (negative) *at++ = '-';
  // At least one digit stands before the point.
  for (std::size_t left = count > scale ? count : std::size_t{scale} + 1; left > 0; --left) {
    if (left == scale) *at++ = '.';
    *at++ = left > count ? '0' : digits[count - left];
  }
  return static_cast<std::size_t>(at - out);
}

std::strong_ordering operator<=>(const Decimal& left, const Decimal& right) noexcept {
  // Both brought to the larger scale: at most 10^18 times 2^63, which 128 bits hold.
  __extension__ using Wide = __int128;
  Wide left_value = left.coefficient;
  Wide right_value = right.coefficient;
  for (std::uint8_t scale = left.scale; scale < right.scale; ++scale)
    left_value *= 10;
  for (std::uint8_t scale = right.scale; scale < left.scale; ++scale)
    right_value *= 10;
  return left_value < right_value   ? std::strong_ordering::less
         : left_value > right_value ? std::strong_ordering::greater
                                    : std::strong_ordering::equal;
}

}  // namespace zerver
