#include "compiler/driver/lock_file.h"

#include "compiler/lock/compare.h"
#include "compiler/lock/make_lock.h"
#include "compiler/lock/report.h"
#include "compiler/lock/text.h"

#include <llvm/Support/Error.h>

#include <utility>

namespace zc::driver {
namespace {

using diagnostics::Diagnostic;
using diagnostics::DiagnosticEngine;
using diagnostics::Kind;

void report_outdated(const Options& options, llvm::StringRef how, const std::vector<std::string>& changes,
                     DiagnosticEngine& engine) {
  Diagnostic& diagnostic = engine.report(Kind::kOutdatedLock, {}, options.lock, how);
  for (const std::string& change : changes)
    diagnostic.note(change);
  diagnostic.help("run the compiler with `--lock " + options.lock +
                  "` and without `--check`, and commit the file");
}

}  // namespace

LockResult check_lock(const Options& options, const model::Program& program, SourceManager& sources,
                      DiagnosticEngine& engine) {
  LockResult result;
  const lock::Lock now = lock::make_lock(program);
  LockUpdate update{{options.lock, lock::print_lock(now)}, {}};
  if (!sources.file_system().exists(options.lock)) {
    if (options.check_only) {
      report_outdated(options, "does not exist", {}, engine);
    } else {
      result.update = std::move(update);
    }
    return result;
  }
  llvm::Expected<FileId> file = sources.load(options.lock);
  if (!file) {
    engine.report(Kind::kUnreadableFile, {}, llvm::toString(file.takeError()));
    result.environment_failed = true;
    return result;
  }
  const std::optional<lock::Lock> before = lock::parse_lock(sources, *file, engine);
  if (!before) return result;
  const std::vector<lock::Change> changes = lock::compare(*before, now);
  if (lock::report_changes(changes, options.lock_accept, sources, engine)) return result;
  // Comments and the order of lines may differ.
  if (lock::print_lock(*before) == update.output.text) return result;
  update.changes = lock::list_changes(changes);
  if (update.changes.empty()) update.changes.emplace_back("safe: nothing that anybody outside depends on");
  if (options.check_only) {
    report_outdated(options, "is not current", update.changes, engine);
  } else {
    result.update = std::move(update);
  }
  return result;
}

void report_update(const LockUpdate& update, DiagnosticEngine& engine) {
  Diagnostic& diagnostic = engine.report(Kind::kLockUpdated, {}, update.output.path,
                                         update.changes.empty() ? "it is new" : "the program has changed");
  for (const std::string& change : update.changes)
    diagnostic.note(change);
  diagnostic.help("commit it together with the change");
}

}  // namespace zc::driver
