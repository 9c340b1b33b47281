#include "base64.h"

#include <array>
#include <cstdint>

namespace zerver::flow {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 64;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNone);
  for (std::uint8_t digit = 0; digit < 64; ++digit)
    digits[static_cast<unsigned char>(kAlphabet[digit])] = digit;
  return digits;
}();

constexpr char digit_of(std::uint32_t group, unsigned shift) noexcept {
  return kAlphabet[(group >> shift) & 0x3FU];
}

constexpr std::uint32_t byte_of(char c) noexcept { return static_cast<unsigned char>(c); }

}  // namespace

void write_base64(std::string_view bytes, char* out) noexcept {
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t group =
        byte_of(bytes[at]) << 16U | byte_of(bytes[at + 1]) << 8U | byte_of(bytes[at + 2]);
    for (const unsigned shift : {18U, 12U, 6U, 0U})
      *out++ = digit_of(group, shift);
  }
  const std::size_t left = bytes.size() - at;
  if (left == 0) return;
  const std::uint32_t group = byte_of(bytes[at]) << 16U | (left == 2 ? byte_of(bytes[at + 1]) << 8U : 0U);
  *out++ = digit_of(group, 18);
  *out++ = digit_of(group, 12);
  *out++ = left == 2 ? digit_of(group, 6) : '=';
  *out++ = '=';
}

std::optional<std::size_t> read_base64(std::string_view text, char* out) noexcept {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::uint32_t bits = 0;
  unsigned waiting = 0;  // bits that make no byte yet
  std::size_t size = 0;
  for (const char c : text) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit == kNone) return std::nullopt;
    bits = (bits << 6U | digit) & 0xFFFFU;
    waiting += 6;
    if (waiting >= 8) {
      waiting -= 8;
      out[size++] = static_cast<char>(bits >> waiting & 0xFFU);
    }
  }
  if ((bits & ((1U << waiting) - 1U)) != 0) return std::nullopt;
  return size;
}

}  // namespace zerver::flow
