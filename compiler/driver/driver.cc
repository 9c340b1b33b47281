// Runs the phases: load and parse, check, emit, write.

#include "compiler/driver/driver.h"

#include "compiler/base/source_manager.h"
#include "compiler/driver/command_line/explain.h"
#include "compiler/driver/command_line/option_table.h"
#include "compiler/driver/compilation.h"
#include "compiler/driver/fix/fix.h"

#include <string>

namespace zc::driver {
namespace {

void explain(llvm::StringRef code, llvm::raw_ostream& out) {
  if (const auto kind = diagnostics::kind_of_code(code)) {
    print_explanation(*kind, out);
  } else {
    print_all_explanations(out);
  }
}

}  // namespace

ExitStatus run(llvm::ArrayRef<llvm::StringRef> arguments, const Environment& environment) {
  const SourceManager no_sources(environment.file_system);
  diagnostics::DiagnosticEngine usage(no_sources);
  const Options options = parse_options(arguments, usage);
  if (usage.has_errors()) {
    render(usage.finish(), no_sources, options, environment);
    return ExitStatus::kEnvironment;
  }
  switch (options.action) {
    case Action::kHelp:
      print_help(environment.out);
      break;
    case Action::kVersion:
      environment.out << "zerver-compile " << ZERVER_VERSION << '\n';
      break;
    case Action::kExplain:
      explain(options.explain, environment.out);
      break;
    case Action::kCompile:
      return options.fix ? fix(options, environment) : compile(options, environment);
  }
  return ExitStatus::kClean;
}

}  // namespace zc::driver
