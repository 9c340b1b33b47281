// What the compiler can say: the registry of `kinds.def` as types and tables.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace zc::diagnostics {

enum class Severity : std::uint8_t { kNote, kWarning, kError };

// Which group of checks a kind belongs to; the explanations and `docs/diagnostics.md` are ordered by it.
enum class Family : std::uint8_t {
  kSyntax,
  kNames,
  kTypes,
  kSlots,
  kShape,
  kRoutes,
  kEffects,
  kTime,
  kErrors,
  kSagas,
  kTransactions,
  kData,
  kSql,
  kEvolution,
  kGovernance,
  kEmit,
  kDriver,
};

// One enumerator for each `DIAGNOSTIC` of the registry.
enum class Kind : std::uint16_t {
#define DIAGNOSTIC(Name, Code, Severity, Family, Title, Message) Name,
#include "compiler/diagnostics/kinds.def"
#undef DIAGNOSTIC
};

struct KindInfo {
  llvm::StringRef code;  // stable for ever, lower case with hyphens
  Severity severity;     // before any -Werror or -Wno
  Family family;
  llvm::StringRef title;    // the rule in a few words, for lists
  llvm::StringRef message;  // format of `llvm::formatv`: {0}, {1}, ... are the arguments of `report`
};

[[nodiscard]] std::size_t kind_count();
[[nodiscard]] const KindInfo& info(Kind kind);
[[nodiscard]] std::optional<Kind> kind_of_code(llvm::StringRef code);
[[nodiscard]] llvm::StringRef family_name(Family family);        // "syntax", "names", ...
[[nodiscard]] llvm::StringRef severity_name(Severity severity);  // "note", "warning", "error"

// What `--explain CODE` prints: the Markdown of `explain/<family>/<code>.md` (what is wrong, why it matters,
// an example, the fix). Empty when there is none; a test fails then.
[[nodiscard]] llvm::StringRef explanation(Kind kind);

}  // namespace zc::diagnostics
