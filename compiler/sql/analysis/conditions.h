// What a condition that holds says about NULL.

#pragma once

#include "compiler/sql/analysis/scope.h"
#include "compiler/sql/syntax/ast.h"

namespace zc::sql {

// Adds to `scope.not_null` the columns of that scope that are not NULL in any row for which `condition` is
// true.
void assume(const Expr& condition, Scope& scope);
// The same where it is not true: `x is null` leaves no NULL in `x`.
void assume_not(const Expr& condition, Scope& scope);

}  // namespace zc::sql
