#include "message/encoder.h"

#include "message/frames.h"

#include <limits>

namespace zerver::effects::grpc_client {

void MessageEncoder::begin(OutputBuffer& out) {
  begin_ = out.size();
  out.reserve(kFrameHead);
  out.commit(kFrameHead);
}

bool MessageEncoder::end(OutputBuffer& out) {
  const std::size_t message = begin_ + kFrameHead;
  if (compresses_) {
    plain_.clear_and_shrink(kKeptBuffer);
    plain_.append(out.view().substr(message));
    out.truncate(message);
    if (!gzip_.encode(plain_.view(), out)) return false;
  }
  const std::size_t size = out.size() - message;
  if (size > std::numeric_limits<std::uint32_t>::max()) return false;
  write_frame_head(out.data() + begin_, compresses_, size);
  return true;
}

}  // namespace zerver::effects::grpc_client
