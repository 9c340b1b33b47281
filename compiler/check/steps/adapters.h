// Adapters with their operations, policies, and targets.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Adapters of all packages; also makes the targets `clock` and `random`, which need no declaration.
void resolve_adapters(Context& context);
void resolve_policies(Context& context);
// Needs adapters and policies.
void resolve_targets(Context& context);

}  // namespace zc::check
