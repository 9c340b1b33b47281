// Opens connections.
#pragma once

#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/core/time.h>
#include <zerver/io/net/endpoint.h>
#include <zerver/io/net/stream.h>

#include <memory>

namespace zerver::io::net {

// Of one loop and its thread. The one of a loop with sockets is Network::connector(); simulations bring
// another.
class Connector {
 public:
  virtual ~Connector() = default;
  // Asks for the addresses of the name, connects to the one that answers first, and shakes hands. `timeout`
  // when the deadline passes, `cancelled` when it is stopped, else `unavailable`, with a static text that
  // says why. `endpoint` stays until the task is over.
  virtual async::Task<Result<std::unique_ptr<Stream>>> connect(const Endpoint& endpoint,
                                                               TimePoint deadline) = 0;
  // Shakes hands with whom a stream leads to already, such as through a proxy: `endpoint.tls`, its name and
  // ALPN count. The stream is one of connect() without TLS that nobody reads or writes.
  virtual async::Task<Result<std::unique_ptr<Stream>>> secure(std::unique_ptr<Stream> stream,
                                                              const Endpoint& endpoint,
                                                              TimePoint deadline) = 0;
};

}  // namespace zerver::io::net
