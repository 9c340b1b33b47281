// The network as one loop sees it.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/time.h>
#include <zerver/io/net/connector.h>
#include <zerver/io/net/resolver.h>

#include <cstddef>
#include <memory>
#include <string>

namespace zerver::io {
class AsioLoop;
}

namespace zerver::io::net {

struct NetworkOptions {
  ResolverOptions resolver;
  std::string name_servers = {};  // `127.0.0.1:5353,...`; empty: those of the system
  Duration next_attempt = Duration::from_milliseconds(250);  // RFC 8305: the next address beside the last
  Duration attempt = Duration::from_seconds(10);             // of one address, at most
};

// Of one loop and its thread.
class Network {
 public:
  explicit Network(AsioLoop& loop, const NetworkOptions& options = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  AsioLoop& loop() noexcept;
  Connector& connector() noexcept;
  Resolver& resolver() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The one that belongs to the loop, made when it is first asked for. Null when the loop has no sockets, as
// that of a simulation. On the loop's thread, or before it runs.
Network* network_of(async::Loop& loop);

}  // namespace zerver::io::net
