// The adapters of `zerver.net`.
#pragma once

#include <zerver/effects/registry.h>

#include <functional>

namespace zerver::io::net {
class Connector;
}

namespace zerver::effects {

// What opens the connections of a worker; outlives its adapters. Null: that worker has no network.
using ConnectorOf = std::function<io::net::Connector*(flow::Worker& worker)>;
// That of the worker's loop.
ConnectorOf worker_connector();

// For Registry::add_default(). Simulations and tests bring connections of their own.
Registry::Open open_tcp(ConnectorOf connector = worker_connector());
Registry::Open open_udp(ConnectorOf connector = worker_connector());
Registry::Open open_websocket(ConnectorOf connector = worker_connector());

}  // namespace zerver::effects
