#include "cancel_request.h"

#include <cerrno>
#include <netinet/in.h>
#include <string_view>
#include <unistd.h>

namespace zerver::effects::postgres {

namespace {

constexpr std::int32_t kCancelCode = 80'877'102;

void put(char* out, std::int32_t number) noexcept {
  auto bits = static_cast<std::uint32_t>(number);
  for (int i = 3; i >= 0; --i, bits >>= 8U)
    out[i] = static_cast<char>(bits & 0xFFU);
}

}  // namespace

CancelRequest::CancelRequest(io::AsioLoop& loop, int connected_socket, const CancelKey& key, void* owner,
                             Over over)
    : owner_(owner),
      over_(over),
      watch_(
          loop, this, [](void* self) noexcept { static_cast<CancelRequest*>(self)->read(); },
          [](void* self) noexcept { static_cast<CancelRequest*>(self)->write(); }) {
  put(packet_.data(), kSize);
  put(packet_.data() + 4, kCancelCode);
  put(packet_.data() + 8, key.process);
  put(packet_.data() + 12, key.secret);
  connect(connected_socket);
}

CancelRequest::~CancelRequest() { end(); }

void CancelRequest::connect(int connected_socket) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(connected_socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  socket_ = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return;
  const bool begun =
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0 || errno == EINPROGRESS;
  if (!begun || watch_.watch(socket_)) return end();
  watch_.wait_writable();
}

void CancelRequest::write() noexcept {
  const ssize_t size = send(socket_, packet_.data() + sent_, kSize - sent_, MSG_NOSIGNAL);
  if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    end();
    return over_(owner_);
  }
  if (size > 0) sent_ += static_cast<std::size_t>(size);
  if (sent_ < kSize) {
    watch_.wait_writable();
  } else {
    watch_.wait_readable();
  }
}

// There is nothing to read but the end.
void CancelRequest::read() noexcept {
  char byte = 0;
  const ssize_t size = recv(socket_, &byte, 1, 0);
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return watch_.wait_readable();
  end();
  over_(owner_);
}

void CancelRequest::end() noexcept {
  watch_.unwatch();
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

}  // namespace zerver::effects::postgres
