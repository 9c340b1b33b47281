// One run of the phases over the files of a command line.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/driver/command_line/environment.h"
#include "compiler/driver/command_line/options.h"
#include "compiler/driver/driver.h"

namespace zc::driver {

// Loads, parses, checks, generates and writes, or prints what `options.dump` asks for; reports to
// `environment.err`.
[[nodiscard]] ExitStatus compile(const Options& options, const Environment& environment);

struct CheckResult {
  diagnostics::Report report;
  bool environment_failed = false;  // a file could not be read: what the report says of the rest may be wrong
};

// Loads, parses and checks into `sources`, and does nothing else.
[[nodiscard]] CheckResult check(const Options& options, const Environment& environment,
                                SourceManager& sources);

// Shows `report` in the form that the options ask for.
void render(const diagnostics::Report& report, const SourceManager& sources, const Options& options,
            const Environment& environment);

}  // namespace zc::driver
