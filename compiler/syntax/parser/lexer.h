// Text to tokens.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/token.h"

namespace zc::syntax {

// All tokens of the file, comments included. Strings always come out closed: where a quote is missing, empty
// tokens stand for it. What is wrong is reported. Linear.
[[nodiscard]] TokenList lex(const SourceManager& sources, FileId file, diagnostics::DiagnosticEngine& engine);

}  // namespace zc::syntax
