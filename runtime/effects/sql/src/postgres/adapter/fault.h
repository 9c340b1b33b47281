// What an operation is told of a statement that has failed.
#pragma once

#include "postgres/protocol/sql_state.h"
#include "refusal.h"
#include <zerver/effects/sql/postgres/request.h>

namespace zerver::effects::postgres {

// A refused value is known before it is sent, or by the server's code.
inline Fault fault_of(const flow::Operation& operation, const Failure& failure) noexcept {
  const bool is_value = failure.sql_state.empty() || refuses_value(failure.sql_state);
  if (is_value) return sql::fault_of(operation, failure.kind, failure.why);
  return {failure.kind, String::borrowed(failure.why), {}};
}

}  // namespace zerver::effects::postgres
