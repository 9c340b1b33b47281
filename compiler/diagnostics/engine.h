// Where every stage reports to: collects, filters and orders diagnostics.

#pragma once

#include "compiler/diagnostics/diagnostic.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/FormatVariadic.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace zc {
class SourceManager;
}  // namespace zc

namespace zc::diagnostics {

// What the user asked for with -Werror, -Werror=code and -Wno-code. Only warnings are affected: an error
// stays one.
struct WarningOptions {
  bool all_are_errors = false;
  std::set<Kind> errors;
  std::set<Kind> ignored;
};

// A comment `// zerver: allow(code): reason`. It silences warnings with that code that begin on the lines it
// covers: its own when code stands before it, else those up to the next line that has code. Found by
// `syntax::parse`.
struct Suppression {
  Span span;         // the whole comment
  Span code_span;    // the code in it
  std::string code;  // as written; reported when it names no kind
  bool has_reason = false;
  std::uint32_t first_line = 0;  // that it covers
  std::uint32_t last_line = 0;
};

// The outcome of a compilation, as the renderers take it.
struct Report {
  std::vector<Diagnostic> diagnostics;  // ordered by file, offset, then as reported; no two are equal
  std::size_t error_count = 0;          // all that were found, also those past the limit
  std::size_t warning_count = 0;
  std::size_t dropped_count = 0;  // found but not in `diagnostics`
};

// Not synchronised: one engine a thread, then `absorb`.
class DiagnosticEngine {
 public:
  // At most this many are kept, so that a hostile file cannot fill the memory; the rest is counted.
  static constexpr std::size_t kDefaultLimit = 1000;

  explicit DiagnosticEngine(const SourceManager& sources, WarningOptions options = {},
                            std::size_t limit = kDefaultLimit);
  DiagnosticEngine(const DiagnosticEngine&) = delete;
  DiagnosticEngine& operator=(const DiagnosticEngine&) = delete;

  // Adds a finding; `arguments` fill {0}, {1}, ... of the kind's message. The reference is good until the
  // next `report`.
  template <typename... Arguments> Diagnostic& report(Kind kind, Span span, Arguments&&... arguments) {
    return add(kind, span,
               llvm::formatv(info(kind).message.data(), std::forward<Arguments>(arguments)...).str());
  }

  void add(Suppression suppression) { suppressions_.push_back(std::move(suppression)); }

  // What it was made with: an engine of another thread needs the same.
  [[nodiscard]] const WarningOptions& options() const { return options_; }
  [[nodiscard]] const SourceManager& sources() const { return *sources_; }

  // Takes over what another engine of the same compilation collected.
  void absorb(DiagnosticEngine&& other);

  // How much was reported so far, of any severity.
  [[nodiscard]] std::size_t reported_count() const {
    return diagnostics_.size() + dropped_errors_ + dropped_warnings_;
  }
  // Whether an error was reported so far: later stages do not run then. Also counts warnings that -Werror
  // made errors, unless a comment silences them.
  [[nodiscard]] bool has_errors() const;

  // Applies suppressions, reports the unused and malformed ones, orders, removes doubles. Call once, at the
  // end.
  [[nodiscard]] Report finish();

 private:
  Diagnostic& add(Kind kind, Span span, std::string message);
  [[nodiscard]] const Suppression* find_suppression(const Diagnostic& diagnostic) const;
  void apply_suppressions();
  void check(const Suppression& suppression, bool is_used);

  const SourceManager* sources_;
  WarningOptions options_;
  std::size_t limit_;
  std::size_t error_count_ = 0;  // without warnings that were made errors
  std::deque<Diagnostic> diagnostics_;
  std::vector<Suppression> suppressions_;
  Diagnostic discarded_;  // what `report` answers for a finding that is not kept
  std::size_t dropped_errors_ = 0;
  std::size_t dropped_warnings_ = 0;
};

}  // namespace zc::diagnostics
