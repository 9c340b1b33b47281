// The adapter `kv`: values under keys, in memory or in Redis, as its URL says.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

// For Registry::add("zerver.kv", ...). Targets that it opens with the same `memory:NAME` share their values.
Registry::Open open_kv();

}  // namespace zerver::effects
