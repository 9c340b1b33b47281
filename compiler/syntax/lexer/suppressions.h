// Suppression comments: `// zerver: allow(code): reason`.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/token.h"

namespace zc::syntax {

// Hands those of the file to `engine`, malformed ones included.
void collect_suppressions(const SourceManager& sources, FileId file, const TokenList& tokens,
                          diagnostics::DiagnosticEngine& engine);

}  // namespace zc::syntax
