// Where a connection goes to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace zerver::io::net {

class TlsClient;

struct Endpoint {
  std::string host = {};  // a name, or an address: `::1` without brackets
  std::uint16_t port = 0;
  std::string unix_path = {};      // when it is not empty, this socket in place of host and port
  bool datagrams = false;          // UDP: a read is a datagram, a write sends one, and `tls` has to be null
  const TlsClient* tls = nullptr;  // null: not encrypted. Outlives the streams
  std::string server_name = {};    // for TLS, what the certificate must be for; empty: `host`
  std::vector<std::string> alpn = {};  // offered with TLS, the best first
};

}  // namespace zerver::io::net
