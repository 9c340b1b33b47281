// The options that there are, in the order in which --help shows them.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdint>

namespace zc::driver {

enum class OptionId : std::uint8_t {
  kOutDir,
  kEmit,
  kAdapters,
  kCheck,
  kFix,
  kDump,
  kDepfile,
  kTemplates,
  kLock,
  kLockAccept,
  kImport,
  kStdDir,
  kSqlCheck,
  kDiagnostics,
  kColor,
  kWerror,
  kWno,
  kExplain,
  kJobs,
  kTimePhases,
  kVersion,
  kHelp,
};

struct OptionInfo {
  OptionId id;
  llvm::StringLiteral group;       // heading in the help
  llvm::StringLiteral short_name;  // "-o", or empty
  llvm::StringLiteral long_name;   // "--out-dir", or empty
  llvm::StringLiteral value;       // "DIR"; empty: takes none
  llvm::StringLiteral help;        // may hold line breaks
};

[[nodiscard]] llvm::ArrayRef<OptionInfo> option_table();

// The words that a list of choices takes, as diagnostics and the help show them.
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> emit_words();
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> dump_words();
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> accept_words();
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> format_words();
[[nodiscard]] llvm::ArrayRef<llvm::StringRef> color_words();

// What --help prints: every option with its values and its meaning.
void print_help(llvm::raw_ostream& out);

}  // namespace zc::driver
