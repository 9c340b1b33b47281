// Structs that would hold themselves.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Reports each cycle of struct fields that passes no list and no map: such a value would be infinitely large.
void check_struct_recursion(Context& context);

}  // namespace zc::check
