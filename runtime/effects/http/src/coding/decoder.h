// Undoing a coding of content piece by piece: gzip, deflate, br and zstd (RFC 9110, 8.4).
#pragma once

#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace zerver::effects::http_client {

// As much as is undone in one go.
inline constexpr std::size_t kPiece = std::size_t{32} << 10;

// Keeps its memory from one content to the next. One thread. All of it throws std::bad_alloc.
class Decoder {
 public:
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  // Another content begins.
  virtual void begin() = 0;
  // Appends what comes next, `room` bytes at most, and takes what it has used off the front of `coded`. When
  // it has made less than `room`, it has used all and has nothing left to say. False: it is malformed.
  [[nodiscard]] virtual bool decode(std::string_view& coded, std::size_t room, OutputBuffer& out) = 0;
  // The content may end here.
  virtual bool is_complete() const noexcept = 0;
};

enum class Decoded : std::uint8_t { kWhole, kMalformed, kTooLarge };

// Appends all of a content, and never more than `limit` bytes of it. `decoder` has just begun.
Decoded decode_whole(Decoder& decoder, std::string_view coded, std::size_t limit, OutputBuffer& out);

std::unique_ptr<Decoder> gzip_decoder();     // RFC 1952, members one behind the other
std::unique_ptr<Decoder> deflate_decoder();  // RFC 1950, or without its frame as some servers send it
std::unique_ptr<Decoder> brotli_decoder();   // RFC 7932
std::unique_ptr<Decoder> zstd_decoder();     // RFC 8878, with windows of no more than RFC 9659 allows

}  // namespace zerver::effects::http_client
