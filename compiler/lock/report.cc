#include "compiler/lock/report.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>

namespace zc::lock {
namespace {

using diagnostics::Diagnostic;
using diagnostics::Kind;

constexpr std::size_t kMaxListed = 20;

Kind kind_of(const Change& change) {
  if (change.rule == Rule::kRenamedSilently) return Kind::kRenamedWithoutWas;
  if (change.severity() != Class::kBreaking) return Kind::kNeedsMigration;
  switch (change.concern) {
    case Concern::kJobs:
      return Kind::kBreakingJob;
    case Concern::kDurable:
      return Kind::kBreakingDurable;
    case Concern::kMessages:
      return Kind::kBreakingMessage;
    default:
      return Kind::kBreakingApi;
  }
}

// Where a trait of the declaration with this name may be written: before its keyword, or before the name
// where there is none. None when something stands between the two.
std::optional<Span> trait_place(const Change& change, const SourceManager& sources) {
  const Span name = change.new_span;
  if (!name.is_valid()) return std::nullopt;
  if (change.kind == "slot") return name.start_point();
  const llvm::StringRef before = sources.text(name.file).take_front(name.begin).rtrim();
  if (!before.ends_with(change.kind)) return std::nullopt;
  const auto begin = static_cast<std::uint32_t>(before.size() - change.kind.size());
  if (begin > 0 && llvm::isAlnum(before[begin - 1])) return std::nullopt;
  return Span{name.file, begin, begin};
}

void report_rename(const Change& change, const SourceManager& sources,
                   diagnostics::DiagnosticEngine& engine) {
  Diagnostic& diagnostic =
      engine.report(Kind::kRenamedWithoutWas, change.new_span, change.kind, change.name, change.before);
  diagnostic.secondary(change.old_span, "it is locked under this name")
      .note("its name is its identity in traces, metrics and journals");
  const std::string trait = "@was(\"" + change.before + "\")";
  if (change.was_span.is_valid()) {
    diagnostic.fix("write `" + trait + "`", change.was_span, trait);
  } else if (const std::optional<Span> place = trait_place(change, sources)) {
    diagnostic.fix("write `" + trait + "`", *place, trait + " ");
  } else {
    diagnostic.help("write `" + trait + "` before it");
  }
  diagnostic.help("if it is something else, accept that with `--lock-accept=migrate`");
}

void report_change(const Change& change, diagnostics::DiagnosticEngine& engine) {
  const Span place = change.new_span.is_valid() ? change.new_span : change.old_span;
  Diagnostic& diagnostic = engine.report(kind_of(change), place, message_of(change));
  if (change.new_span.is_valid() && change.old_span.is_valid())
    diagnostic.secondary(change.old_span, "locked here");
  diagnostic.note("rule `" + info(change.rule).name + "`: " + class_name(change.severity()));
  if (const std::string advice = advice_of(change); !advice.empty()) diagnostic.help(advice);
  diagnostic.help("if it is meant, accept it with `--lock-accept=" + class_name(change.severity()) + "`");
}

}  // namespace

bool report_changes(llvm::ArrayRef<Change> changes, Class accepted, const SourceManager& sources,
                    diagnostics::DiagnosticEngine& engine) {
  bool found = false;
  for (const Change& change : changes) {
    if (change.severity() <= accepted) continue;
    found = true;
    if (change.rule == Rule::kRenamedSilently) {
      report_rename(change, sources, engine);
    } else {
      report_change(change, engine);
    }
  }
  return found;
}

std::vector<std::string> list_changes(llvm::ArrayRef<Change> changes) {
  std::vector<std::string> lines;
  for (const Change& change : changes.take_front(kMaxListed)) {
    lines.push_back(
        (class_name(change.severity()) + ": " + message_of(change) + " (" + info(change.rule).name + ")")
            .str());
  }
  if (changes.size() > kMaxListed)
    lines.push_back("and " + std::to_string(changes.size() - kMaxListed) + " more");
  return lines;
}

}  // namespace zc::lock
