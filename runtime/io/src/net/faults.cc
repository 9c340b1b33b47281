// Errors of sockets as faults.
#include "net/faults.h"

#include <cerrno>

namespace zerver::io::net {

Fault fault_of(int error) noexcept {
  switch (error) {
    case ECONNREFUSED:
      return unavailable("the connection was refused");
    case ECONNRESET:
    case EPIPE:
      return unavailable("the other side has closed the connection");
    case ETIMEDOUT:
      return unavailable("the other side does not answer");
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return unavailable("there is no way to the address");
    case ENOENT:
      return unavailable("there is no such socket");
    case EACCES:
    case EPERM:
      return unavailable("connecting is not permitted");
    case EMFILE:
    case ENFILE:
      return unavailable("there are too many open descriptors");
    case ENOBUFS:
    case ENOMEM:
      return unavailable("the system has no memory for the connection");
    case EMSGSIZE:
      return unavailable("the datagram is too large");
    case ENAMETOOLONG:
      return unavailable("the path of the socket is too long");
    default:
      return unavailable("the connection failed");
  }
}

}  // namespace zerver::io::net
