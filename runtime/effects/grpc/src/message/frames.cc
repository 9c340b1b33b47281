#include "message/frames.h"

namespace zerver::effects::grpc_client {

void write_frame_head(char* at, bool is_compressed, std::size_t size) noexcept {
  at[0] = is_compressed ? '\1' : '\0';
  for (unsigned i = 0; i < 4; ++i)
    at[1 + i] = static_cast<char>(size >> (8U * (3 - i)));
}

bool FrameReader::next(Frame& out) noexcept {
  if (rest_.size() < kFrameHead) return false;
  const auto byte = [this](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(rest_[at]));
  };
  const std::uint32_t size = byte(1) << 24U | byte(2) << 16U | byte(3) << 8U | byte(4);
  if (byte(0) > 1 || size > rest_.size() - kFrameHead) return false;
  out.is_compressed = byte(0) == 1;
  out.message = rest_.substr(kFrameHead, size);
  rest_.remove_prefix(kFrameHead + size);
  return true;
}

}  // namespace zerver::effects::grpc_client
