// Declarations that nothing uses.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Warns of unused imports and private slots of every root package, and of all other unused declarations of
// those that have flows: what a package without flows declares is there for others.
void report_unused(Context& context);

}  // namespace zc::check
