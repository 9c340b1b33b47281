#include "message/frames.h"

#include <algorithm>

namespace zerver::effects::grpc_client {

void write_frame_head(char* at, bool is_compressed, std::size_t size) noexcept {
  at[0] = is_compressed ? '\1' : '\0';
  for (unsigned i = 0; i < 4; ++i)
    at[1 + i] = static_cast<char>(size >> (8U * (3 - i)));
}

namespace {

struct FrameHead {
  std::uint32_t flag = 0;
  std::size_t size = 0;
};

// Of at least kFrameHead bytes.
FrameHead read_frame_head(std::string_view bytes) noexcept {
  const auto byte = [bytes](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]));
  };
  return {byte(0), byte(1) << 24U | byte(2) << 16U | byte(3) << 8U | byte(4)};
}

}  // namespace

bool FrameReader::next(Frame& out) noexcept {
  if (rest_.size() < kFrameHead) return false;
  const FrameHead head = read_frame_head(rest_);
  if (head.flag > 1 || head.size > rest_.size() - kFrameHead) return false;
  out.is_compressed = head.flag == 1;
  out.message = rest_.substr(kFrameHead, head.size);
  rest_.remove_prefix(kFrameHead + head.size);
  return true;
}

void FrameBuffer::append(std::string_view part) {
  std::copy_n(part.data(), part.size(), bytes_.prepare(part.size()).data());
  bytes_.commit(part.size());
}

FrameBuffer::Taken FrameBuffer::take(Frame& out) noexcept {
  if (bytes_.size() < kFrameHead) return Taken::kMore;
  const FrameHead head = read_frame_head(bytes_.view());
  if (head.flag > 1) return Taken::kMalformed;
  if (head.size > most_) return Taken::kTooLarge;
  if (head.size > bytes_.size() - kFrameHead) return Taken::kMore;
  out.is_compressed = head.flag == 1;
  out.message = bytes_.view().substr(kFrameHead, head.size);
  bytes_.consume(kFrameHead + head.size);
  return Taken::kFrame;
}

}  // namespace zerver::effects::grpc_client
