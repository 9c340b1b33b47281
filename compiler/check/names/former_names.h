// `@was("old_name")`: what a declaration was called before.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Reports a former name that something of the same kind still has, or that two declarations claim.
void check_former_names(Context& context);

}  // namespace zc::check
