// gzip (RFC 1952), the one coding of messages that is offered and understood.
#pragma once

#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace zerver::effects::grpc_client {

// Coders whose memory is kept. One thread.
class Gzip {
 public:
  Gzip();
  ~Gzip();

  // Appends the coded text. Throws std::bad_alloc.
  void encode(std::string_view text, OutputBuffer& out);
  // Appends what the coded text stands for. False when it is malformed, cut off, or stands for more than
  // `limit` bytes. Throws std::bad_alloc.
  bool decode(std::string_view coded, std::size_t limit, OutputBuffer& out);

 private:
  struct Coders;
  std::unique_ptr<Coders> coders_;
};

}  // namespace zerver::effects::grpc_client
