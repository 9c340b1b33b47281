// Sockets that listen on one address, one for each worker.
#include "listening_socket.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace zerver::server {
namespace {

constexpr int kBacklog = 4096;  // the kernel caps it at net.core.somaxconn

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string error;

  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

// The first IPv4 address of the host, else its first one.
Address resolve(const ListenAddress& listen) {
  Address address;
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* const host = listen.host.empty() ? nullptr : listen.host.c_str();
  if (const int error = getaddrinfo(host, std::to_string(listen.port).c_str(), &hints, &found); error != 0) {
    address.error = gai_strerror(error);
    return address;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  const addrinfo* chosen = found;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      chosen = each;
      break;
    }
  }
  std::memcpy(&address.storage, chosen->ai_addr, chosen->ai_addrlen);
  address.size = chosen->ai_addrlen;
  return address;
}

std::string text_of(Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), static_cast<socklen_t>(text.size()));
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), static_cast<socklen_t>(text.size()));
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

bool set_option(int socket, int level, int name) noexcept {
  const int on = 1;
  return setsockopt(socket, level, name, &on, sizeof on) == 0;
}

}  // namespace

void FileDescriptor::reset(int descriptor) noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = descriptor;
}

ListeningSockets listen_on(const ListenAddress& wanted, std::size_t count) {
  ListeningSockets result;
  Address address = resolve(wanted);
  if (!address.error.empty()) {
    result.error = address.error;
    return result;
  }
  result.v6 = address.storage.ss_family == AF_INET6;
  for (std::size_t i = 0; i < count; ++i) {
    const auto fail = [&result] {
      result.error = std::strerror(errno);
      return std::move(result);
    };
    FileDescriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) return fail();
    if (!set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR)) return fail();
    if (result.v6 && !set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY)) return fail();
    // The first one is bound alone, so that it finds out whether the address is in use, and shares it only
    // then.
    if (i > 0 && !set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT)) return fail();
    if (bind(socket.get(), address.get(), address.size) != 0) return fail();
    if (i == 0 && count > 1 && !set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT)) return fail();
    if (::listen(socket.get(), kBacklog) != 0) return fail();
    // The others take the port that the first one got.
    if (i == 0 && getsockname(socket.get(), address.get(), &address.size) != 0) return fail();
    result.sockets.push_back(std::move(socket));
  }
  result.address = text_of(address);
  return result;
}

}  // namespace zerver::server
