// `insert into t (a, b) values {rows}`: a row for each struct of a list.

#pragma once

#include "compiler/check/context.h"
#include "compiler/model/step.h"

#include <optional>

namespace zc::check {

// Which field is stored in which column. None when no list of structs stands behind `values`; and when one
// does that cannot be inserted so, which is reported and makes `statement` erroneous.
[[nodiscard]] std::optional<model::BulkInsert> resolve_bulk_insert(Context& context,
                                                                   const model::Operation& operation,
                                                                   model::Expression& statement);

}  // namespace zc::check
