// The messages of frames, decoded where they are compressed.
#pragma once

#include "message/frames.h"
#include <zerver/core/message.h>
#include <zerver/core/output_buffer.h>
#include <zerver/effects/http/gzip.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace zerver::effects::grpc_client {

// Of one worker and its thread. Its memory is kept.
class MessageDecoder {
 public:
  // Reads `grpc-encoding`; what has no such field is coded in nothing.
  static bool is_gzip(std::span<const Header> headers) noexcept;

  // Empty, or why it cannot, static. `most`: of all of them together, decoded. Throws std::bad_alloc.
  std::string_view decode(std::span<const Frame> frames, bool is_gzip, std::size_t most);
  // As long as the frames stay, and until the next are decoded.
  std::span<const std::string_view> messages() const noexcept { return messages_; }

 private:
  struct Place {
    std::size_t message;
    std::size_t begin, end;  // in `decoded_`
  };

  Gzip gzip_;
  OutputBuffer decoded_;
  std::vector<std::string_view> messages_;
  std::vector<Place> places_;  // of those that were compressed
};

}  // namespace zerver::effects::grpc_client
