// Names by the hosts file and DNS, with c-ares.
#pragma once

#include <zerver/io/asio_loop.h>
#include <zerver/io/net/resolver.h>

#include <memory>
#include <string>

namespace zerver::io::net {

// `servers` as NetworkOptions::name_servers. Throws std::runtime_error when the library cannot be set up.
std::unique_ptr<NameSource> dns_source(AsioLoop& loop, const std::string& servers);

}  // namespace zerver::io::net
