// An IP address as a value.
#include "net/socket_address.h"
#include <zerver/io/net/address.h>

#include <net/if.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <sys/un.h>

namespace zerver::io::net {
namespace {

std::optional<std::uint32_t> scope_of(const std::string& name) {
  if (const unsigned index = if_nametoindex(name.c_str()); index != 0) return index;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  Address address;
  const std::size_t percent = text.find('%');
  const std::string numbers(text.substr(0, percent));
  if (inet_pton(AF_INET, numbers.c_str(), address.bytes.data()) == 1) {
    return percent == std::string_view::npos ? std::optional(address) : std::nullopt;
  }
  address.is_v6 = true;
  if (inet_pton(AF_INET6, numbers.c_str(), address.bytes.data()) != 1) return std::nullopt;
  if (percent != std::string_view::npos) {
    const std::optional<std::uint32_t> scope = scope_of(std::string(text.substr(percent + 1)));
    if (!scope) return std::nullopt;
    address.scope = *scope;
  }
  return address;
}

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(is_v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return scope == 0 ? text : std::string(text) + '%' + std::to_string(scope);
}

SocketAddress socket_address(const Address& address, std::uint16_t port, int type) noexcept {
  SocketAddress result;
  result.type = type;
  if (address.is_v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_scope_id = address.scope;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.size = sizeof v6;
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr);
    std::memcpy(&result.storage, &v4, sizeof v4);
    result.size = sizeof v4;
  }
  return result;
}

std::optional<SocketAddress> socket_address(const std::string& unix_path) noexcept {
  sockaddr_un address{};
  if (unix_path.size() >= sizeof address.sun_path) return std::nullopt;
  address.sun_family = AF_UNIX;
  std::ranges::copy(unix_path, address.sun_path);
  SocketAddress result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.size = sizeof address;
  return result;
}

std::optional<Address> address_of(const sockaddr& socket) noexcept {
  Address address;
  if (socket.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &socket, sizeof v4);
    std::memcpy(address.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
    return address;
  }
  if (socket.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6;
  std::memcpy(&v6, &socket, sizeof v6);
  std::memcpy(address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  address.is_v6 = true;
  address.scope = v6.sin6_scope_id;
  return address;
}

}  // namespace zerver::io::net
