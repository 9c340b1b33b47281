// The lock file of a compilation: read, compared with the program, made anew.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/driver/command_line/options.h"
#include "compiler/driver/output/writer.h"
#include "compiler/model/program.h"

#include <optional>
#include <string>
#include <vector>

namespace zc::driver {

struct LockUpdate {
  Output output;
  std::vector<std::string> changes;  // what the user should know of, in words; empty for a new file
};

struct LockResult {
  std::optional<LockUpdate> update;  // none when the file is as it should be, or may not be written
  bool environment_failed = false;   // the file could not be read
};

// Compares `program`, which has no errors, with the file that `options.lock` names. Reports what may not
// change, and with `options.check_only` also a file that is not current.
[[nodiscard]] LockResult check_lock(const Options& options, const model::Program& program,
                                    SourceManager& sources, diagnostics::DiagnosticEngine& engine);

// Says that the file was written.
void report_update(const LockUpdate& update, diagnostics::DiagnosticEngine& engine);

}  // namespace zc::driver
