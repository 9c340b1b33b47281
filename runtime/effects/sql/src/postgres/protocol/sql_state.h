// What the server's error codes mean to a flow.
#pragma once

#include <zerver/core/fault.h>

#include <string>
#include <string_view>

namespace zerver::effects::postgres {

// The table is in docs/sql.md. https://www.postgresql.org/docs/15/errcodes-appendix.html
FaultKind kind_of(std::string_view sql_state) noexcept;

// What an error of the server consists of.
struct ServerError {
  std::string_view state;  // five characters
  std::string_view message;
  std::string_view constraint;  // these three are empty when it is about none
  std::string_view table;
  std::string_view column;
  std::string_view row;  // of those that were copied, from 1; empty: of none
};

// The number of the row that `copy` was at, in what the server says about where it was: `COPY todo, line 3,
// column id: "x"`, in its language. Empty: it was at none.
std::string_view copied_row(std::string_view context) noexcept;

// One line for people that has names and never values.
std::string describe(const ServerError& error);

// What was sent cannot be a value of the type that it is used as; not what a calculation came to.
bool refuses_value(std::string_view sql_state) noexcept;

// The transaction may succeed when it is run again: a serialization failure or a deadlock.
bool may_succeed_again(std::string_view sql_state) noexcept;

}  // namespace zerver::effects::postgres
