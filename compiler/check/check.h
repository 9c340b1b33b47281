// The entry of this stage: syntax trees to a resolved, checked program.

#pragma once

#include "compiler/check/input.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/model/program.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/ADT/StringRef.h>

namespace zc::sql {
class Server;
}

namespace zc::check {

// Is told when a part of the work begins; parts may come again. For those who measure.
using PhaseObserver = llvm::function_ref<void(llvm::StringLiteral phase)>;

// Resolves and checks `files`, which stand in any order. Always returns a program; one that is wrong
// somewhere has `kError` types and invalid ids in it, and `engine` has the errors, each mistake once. Linear
// in the size of the input. The declarations of the trees are freed on the way. `server` prepares statements
// in the dialect of PostgreSQL; without one they are not checked.
[[nodiscard]] model::Program check(llvm::MutableArrayRef<LoadedFile> files,
                                   diagnostics::DiagnosticEngine& engine, sql::Server* server = nullptr,
                                   PhaseObserver observe = nullptr);

}  // namespace zc::check
