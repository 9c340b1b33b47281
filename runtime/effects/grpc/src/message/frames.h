// Messages of gRPC as they lie in a body: a flag, four bytes of length, the message.
#pragma once

#include <zerver/core/output_buffer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::effects::grpc_client {

inline constexpr std::size_t kFrameHead = 5;

// Writes the head of a frame whose `size` bytes of message stand behind it, over the kFrameHead bytes at
// `at`.
void write_frame_head(char* at, bool is_compressed, std::size_t size) noexcept;

struct Frame {
  bool is_compressed = false;
  std::string_view message;
};

// The frames of a body that is complete.
class FrameReader {
 public:
  explicit FrameReader(std::string_view body) noexcept : rest_(body) {}
  // False at the end, and where what is left is no frame.
  bool next(Frame& out) noexcept;
  bool is_at_end() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace zerver::effects::grpc_client
