// The server that both clients of grpc_bench ask: Google's, on threads of its own.
#pragma once

#include <cstdint>
#include <memory>

namespace bench {

class EchoServer {
 public:
  EchoServer();
  ~EchoServer();
  std::uint16_t port() const noexcept { return port_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::uint16_t port_ = 0;
};

}  // namespace bench
