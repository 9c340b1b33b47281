// The plan as text, for `--dump=plan` and the tests.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::plan {

// Every root package's plan. Constructs that cannot be generated yet are shown as such.
void dump_plan(const model::Program& program, llvm::raw_ostream& out);

}  // namespace zc::plan
