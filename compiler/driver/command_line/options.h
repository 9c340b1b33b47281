// What the user asked for: the command line as a value.

#pragma once

#include "compiler/diagnostics/engine.h"
#include "compiler/diagnostics/render.h"
#include "compiler/emit/emit.h"
#include "compiler/lock/rules.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::driver {

// What the invocation is for. Help, version and explanation need no input.
enum class Action : std::uint8_t { kCompile, kHelp, kVersion, kExplain };

// What `--dump` prints instead of generating.
enum class Dump : std::uint8_t { kNone, kTokens, kAst, kModel, kCfg, kPlan, kSlots, kTiming, kErrors };

enum class Color : std::uint8_t { kAuto, kAlways, kNever };

inline constexpr llvm::StringLiteral kStandardInput = "-";

struct Options {
  Action action = Action::kCompile;
  std::vector<std::string> inputs;       // as written; "-" is standard input
  std::vector<std::string> import_dirs;  // as written, in order
  std::string out_dir = ".";
  emit::Products products;
  bool check_only = false;
  bool fix = false;  // repair the inputs instead of generating
  Dump dump = Dump::kNone;
  std::string depfile;        // empty: none
  std::string templates_dir;  // empty: the built-in ones
  std::string lock;           // empty: none
  lock::Class lock_accept = lock::Class::kSafe;
  std::string std_dir;    // empty: beside the program
  std::string sql_check;  // URL of a server of PostgreSQL; empty: none
  diagnostics::Format format = diagnostics::Format::kText;
  diagnostics::WarningOptions warnings;
  Color color = Color::kAuto;
  bool time_phases = false;
  unsigned jobs = 0;    // 0: as many as the machine has processors
  std::string explain;  // a code, or "all"
};

// `arguments` are those behind the program's name. What is wrong with them is reported to `diagnostics`
// (family `driver`); the options are of no use then, but for those that say how to report.
[[nodiscard]] Options parse_options(llvm::ArrayRef<llvm::StringRef> arguments,
                                    diagnostics::DiagnosticEngine& diagnostics);

}  // namespace zc::driver
