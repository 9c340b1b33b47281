// Collects diagnostics; at the end applies suppressions, orders, and removes doubles.

#include "compiler/diagnostics/engine.h"

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>
#include <utility>

namespace zc::diagnostics {
namespace {

std::vector<llvm::StringRef> warning_codes() {
  std::vector<llvm::StringRef> codes;
  for (std::size_t index = 0; index < kind_count(); ++index) {
    const KindInfo& known = info(static_cast<Kind>(index));
    if (known.severity == Severity::kWarning) codes.push_back(known.code);
  }
  return codes;
}

}  // namespace

DiagnosticEngine::DiagnosticEngine(const SourceManager& sources, WarningOptions options, std::size_t limit)
    : sources_(&sources), options_(std::move(options)), limit_(limit) {}

Diagnostic& DiagnosticEngine::add(Kind kind, Span span, std::string message) {
  Diagnostic diagnostic;
  diagnostic.kind = kind;
  diagnostic.severity = info(kind).severity;
  diagnostic.span = span;
  diagnostic.message = std::move(message);
  const bool is_ignored = diagnostic.severity == Severity::kWarning && options_.ignored.contains(kind);
  if (diagnostic.severity == Severity::kWarning && !is_ignored &&
      (options_.all_are_errors || options_.errors.contains(kind))) {
    diagnostic.severity = Severity::kError;
  }
  if (info(kind).severity == Severity::kError) ++error_count_;
  const bool is_full = diagnostics_.size() >= limit_;
  if (is_ignored || is_full) {
    if (!is_ignored) ++(diagnostic.severity == Severity::kError ? dropped_errors_ : dropped_warnings_);
    discarded_ = std::move(diagnostic);
    return discarded_;
  }
  diagnostics_.push_back(std::move(diagnostic));
  return diagnostics_.back();
}

void DiagnosticEngine::absorb(DiagnosticEngine&& other) {
  assert(sources_ == other.sources_);
  error_count_ += other.error_count_;
  dropped_errors_ += other.dropped_errors_;
  dropped_warnings_ += other.dropped_warnings_;
  for (Diagnostic& diagnostic : other.diagnostics_) {
    if (diagnostics_.size() < limit_) {
      diagnostics_.push_back(std::move(diagnostic));
    } else {
      ++(diagnostic.severity == Severity::kError ? dropped_errors_ : dropped_warnings_);
    }
  }
  suppressions_.insert(suppressions_.end(), std::make_move_iterator(other.suppressions_.begin()),
                       std::make_move_iterator(other.suppressions_.end()));
  other.diagnostics_.clear();
  other.suppressions_.clear();
}

bool DiagnosticEngine::has_errors() const {
  return error_count_ != 0 || dropped_errors_ != 0 ||
         llvm::any_of(diagnostics_, [&](const Diagnostic& diagnostic) {
           return diagnostic.severity == Severity::kError && find_suppression(diagnostic) == nullptr;
         });
}

const Suppression* DiagnosticEngine::find_suppression(const Diagnostic& diagnostic) const {
  if (info(diagnostic.kind).severity != Severity::kWarning || !diagnostic.span.is_valid()) return nullptr;
  const std::uint32_t line = sources_->begin_of(diagnostic.span).line;
  const auto found = llvm::find_if(suppressions_, [&](const Suppression& suppression) {
    return suppression.span.file == diagnostic.span.file && suppression.code == info(diagnostic.kind).code &&
           suppression.has_reason && suppression.first_line <= line && line <= suppression.last_line;
  });
  return found == suppressions_.end() ? nullptr : &*found;
}

void DiagnosticEngine::check(const Suppression& suppression, bool is_used) {
  const std::optional<Kind> kind = kind_of_code(suppression.code);
  if (suppression.code.empty() || !suppression.has_reason) {
    report(Kind::kMalformedSuppression, suppression.span, suppression.code.empty() ? "a code" : "a reason")
        .help("write `// zerver: allow(code): why it is right here`");
  } else if (!kind.has_value() || info(*kind).severity != Severity::kWarning) {
    Diagnostic& finding = report(Kind::kMalformedSuppression, suppression.code_span, "the code of a warning");
    finding.label(kind.has_value() ? "this is an error, and errors cannot be allowed"
                                   : "no warning has this code");
    if (const auto meant = did_you_mean(suppression.code, warning_codes()); meant && !kind) {
      finding.help("did you mean `" + *meant + "`?")
          .fix("write `" + *meant + "`", suppression.code_span, *meant);
    }
  } else if (!is_used) {
    report(Kind::kUnusedSuppression, suppression.span, suppression.code)
        .fix("remove the comment", suppression.span, "");
  }
}

void DiagnosticEngine::apply_suppressions() {
  std::set<const Suppression*> used;
  std::erase_if(diagnostics_, [&](const Diagnostic& diagnostic) {
    const Suppression* suppression = find_suppression(diagnostic);
    if (suppression != nullptr) used.insert(suppression);
    return suppression != nullptr;
  });
  for (const Suppression& suppression : suppressions_)
    check(suppression, used.contains(&suppression));
  suppressions_.clear();
}

Report DiagnosticEngine::finish() {
  apply_suppressions();
  // Those about no file come last: they are about the whole.
  const auto position = [&](std::size_t index) {
    const Span span = diagnostics_[index].span;
    return std::pair(span.file.raw(), span.begin);
  };
  std::vector<std::size_t> order(diagnostics_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  llvm::sort(order, [&](std::size_t left, std::size_t right) {
    return std::pair(position(left), left) < std::pair(position(right), right);
  });
  Report report;
  // Where the diagnostics of the current position begin: equal ones are among them.
  std::size_t first_here = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    if (rank > 0 && position(order[rank - 1]) != position(order[rank])) first_here = rank;
    const Diagnostic& diagnostic = diagnostics_[order[rank]];
    const bool is_double = std::any_of(order.begin() + static_cast<std::ptrdiff_t>(first_here),
                                       order.begin() + static_cast<std::ptrdiff_t>(rank),
                                       [&](std::size_t kept) { return diagnostics_[kept] == diagnostic; });
    if (!is_double) report.diagnostics.push_back(diagnostic);
  }
  diagnostics_.clear();
  for (const Diagnostic& diagnostic : report.diagnostics) {
    if (diagnostic.severity == Severity::kError) ++report.error_count;
    if (diagnostic.severity == Severity::kWarning) ++report.warning_count;
  }
  report.error_count += dropped_errors_;
  report.warning_count += dropped_warnings_;
  report.dropped_count = dropped_errors_ + dropped_warnings_;
  return report;
}

}  // namespace zc::diagnostics
