// Packages and imports of a program.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Fills `Program::packages` in dependency order, the prelude first, with their imports. Reports import
// cycles, missing and double package declarations, and imports that hide each other.
void collect_packages(Context& context);

}  // namespace zc::check
