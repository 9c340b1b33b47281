// Whether a database has the tables and columns that a package was written for.
#pragma once

#include <zerver/effects/sql/sqlite/connection.h>

#include <string>
#include <string_view>

namespace zerver::effects::sqlite {

// Runs the schema's script on a database without tables; any other one must have every table and column of
// the schema, of the same type. Empty, or what is wrong: it names the table.
[[nodiscard]] std::string apply_or_check_schema(Connection& connection, std::string_view schema);

}  // namespace zerver::effects::sqlite
