// `insert into t (a, b) values {rows}`: a row for each struct of a list or a stream.

#pragma once

#include "compiler/check/context.h"
#include "compiler/model/step.h"

#include <optional>

namespace zc::check {

// Which field is stored in which column. None when no structs stand behind `values`. What cannot be inserted
// so, and a stream anywhere else, is reported and makes `statement` erroneous.
[[nodiscard]] std::optional<model::BulkInsert> resolve_bulk_insert(Context& context,
                                                                   const model::Operation& operation,
                                                                   model::Expression& statement);

}  // namespace zc::check
