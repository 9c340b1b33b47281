// Addresses as the system calls want them.
#pragma once

#include <zerver/io/net/address.h>

#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>

namespace zerver::io::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int type = SOCK_STREAM;  // or SOCK_DGRAM

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const noexcept { return storage.ss_family; }
};

SocketAddress socket_address(const Address& address, std::uint16_t port, int type) noexcept;
// Null when the path is too long.
std::optional<SocketAddress> socket_address(const std::string& unix_path) noexcept;
// Null when it is of neither family.
std::optional<Address> address_of(const sockaddr& socket) noexcept;

}  // namespace zerver::io::net
