// The keys of the opening handshake (RFC 6455, 4.2.2): SHA-1 (RFC 3174) and base64 (RFC 4648).
#include <zerver/http/websocket.h>

#include <array>
#include <bit>
#include <cstdint>

namespace zerver::http::websocket {
namespace {

constexpr std::string_view kSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

using Digest = std::array<unsigned char, 20>;

void add_block(std::array<std::uint32_t, 5>& state, const unsigned char* block) noexcept {
  std::array<std::uint32_t, 80> words;
  for (std::size_t i = 0; i < 16; ++i) {
    words[i] = 0;
    for (std::size_t byte = 0; byte < 4; ++byte)
      words[i] = words[i] << 8 | block[4 * i + byte];
  }
  for (std::size_t i = 16; i < 80; ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t mixed = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                                : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                                : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                         : (b ^ c ^ d) + 0xca62c1d6;
    const std::uint32_t next = std::rotl(a, 5) + mixed + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e};
}

Digest sha1(std::string_view text) {
  std::string padded(text);
  padded += '\x80';
  while (padded.size() % 64 != 56)
    padded += '\0';
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8)
    padded += static_cast<char>(bits >> shift & 0xff);
  std::array<std::uint32_t, 5> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (std::size_t at = 0; at < padded.size(); at += 64)
    add_block(state, reinterpret_cast<const unsigned char*>(padded.data()) + at);
  Digest digest;
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<unsigned char>(state[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
  return digest;
}

template <std::size_t kSize> std::string base64(const std::array<unsigned char, kSize>& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < kSize; i += 3) {
    std::uint32_t group = std::uint32_t{bytes[i]} << 16;
    if (i + 1 < kSize) group |= std::uint32_t{bytes[i + 1]} << 8;
    if (i + 2 < kSize) group |= bytes[i + 2];
    text += kDigits[group >> 18 & 63];
    text += kDigits[group >> 12 & 63];
    text += i + 1 < kSize ? kDigits[group >> 6 & 63] : '=';
    text += i + 2 < kSize ? kDigits[group & 63] : '=';
  }
  return text;
}

}  // namespace

std::string make_key(Random& random) {
  std::array<unsigned char, 16> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t number = random.u64();
    for (std::size_t byte = 0; byte < 8; ++byte)
      bytes[i + byte] = static_cast<unsigned char>(number >> (8 * byte) & 0xff);
  }
  return base64(bytes);
}

std::string accept_of(std::string_view key) { return base64(sha1(std::string(key).append(kSuffix))); }

}  // namespace zerver::http::websocket
