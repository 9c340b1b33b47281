// Gives every declaration its id and its name, before anything refers to it.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Fills the program's tables with origins and `Context::declarations` with their syntax. Reports double names
// and names that hide an import.
void collect_declarations(Context& context);

}  // namespace zc::check
