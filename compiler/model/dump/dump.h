// The resolved program as text, for `--dump=model` and goldens.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::model {

// What the checks made of the root packages, one fact a line, in the order of the program's tables.
// Deterministic. What could not be resolved is shown as `?`.
void dump_model(const Program& program, llvm::raw_ostream& out);

}  // namespace zc::model
