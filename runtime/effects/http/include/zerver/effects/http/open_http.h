// The adapter `http`: a client of HTTP/1.1 and HTTP/2.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

// Refuses a base URL, a proxy or a file that is of no use. Its adapters need the loop of a production worker:
// under a simulated one each call fails as `unavailable`.
Registry::Open open_http();

}  // namespace zerver::effects
