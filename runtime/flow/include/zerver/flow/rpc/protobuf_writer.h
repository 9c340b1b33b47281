// Protocol Buffers' wire format, out (protobuf.dev/programming-guides/encoding).
#pragma once

#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

enum class WireType : std::uint8_t { kVarint = 0, kI64 = 1, kLength = 2, kI32 = 5 };

// Appends to a buffer, which outlives it. Throws what that throws.
class ProtobufWriter {
 public:
  explicit ProtobufWriter(OutputBuffer& out) noexcept : out_(&out) {}

  void tag(std::uint32_t number, WireType type) {
    varint(std::uint64_t{number} << 3U | static_cast<std::uint64_t>(type));
  }
  void varint(std::uint64_t value);
  void fixed32(std::uint32_t value);
  void fixed64(std::uint64_t value);
  // With their length before them.
  void bytes(std::string_view bytes) {
    varint(bytes.size());
    out_->append(bytes);
  }
  // What is written between the two has its length before it; end() takes what begin() gave.
  std::size_t begin();
  void end(std::size_t begin);

 private:
  OutputBuffer* out_;
};

}  // namespace zerver::flow
