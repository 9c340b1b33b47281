#include "stream_target.h"

#include <zerver/io/net/network.h>

namespace zerver::effects {

ConnectorOf worker_connector() {
  return [](flow::Worker& worker) -> io::net::Connector* {
    io::net::Network* const network = io::net::network_of(worker.loop());
    return network == nullptr ? nullptr : &network->connector();
  };
}

namespace net {

PoolState StreamShared::pool() const noexcept {
  PoolState state{.most = connections() * static_cast<std::uint32_t>(counts.size())};
  for (const PoolCounts& each : counts) {
    state.open += each.open.load(std::memory_order_relaxed);
    state.idle += each.idle.load(std::memory_order_relaxed);
    state.waiting += each.waiting.load(std::memory_order_relaxed);
  }
  return state;
}

std::string StreamShared::set_endpoint(std::string_view secured, const std::optional<std::string>& ca,
                                       const std::optional<std::string>& certificate,
                                       const std::optional<std::string>& private_key) {
  endpoint.host = settings.url.host;
  endpoint.port = settings.url.port;
  if (settings.url.scheme != secured) {
    if (ca || certificate || private_key) return "its certificates are for `" + std::string(secured) + "://`";
    return {};
  }
  tls = std::make_unique<io::net::TlsClient>();
  endpoint.tls = tls.get();
  return tls->open({.ca_file = ca.value_or(""),
                    .certificate_file = certificate.value_or(""),
                    .key_file = private_key.value_or("")});
}

}  // namespace net
}  // namespace zerver::effects
