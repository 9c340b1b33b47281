// The resolved program as JSON, for other tools.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// One object for the package, as `docs/model.schema.json` (JSON Schema 2020-12) describes it and a test
// checks: every declaration in source order, with the clauses as they were resolved; per flow its body, the
// slots that run from step to step, what it can end with, and how long it can take; and the map of slots.
// Keys stand in alphabetical order; what does not apply is left out. Durations are in nanoseconds. Names of
// other packages are written as in a `.flow` file, with the package's last segment in front.
[[nodiscard]] std::string emit_json(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
