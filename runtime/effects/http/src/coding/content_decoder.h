// The content of an answer, its codings undone (RFC 9110, 8.4).
#pragma once

#include "coding/decoder.h"
#include <zerver/core/output_buffer.h>
#include <zerver/core/result.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace zerver::effects::http_client {

inline constexpr std::string_view kAcceptedCodings = "gzip, br, zstd, deflate";

// Keeps its memory from one content to the next. One thread. All of it throws std::bad_alloc.
class ContentDecoder {
 public:
  ContentDecoder();
  ~ContentDecoder();

  // Replaces what `out` holds by the content. `codings` is the value of Content-Encoding, the coding that was
  // applied last last. `rejected` when a coding is not known, `unavailable` when the content is malformed,
  // cut off, or larger than `limit` bytes: what is small on the wire may be large in memory.
  Result<void> decode(std::string_view codings, std::string_view content, std::size_t limit,
                      OutputBuffer& out);

  // The same piece by piece, without a limit: as Decoder has it.
  Result<void> begin(std::string_view codings);
  Result<void> decode(std::string_view& coded, std::size_t room, OutputBuffer& out);
  // Nothing more comes.
  Result<void> end() const;

 private:
  class Chain;
  std::unique_ptr<Chain> chain_;
};

}  // namespace zerver::effects::http_client
