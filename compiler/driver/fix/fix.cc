// Rounds of checking and editing in memory, then one write.

#include "compiler/driver/fix/fix.h"

#include "compiler/driver/compilation.h"
#include "compiler/driver/fix/edited_files.h"
#include "compiler/driver/fix/select_fixes.h"
#include "compiler/driver/output/writer.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Twine.h>
#include <llvm/Support/Error.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace zc::driver {
namespace {

using diagnostics::Diagnostic;

// A repair may uncover the next finding; one that keeps on being uncovered is a mistake of ours, and ends
// here.
constexpr int kMaxRounds = 50;

class Fixer {
 public:
  Fixer(const Options& options, const Environment& environment)
      : options_(options),
        edited_(llvm::makeIntrusiveRefCnt<EditedFiles>(environment.file_system)),
        environment_{environment.out, environment.err, edited_, environment.program_dir,
                     environment.wants_color} {}

  ExitStatus run() {
    for (int round = 0; round != kMaxRounds; ++round) {
      SourceManager sources(environment_.file_system);
      const CheckResult result = check(options_, environment_, sources);
      if (result.environment_failed || !apply(result.report, sources)) return finish(result, sources);
    }
    SourceManager sources(environment_.file_system);
    return finish(check(options_, environment_, sources), sources);
  }

 private:
  // False when there is nothing to apply.
  bool apply(const diagnostics::Report& report, const SourceManager& sources) {
    ChosenFixes chosen = choose_fixes(report, sources, [&](FileId file) {
      return llvm::is_contained(options_.inputs, sources.name(file));
    });
    if (chosen.diagnostics.empty()) return false;
    for (const Diagnostic* diagnostic : chosen.diagnostics)
      describe(*diagnostic, sources);
    for (auto& [file, text] : chosen.texts) {
      const std::string path = sources.name(file).str();
      if (edited_->set(path, text)) return false;  // the file has gone: nothing to repair
      texts_[path] = std::move(text);
    }
    return true;
  }

  void describe(const Diagnostic& diagnostic, const SourceManager& sources) {
    const LineColumn place = sources.begin_of(diagnostic.span);
    lines_.push_back((sources.name(diagnostic.span.file) + ":" + llvm::Twine(place.line) + ":" +
                      llvm::Twine(place.column) + ": fixed: " + diagnostic.fixes.front().description + " [" +
                      diagnostics::info(diagnostic.kind).code + "]")
                         .str());
  }

  ExitStatus finish(const CheckResult& result, const SourceManager& sources) {
    diagnostics::DiagnosticEngine engine(sources);
    std::vector<Output> outputs;
    for (auto& [path, text] : texts_)
      outputs.push_back({path, std::move(text)});
    llvm::Expected<WriteSummary> written = write_outputs(outputs);
    if (!written) {
      engine.report(diagnostics::Kind::kUnwritableFile, {}, llvm::toString(written.takeError()));
      render(engine.finish(), sources, options_, environment_);
      return ExitStatus::kEnvironment;
    }
    for (const std::string& line : lines_)
      environment_.out << line << '\n';
    render(result.report, sources, options_, environment_);
    if (result.environment_failed) return ExitStatus::kEnvironment;
    return result.report.error_count == 0 ? ExitStatus::kClean : ExitStatus::kErrors;
  }

  const Options& options_;
  llvm::IntrusiveRefCntPtr<EditedFiles> edited_;
  const Environment environment_;
  std::map<std::string, std::string> texts_;  // of the changed files, by the name that the user gave
  std::vector<std::string> lines_;            // what was done
};

}  // namespace

ExitStatus fix(const Options& options, const Environment& environment) {
  return Fixer(options, environment).run();
}

}  // namespace zc::driver
