// The schema that a service expects, against the database that it finds.
#pragma once

#include "options.h"

#include <string>
#include <string_view>

namespace zerver::effects::postgres {

// Connects, waits, and ends the connection: before a service runs. A database without tables gets the script
// run on it; any other must have its tables and columns. Who may not create schemas is told of missing tables
// alone. Nothing is asked but which database it is when the script is empty; that is noted in the options.
// Empty, or what is wrong.
[[nodiscard]] std::string apply_or_check_schema(const Libpq& pq, Options& options, const std::string& script);

// Connects, runs all of the script in one transaction, and ends the connection. Empty, or what is wrong.
[[nodiscard]] std::string execute(const Libpq& pq, const Options& options, const std::string& script);

}  // namespace zerver::effects::postgres
