// Asks a server to end the statement that one of its backends runs.
#pragma once

#include <zerver/io/asio_loop.h>
#include <zerver/io/descriptor_watch.h>

#include <array>
#include <cstdint>
#include <sys/socket.h>

namespace zerver::effects::postgres {

// By which a server knows the backend of a connection, and believes that it is ours.
struct CancelKey {
  std::int32_t process = 0;  // 0: none
  std::int32_t secret = 0;
};

// A connection of its own with one packet, as the protocol wants it: the server reads it before it asks for
// encryption or a password, and closes when the backend has been told. Of one loop.
// https://www.postgresql.org/docs/15/protocol-flow.html#id-1.10.6.7.10
class CancelRequest {
 public:
  using Over = void (*)(void* owner) noexcept;

  // To where that socket is connected to; it may be closed meanwhile. `over` is called once, later, when it
  // is under_way(), unless this goes first: the backend has been told, or could not be.
  CancelRequest(io::AsioLoop& loop, int connected_socket, const CancelKey& key, void* owner, Over over);
  ~CancelRequest();
  CancelRequest(const CancelRequest&) = delete;
  CancelRequest& operator=(const CancelRequest&) = delete;

  // False when it could not even begin.
  bool under_way() const noexcept { return socket_ >= 0; }
  // Something of it may have reached the server.
  bool was_sent() const noexcept { return sent_ > 0; }

 private:
  void connect(int connected_socket) noexcept;
  void write() noexcept;
  void read() noexcept;
  void end() noexcept;

  static constexpr std::size_t kSize = 16;

  std::array<char, kSize> packet_{};
  std::size_t sent_ = 0;
  int socket_ = -1;
  void* owner_;
  Over over_;
  io::DescriptorWatch watch_;
};

}  // namespace zerver::effects::postgres
