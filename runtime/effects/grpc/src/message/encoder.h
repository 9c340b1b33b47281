// Messages as the frames that they are sent in, compressed where that is wanted.
#pragma once

#include <zerver/core/output_buffer.h>
#include <zerver/effects/http/gzip.h>

#include <cstddef>

namespace zerver::effects::grpc_client {

// Of one worker and its thread. Its memory is kept.
class MessageEncoder {
 public:
  explicit MessageEncoder(bool compresses) noexcept : compresses_(compresses) {}

  // What is appended until end() is one message. Both throw std::bad_alloc.
  void begin(OutputBuffer& out);
  // False: it is longer than a frame can be.
  [[nodiscard]] bool end(OutputBuffer& out);

 private:
  bool compresses_;
  std::size_t begin_ = 0;
  Gzip gzip_;
  OutputBuffer plain_;  // a message that is to be compressed
};

}  // namespace zerver::effects::grpc_client
