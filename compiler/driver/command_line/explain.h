// What diagnostics mean, as text: --explain and docs/diagnostics.md.

#pragma once

#include "compiler/diagnostics/kinds.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::driver {

// One code: what is wrong, why it matters, an example, the fix. Markdown.
void print_explanation(diagnostics::Kind kind, llvm::raw_ostream& out);

// Every code, ordered by family: the text of docs/diagnostics.md.
void print_all_explanations(llvm::raw_ostream& out);

}  // namespace zc::driver
