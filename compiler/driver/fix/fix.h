// `--fix`: makes the repairs that diagnostics propose.

#pragma once

#include "compiler/driver/command_line/environment.h"
#include "compiler/driver/command_line/options.h"
#include "compiler/driver/driver.h"

namespace zc::driver {

// Checks, applies what can be applied, and checks again, until nothing is left to apply. Then the files named
// on the command line that changed are written, all or none; files that they import are never touched. Each
// repair is a line of `environment.out`, what is left is reported to `environment.err`.
[[nodiscard]] ExitStatus fix(const Options& options, const Environment& environment);

}  // namespace zc::driver
