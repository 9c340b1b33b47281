// Handlers: `rescue`, `on error` and `on cancel`.

#pragma once

#include "compiler/check/analyses/flow_checks.h"

namespace zc::check {

// Reports handlers that can never run, and errors among theirs that never get there.
void check_handlers(FlowContext& flow);

}  // namespace zc::check
