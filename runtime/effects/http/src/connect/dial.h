// Opening a connection to an origin: straight, or through a proxy.
#pragma once

#include "settings.h"
#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/io/net/connector.h>

#include <memory>
#include <string>

namespace zerver::effects::http_client {

// How an origin is reached.
struct Route {
  std::string authority;       // of the origin, for the Host field
  io::net::Endpoint endpoint;  // of the origin, or of its proxy
  io::net::Endpoint tunneled;  // of the origin, when that is a proxy that is asked to CONNECT
  bool is_tunnel = false;
  bool is_forwarded = false;  // by a proxy that takes whole URLs
  std::string authorization;  // for the proxy; empty: none
  Duration timeout;
};

Route make_route(const Origin& origin, const Settings& settings);

// Within Route::timeout. The route stays until the task is over.
async::Task<Result<std::unique_ptr<io::net::Stream>>> dial(io::net::Connector& connector, const Route& route);

}  // namespace zerver::effects::http_client
