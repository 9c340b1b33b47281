// Errors and their domains as they are declared.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Fills the tables of domains and errors: fields, statuses, kinds, and which error belongs to which domain.
void resolve_error_types(Context& context);

}  // namespace zc::check
