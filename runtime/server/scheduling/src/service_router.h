// Hands a request to the package that has a flow for it, and answers those that no flow is for.
#pragma once

#include <zerver/flow/exchange.h>
#include <zerver/server/scheduling/bound_package.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <span>

namespace zerver::server {

// 404 when no flow has the path, 405 with Allow when none has the method, 204 with Allow for OPTIONS (RFC
// 9110, 9.3.7, 15.5.6).
flow::Handled route(std::span<const BoundPackage> packages, ServedExchange& exchange);

}  // namespace zerver::server
