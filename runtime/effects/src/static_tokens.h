// `zerver.auth.tokens`: a table of bearer tokens from the configuration.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

Opened open_tokens(const flow::TargetInfo& target, const flow::TargetConfig& config);

}  // namespace zerver::effects
