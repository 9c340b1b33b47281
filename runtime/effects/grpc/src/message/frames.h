// Messages of gRPC as they lie in a body: a flag, four bytes of length, the message.
#pragma once

#include <zerver/http/read_buffer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::effects::grpc_client {

// As much memory as a buffer keeps for the next message.
inline constexpr std::size_t kKeptBuffer = std::size_t{64} << 10;

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

// The frames of a body that comes in parts.
class FrameBuffer {
 public:
  enum class Taken : std::uint8_t { kFrame, kMore, kMalformed, kTooLarge };

  // `most`: of a message, as it is sent.
  explicit FrameBuffer(std::size_t most) : most_(most), bytes_(kCapacity) {}
  // Frames that were taken are gone. Throws std::bad_alloc.
  void append(std::string_view part);
  // kMore: the next one is not complete.
  Taken take(Frame& out) noexcept;
  // Nothing of a frame is left.
  bool is_at_end() const noexcept { return bytes_.empty(); }
  void reset() { bytes_.reset(kCapacity); }

 private:
  static constexpr std::size_t kCapacity = std::size_t{32} << 10;

  std::size_t most_;
  http::ReadBuffer bytes_;
};

}  // namespace zerver::effects::grpc_client
