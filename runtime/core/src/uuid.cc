#include <zerver/core/random.h>
#include <zerver/core/uuid.h>

#include <cstring>

namespace zerver {

namespace {

constexpr bool is_hyphen_at(std::size_t position) noexcept {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

// 16 for what is no digit.
constexpr unsigned hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
  if (text.size() != kText) return std::nullopt;
  Uuid uuid;
  std::size_t at = 0;
  for (std::uint8_t& byte : uuid.bytes) {
    if (is_hyphen_at(at) && text[at++] != '-') return std::nullopt;
    const unsigned high = hex_digit(text[at++]);
    const unsigned low = hex_digit(text[at++]);
    if (high > 15 || low > 15) return std::nullopt;
    byte = static_cast<std::uint8_t>(high << 4U | low);
  }
  return uuid;
}

Uuid Uuid::generate(Random& random) noexcept {
  Uuid uuid;
  const std::array<std::uint64_t, 2> words{random.u64(), random.u64()};
  std::memcpy(uuid.bytes.data(), words.data(), sizeof(words));
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0FU) | 0x40U);  // version 4
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3FU) | 0x80U);  // RFC 9562's variant
  return uuid;
}

void Uuid::write(char* out) const noexcept {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_hyphen_at(at)) out[at++] = '-';
    out[at++] = kDigits[byte >> 4U];
    out[at++] = kDigits[byte & 0x0FU];
  }
}

}  // namespace zerver

std::size_t std::hash<zerver::Uuid>::operator()(const zerver::Uuid& uuid) const noexcept {
  const auto* const first = reinterpret_cast<const char*>(uuid.bytes.data());
  return std::hash<std::string_view>()({first, uuid.bytes.size()});
}
