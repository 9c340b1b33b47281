#include <zerver/effects/redis/key_slot.h>

#include <array>

namespace zerver::effects::redis {

namespace {

// CRC-16/XMODEM: the polynomial 0x1021, from zero, nothing reflected.
constexpr std::array<std::uint16_t, 256> kTable = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc & 0x8000U) != 0 ? crc << 1 ^ 0x1021U : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

}  // namespace

std::uint16_t key_slot(std::string_view key) noexcept {
  if (const std::size_t open = key.find('{'); open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  unsigned crc = 0;
  for (const char character : key)
    crc = (crc << 8 & 0xFFFFU) ^ kTable[(crc >> 8 ^ static_cast<unsigned char>(character)) & 0xFFU];
  return static_cast<std::uint16_t>(crc % kSlots);
}

}  // namespace zerver::effects::redis
