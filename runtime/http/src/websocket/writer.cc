// Frames of WebSockets as bytes (RFC 6455, 5.2).
#include <zerver/http/websocket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace zerver::http::websocket {
namespace {

constexpr unsigned kLast = 0x80;
constexpr unsigned kMasked = 0x80;

void append_number(OutputBuffer& out, std::uint64_t number, int bytes) {
  while (bytes-- > 0)
    out.append(static_cast<char>(number >> (8 * bytes) & 0xff));
}

void write_frame(OutputBuffer& out, Role role, unsigned opcode, std::string_view payload, Random& random) {
  const unsigned masked = role == Role::kClient ? kMasked : 0;
  out.append(static_cast<char>(kLast | opcode));
  if (payload.size() < 126) {
    out.append(static_cast<char>(masked | payload.size()));
  } else if (payload.size() <= 0xffff) {
    out.append(static_cast<char>(masked | 126));
    append_number(out, payload.size(), 2);
  } else {
    out.append(static_cast<char>(masked | 127));
    append_number(out, payload.size(), 8);
  }
  if (role == Role::kServer) return out.append(payload);

  const std::uint64_t drawn = random.u64();
  std::array<char, 4> mask;
  std::memcpy(mask.data(), &drawn, mask.size());
  out.append({mask.data(), mask.size()});
  char* const to = out.reserve(payload.size());
  for (std::size_t i = 0; i < payload.size(); ++i)
    to[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  out.commit(payload.size());
}

}  // namespace

void write_text(OutputBuffer& out, Role role, std::string_view text, Random& random) {
  write_frame(out, role, 1, text, random);
}

void write_binary(OutputBuffer& out, Role role, std::string_view bytes, Random& random) {
  write_frame(out, role, 2, bytes, random);
}

void write_ping(OutputBuffer& out, Role role, std::string_view payload, Random& random) {
  write_frame(out, role, 9, payload.substr(0, kMostControl), random);
}

void write_pong(OutputBuffer& out, Role role, std::string_view payload, Random& random) {
  write_frame(out, role, 10, payload.substr(0, kMostControl), random);
}

void write_close(OutputBuffer& out, Role role, CloseCode code, std::string_view reason, Random& random) {
  if (code == CloseCode::kNone) return write_frame(out, role, 8, {}, random);
  std::size_t size = std::min(reason.size(), kMostControl - 2);
  while (size < reason.size() && size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0U) == 0x80)
    --size;  // never in the middle of a character
  std::array<char, kMostControl> payload;
  payload[0] = static_cast<char>(static_cast<unsigned>(code) >> 8);
  payload[1] = static_cast<char>(static_cast<unsigned>(code) & 0xff);
  std::copy_n(reason.begin(), size, payload.begin() + 2);
  write_frame(out, role, 8, {payload.data(), size + 2}, random);
}

}  // namespace zerver::http::websocket
