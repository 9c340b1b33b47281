// Steps and flows as text, for dumps.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

#include <string>

namespace zc::model {

void dump(const Program& program, const PolicySettings& settings, llvm::raw_ostream& out);
void dump(const Program& program, const Step& step, llvm::raw_ostream& out);
void dump(const Program& program, const Flow& flow, llvm::raw_ostream& out);
// One statement a line, indented by `depth` and by nesting.
void dump(const Program& program, const Block& block, unsigned depth, llvm::raw_ostream& out);

// "missing, timeout"
[[nodiscard]] std::string kinds_text(Kinds kinds);

}  // namespace zc::model
