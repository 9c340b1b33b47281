// The adapters of the checkout: what stands behind `bank` and `loyalty`.
#pragma once

#include "bank.h"
#include <zerver/effects/registry.h>

#include <memory>

namespace checkout {

/// Adds both; all workers reach the same `bank`.
void add_adapters(zerver::effects::Registry& registry, const std::shared_ptr<Bank>& bank);

}  // namespace checkout

/// Called by the generated main.
void register_adapters(zerver::effects::Registry& registry);
