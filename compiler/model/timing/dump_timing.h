// The times of all flows as text, for `--dump=timing`.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::model {

// For each flow of the root packages its worst and best case, deadline, longest path and compensations; then
// for each target how long a call holds it. Deterministic.
void dump_timing(const Program& program, llvm::raw_ostream& out);

}  // namespace zc::model
