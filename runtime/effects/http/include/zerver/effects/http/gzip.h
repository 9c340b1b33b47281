// gzip (RFC 1952) for whole texts: the one coding that requests are sent with, and messages of gRPC.
#pragma once

#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace zerver::effects {

// Coders whose memory is kept. One thread.
class Gzip {
 public:
  Gzip();
  ~Gzip();

  // Appends the coded text. False, and nothing appended, for one of 4 GiB or more. Throws std::bad_alloc.
  [[nodiscard]] bool encode(std::string_view text, OutputBuffer& out);
  // Appends what the coded text stands for. False when it is malformed, cut off, or stands for more than
  // `limit` bytes. Throws std::bad_alloc.
  [[nodiscard]] bool decode(std::string_view coded, std::size_t limit, OutputBuffer& out);

 private:
  struct Coders;
  std::unique_ptr<Coders> coders_;
};

}  // namespace zerver::effects
