// The adapters of the checkout: what stands behind `bank`, `post` and `loyalty`.
#pragma once

#include "bank.h"
#include "post_office.h"
#include <zerver/effects/registry.h>

#include <memory>

namespace checkout {

/// Adds all three; every worker reaches the same `bank` and `post_office`.
void add_adapters(zerver::effects::Registry& registry, const std::shared_ptr<Bank>& bank,
                  const std::shared_ptr<PostOffice>& post_office);

}  // namespace checkout

/// Called by the generated main.
void register_adapters(zerver::effects::Registry& registry);
