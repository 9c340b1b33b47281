// The adapter `grpc`: calls of services over HTTP/2 (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md).
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

// For targets of adapters that are declared with `@grpc`; refuses any other, and a URL that is of no use. Its
// adapters need the loop of a production worker, as those of `http` do.
Registry::Open open_grpc();

}  // namespace zerver::effects
