// A server over UDP.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace zerver::effects::net {

// Repeats each datagram, but `silent`; ends with `end`.
class EchoSocket {
 public:
  EchoSocket() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    bind(socket_, reinterpret_cast<const sockaddr*>(&address_), size);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size);
    thread_ = std::thread([this] { run(); });
  }
  ~EchoSocket() {
    sendto(socket_, "end", 3, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    thread_.join();
    ::close(socket_);
  }
  EchoSocket(const EchoSocket&) = delete;
  EchoSocket& operator=(const EchoSocket&) = delete;

  std::uint16_t port() const noexcept { return ntohs(address_.sin_port); }
  std::string url() const { return "udp://127.0.0.1:" + std::to_string(port()); }

 private:
  void run() {
    std::string datagram;
    while (datagram != "end") {
      datagram.resize(70'000);
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t length =
          recvfrom(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      datagram.resize(static_cast<std::size_t>(std::max<ssize_t>(0, length)));
      if (datagram != "silent")
        sendto(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    }
  }

  int socket_;
  sockaddr_in address_{};
  std::thread thread_;
};

}  // namespace zerver::effects::net
