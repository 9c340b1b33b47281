// Content codings of answers: gzip, deflate, br and zstd (RFC 9110, 8.4), bounded.
#pragma once

#include <zerver/core/output_buffer.h>
#include <zerver/core/result.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace zerver::effects::http_client {

inline constexpr std::string_view kAcceptedCodings = "gzip, br, zstd, deflate";

// Decoders whose memory is kept. One thread.
class ContentDecoder {
 public:
  ContentDecoder();
  ~ContentDecoder();

  // Replaces what `out` holds by the content. `codings` is the value of Content-Encoding, the coding that was
  // applied last last. `rejected` when a coding is not known, `unavailable` when the content is malformed,
  // cut off, or larger than `limit` bytes: what is small on the wire may be large in memory.
  Result<void> decode(std::string_view codings, std::string_view content, std::size_t limit,
                      OutputBuffer& out);

 private:
  struct Coders;
  std::unique_ptr<Coders> coders_;
};

}  // namespace zerver::effects::http_client
