// The server that both clients of grpc_bench ask: Google's, in a process of its own, on a processor of its
// own.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace bench {

// It lives until this goes. Where there are several processors it has the second one, and this process keeps
// to the first: left to the kernel, which of them share a processor decides more than what is measured.
class EchoServer {
 public:
  // By fork(): before this process has threads, and before it uses the library itself.
  EchoServer();
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }

 private:
  pid_t process_ = 0;
  int life_ = -1;  // the server ends when this is closed
  std::uint16_t port_ = 0;
};

}  // namespace bench
