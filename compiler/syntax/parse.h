// The entry of this stage: text to syntax tree.

#pragma once

#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/tree.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdint>

namespace zc {
class SourceManager;
}  // namespace zc

namespace zc::syntax {

// Brackets, blocks, types and prefix operators nest at most this deep, else `nesting-too-deep`.
inline constexpr std::uint32_t kMaxNesting = 64;
// Operators, members and `else` in a row, else `chain-too-long`.
inline constexpr std::uint32_t kMaxChain = 256;
// Calls, indices and members behind a closing bracket in a row: each is a level of the tree.
inline constexpr std::uint32_t kMaxSuffixes = 16;

// All tokens of the file, comments included. Strings always come out closed: where a quote is missing, empty
// tokens stand for it. What is wrong is reported to `engine`. Linear in the size of the file. Thread-safe, as
// is `parse`, for different engines and files.
[[nodiscard]] TokenList lex(const SourceManager& sources, FileId file, diagnostics::DiagnosticEngine& engine);

// Always returns a tree, for any bytes; it keeps `tokens`, which `lex` made. What is wrong is reported to
// `engine`, each mistake once, and the node marked erroneous. Also hands the suppression comments of the file
// to `engine`. Linear in the size of the file.
[[nodiscard]] SyntaxTree parse(const SourceManager& sources, FileId file, TokenList tokens,
                               diagnostics::DiagnosticEngine& engine);
// Both, one after the other.
[[nodiscard]] SyntaxTree parse(const SourceManager& sources, FileId file,
                               diagnostics::DiagnosticEngine& engine);

// One token a line: `line:column kind text`. Deterministic.
void dump_tokens(const SyntaxTree& tree, const SourceManager& sources, llvm::raw_ostream& out);

// One node a line, indented by depth. Deterministic.
void dump_ast(const SyntaxTree& tree, const SourceManager& sources, llvm::raw_ostream& out);

}  // namespace zc::syntax
