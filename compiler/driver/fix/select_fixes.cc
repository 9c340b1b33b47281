// Chooses fixes that do not touch each other, and applies their edits.

#include "compiler/driver/fix/select_fixes.h"

#include <llvm/ADT/STLExtras.h>

#include <map>

namespace zc::driver {
namespace {

using diagnostics::Diagnostic;
using diagnostics::Edit;

// The edits that were taken so far, by file and place.
class EditSet {
 public:
  // False, and nothing is added, when one of `edits` touches one that is there.
  bool add(const std::vector<Edit>& edits) {
    for (const Edit& edit : edits) {
      if (touches_another(edit)) return false;
    }
    for (const Edit& edit : edits)
      files_[edit.span.file].emplace(edit.span.begin, &edit);
    return true;
  }

  [[nodiscard]] std::vector<std::pair<FileId, std::string>> apply(const SourceManager& sources) const {
    std::vector<std::pair<FileId, std::string>> texts;
    for (const auto& [file, edits] : files_) {
      const llvm::StringRef old = sources.text(file);
      std::string text;
      std::uint32_t done = 0;
      for (const auto& [begin, edit] : edits) {
        text += old.slice(done, begin);
        text += edit->replacement;
        done = edit->span.end;
      }
      text += old.substr(done);
      texts.emplace_back(file, std::move(text));
    }
    return texts;
  }

 private:
  // Edits that only meet are apart, but for two insertions at one place, whose order would matter.
  [[nodiscard]] bool touches_another(const Edit& edit) const {
    const auto file = files_.find(edit.span.file);
    if (file == files_.end()) return false;
    const auto after = file->second.lower_bound(edit.span.begin);
    if (after != file->second.end()) {
      const Span next = after->second->span;
      if (next.begin == edit.span.begin || next.begin < edit.span.end) return true;
    }
    return after != file->second.begin() && std::prev(after)->second->span.end > edit.span.begin;
  }

  std::map<FileId, std::map<std::uint32_t, const Edit*>> files_;
};

}  // namespace

ChosenFixes choose_fixes(const diagnostics::Report& report, const SourceManager& sources,
                         llvm::function_ref<bool(FileId)> may_change) {
  ChosenFixes chosen;
  EditSet edits;
  for (const Diagnostic& diagnostic : report.diagnostics) {
    if (diagnostic.fixes.size() != 1) continue;
    const std::vector<Edit>& wanted = diagnostic.fixes.front().edits;
    const bool is_allowed =
        llvm::all_of(wanted, [&](const Edit& edit) { return may_change(edit.span.file); });
    if (is_allowed && edits.add(wanted)) chosen.diagnostics.push_back(&diagnostic);
  }
  chosen.texts = edits.apply(sources);
  return chosen;
}

}  // namespace zc::driver
