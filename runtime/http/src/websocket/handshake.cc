// The keys of the opening handshake (RFC 6455, 4.2.2): SHA-1 (RFC 3174) and base64 (RFC 4648).
#include <zerver/http/websocket.h>

#include <algorithm>
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

// Takes a line off, without its end.
std::string_view next_line(std::string_view& text) noexcept {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// `lower` has no capitals.
bool equal(std::string_view text, std::string_view lower) noexcept {
  return std::ranges::equal(text, lower, {}, [](char each) {
    return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
  });
}

// Whether a list with commas has it.
bool names(std::string_view list, std::string_view lower) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equal(trimmed(list.substr(0, comma)), lower)) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
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

void write_opening(OutputBuffer& out, const Opening& opening, std::string_view key) {
  const auto line = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.append(name);
    out.append(": ");
    out.append(value);
    out.append("\r\n");
  };
  out.append("GET ");
  out.append(opening.path);
  out.append(" HTTP/1.1\r\n");
  line("Host", opening.host);
  line("Upgrade", "websocket");
  line("Connection", "Upgrade");
  line("Sec-WebSocket-Key", key);
  line("Sec-WebSocket-Version", "13");
  line("Sec-WebSocket-Protocol", opening.protocol);
  line("Authorization", opening.authorization);
  out.append("\r\n");
}

std::string_view fault_of_answer(std::string_view head, std::string_view key, std::string_view protocol) {
  const std::string_view status = next_line(head);
  if (!status.starts_with("HTTP/1.1 ")) return "the answer is not one of HTTP/1.1";
  if (!status.substr(9).starts_with("101 ") && status.substr(9) != "101")
    return "the server opens no WebSocket";
  bool upgrades = false;
  bool connects = false;
  bool accepts = false;
  bool agrees = false;
  while (!head.empty()) {
    const std::string_view line = next_line(head);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t')
      return "a field of the answer is malformed";
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (equal(name, "upgrade")) {
      upgrades = equal(value, "websocket");
    } else if (equal(name, "connection")) {
      connects = connects || names(value, "upgrade");
    } else if (equal(name, "sec-websocket-accept")) {
      if (accepts || value != accept_of(key)) return "the answer is to another key";
      accepts = true;
    } else if (equal(name, "sec-websocket-extensions")) {
      if (!value.empty()) return "the server uses an extension that was not offered";
    } else if (equal(name, "sec-websocket-protocol")) {
      if (value != protocol || agrees) return "the server speaks a protocol that was not offered";
      agrees = true;
    }
  }
  if (!upgrades || !connects) return "the server does not change to WebSocket";
  if (!accepts) return "the server does not accept the key";
  if (!protocol.empty() && !agrees) return "the server does not speak the protocol";
  return {};
}

std::string accept_of(std::string_view key) { return base64(sha1(std::string(key).append(kSuffix))); }

}  // namespace zerver::http::websocket
