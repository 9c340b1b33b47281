// The line in front of each chunk of a chunked body: its size and extensions (RFC 9112, 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::http {

// RFC 9112, 7.1.1 asks for a bound on chunk extensions: this much in a whole body, and in one line.
inline constexpr std::size_t kMaxExtensionBytes = 4096;

struct ChunkLine {
  enum class State : std::uint8_t { kPartial, kComplete, kMalformed };

  State state = State::kPartial;
  bool has_size = false;            // `size` is known, also of a line that is partial
  std::size_t size = 0;             // 0: the last chunk
  std::size_t extension_bytes = 0;  // of a complete line
  std::size_t next = 0;             // behind its end
  std::string_view why;             // it is malformed; static
};

// Looks at the line that begins at `begin`. What it says never changes when more bytes come, but for
// kPartial.
ChunkLine parse_chunk_line(std::string_view input, std::size_t begin, std::size_t extension_room) noexcept;

}  // namespace zerver::http
