// Waiting for one socket on the calling thread.
#pragma once

#include <zerver/core/time.h>
#include <zerver/io/model/io.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <poll.h>

namespace zerver::io {

// True when the socket may be ready, or `also`, another descriptor, is readable (-1: none); false when the
// deadline of the wait has passed.
inline bool poll_socket(const SocketWait& wait, TimePoint now, int also) {
  std::array<pollfd, 2> files{
      {{wait.socket(), static_cast<short>(wait.reads() ? POLLIN : POLLOUT), 0}, {also, POLLIN, 0}}};
  int timeout = -1;
  if (wait.deadline() != TimePoint::never()) {
    // Rounded up, so that it does not spin before the deadline.
    const std::int64_t left = ((wait.deadline() - now).nanoseconds + 999'999) / 1'000'000;
    if (left <= 0) return false;
    timeout = static_cast<int>(std::min<std::int64_t>(left, 1'000'000));
  }
  // 0 after part of a very long wait, and errors (EINTR): the caller tries and comes again.
  static_cast<void>(poll(files.data(), files.size(), timeout));
  return true;
}

}  // namespace zerver::io
