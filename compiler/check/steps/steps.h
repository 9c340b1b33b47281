// Steps: what they read, write, do, and may decide.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Reads and writes of all steps, then their bodies. Needs types, targets and policies.
void resolve_steps(Context& context);

}  // namespace zc::check
