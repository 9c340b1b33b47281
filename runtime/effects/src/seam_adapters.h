// `clock` and `random`: the worker's own seams, as adapters.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

Opened open_clock(const flow::TargetInfo& target, const flow::TargetConfig& config);
Opened open_random(const flow::TargetInfo& target, const flow::TargetConfig& config);

}  // namespace zerver::effects
