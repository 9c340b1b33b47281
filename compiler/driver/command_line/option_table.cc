// The table of options, and the help that is made of it.

#include "compiler/driver/command_line/option_table.h"

#include <algorithm>
#include <array>
#include <string>

namespace zc::driver {
namespace {

constexpr llvm::StringLiteral kOutput = "What comes out";
constexpr llvm::StringLiteral kInput = "Where to look";
constexpr llvm::StringLiteral kReports = "What is reported";
constexpr llvm::StringLiteral kProgram = "The program";

constexpr std::array kOptions = {
    OptionInfo{OptionId::kOutDir, kOutput, "-o", "--out-dir", "DIR",
               "the folder for generated files (default: the current one)"},
    OptionInfo{OptionId::kEmit, kOutput, "", "--emit", "LIST",
               "what to generate, separated by commas: cpp, main, dot, json,\nsvg, dataflow, alerts, proto "
               "(default: cpp)"},
    OptionInfo{OptionId::kAdapters, kOutput, "", "--adapters", "HEADER",
               "the header that `main` includes for adapters of your own: it\ndeclares `void "
               "register_adapters(zerver::effects::Registry&)`"},
    OptionInfo{OptionId::kCheck, kOutput, "", "--check", "",
               "report what is wrong and write no file, whatever else is asked for"},
    OptionInfo{OptionId::kFix, kOutput, "", "--fix", "",
               "apply the fixes that diagnostics propose to the files named\nhere, and write nothing else"},
    OptionInfo{OptionId::kDump, kOutput, "", "--dump", "KIND",
               "write no file, print what a phase made of the input:\ntokens, ast, model, cfg, plan, slots, "
               "timing or errors"},
    OptionInfo{
        OptionId::kDepfile, kOutput, "", "--depfile", "FILE",
        "write a Make rule that names every file read; its target is\nFILE without `.d`, else the outputs"},
    OptionInfo{OptionId::kTemplates, kOutput, "", "--templates", "DIR",
               "use the templates in DIR in place of the built-in ones"},
    OptionInfo{OptionId::kLock, kOutput, "", "--lock", "FILE",
               "compare with FILE, which holds what was promised to clients, jobs\nand traces, and update "
               "it; without "
               "--emit generate nothing else"},
    OptionInfo{
        OptionId::kLockAccept, kOutput, "", "--lock-accept", "CLASS",
        "update it although there are changes that need care: migrate, or\nbreaking, which includes migrate"},
    OptionInfo{OptionId::kImport, kInput, "-I", "", "DIR",
               "look for `import a.b;` in DIR/a/b.flow; may be given several\ntimes, the first hit counts"},
    OptionInfo{OptionId::kStdDir, kInput, "", "--std-dir", "DIR",
               "the folder of the standard library (default: beside the\nprogram, ../share/zerver/std)"},
    OptionInfo{OptionId::kSqlCheck, kInput, "", "--sql-check", "URL",
               "check SQL on a server of PostgreSQL, `postgres://...`; nothing\nis changed on it"},
    OptionInfo{OptionId::kDiagnostics, kReports, "", "--diagnostics", "FORMAT",
               "text, json (an object a line) or sarif; to standard error\n(default: text)"},
    OptionInfo{OptionId::kColor, kReports, "", "--color", "WHEN",
               "auto, always or never; auto: on a terminal, unless NO_COLOR\nis set (default: auto)"},
    OptionInfo{OptionId::kWerror, kReports, "-Werror", "", "[=CODE]",
               "make warnings errors: all, those with CODE, or those of the\nfamily CODE"},
    OptionInfo{OptionId::kWno, kReports, "-Wno-", "", "CODE", "do not report warnings with CODE"},
    OptionInfo{OptionId::kExplain, kReports, "", "--explain", "CODE",
               "print what a diagnostic means and how to fix it; `all`: every one"},
    OptionInfo{OptionId::kJobs, kProgram, "-j", "--jobs", "N", "use N threads (default: one a processor)"},
    OptionInfo{OptionId::kTimePhases, kProgram, "", "--time-phases", "",
               "print how long each phase took and the memory used"},
    OptionInfo{OptionId::kVersion, kProgram, "", "--version", "", "print the version"},
    OptionInfo{OptionId::kHelp, kProgram, "-h", "--help", "", "print this text"},
};

constexpr std::array<llvm::StringRef, 8> kEmitWords = {"cpp", "main",     "dot",    "json",
                                                       "svg", "dataflow", "alerts", "proto"};
constexpr std::array<llvm::StringRef, 8> kDumpWords = {"tokens", "ast",   "model",  "cfg",
                                                       "plan",   "slots", "timing", "errors"};
constexpr std::array<llvm::StringRef, 2> kAcceptWords = {"migrate", "breaking"};
constexpr std::array<llvm::StringRef, 3> kFormatWords = {"text", "json", "sarif"};
constexpr std::array<llvm::StringRef, 3> kColorWords = {"auto", "always", "never"};

// "-o, --out-dir DIR", with the long names below each other.
std::string spelling(const OptionInfo& option) {
  std::string text(option.short_name);
  if (option.long_name.empty()) {
    if (option.id == OptionId::kImport) text += ' ';
    return text + option.value.str();
  }
  text += option.short_name.empty() ? "    " : ", ";
  text += option.long_name;
  if (!option.value.empty()) (text += ' ') += option.value;
  return text;
}

}  // namespace

llvm::ArrayRef<OptionInfo> option_table() { return kOptions; }
llvm::ArrayRef<llvm::StringRef> emit_words() { return kEmitWords; }
llvm::ArrayRef<llvm::StringRef> dump_words() { return kDumpWords; }
llvm::ArrayRef<llvm::StringRef> accept_words() { return kAcceptWords; }
llvm::ArrayRef<llvm::StringRef> format_words() { return kFormatWords; }
llvm::ArrayRef<llvm::StringRef> color_words() { return kColorWords; }

void print_help(llvm::raw_ostream& out) {
  out << "usage: zerver-compile [options] FILE.flow...\n\n"
         "Checks .flow files and generates C++ from them. `-` is standard input.\n";
  std::size_t width = 0;
  for (const OptionInfo& option : kOptions)
    width = std::max(width, spelling(option).size());
  llvm::StringRef group;
  for (const OptionInfo& option : kOptions) {
    if (option.group != group) {
      group = option.group;
      out << '\n' << group << ":\n";
    }
    std::string left = spelling(option);
    llvm::StringRef rest = option.help;
    while (!rest.empty()) {
      const auto [line, next] = rest.split('\n');
      left.resize(width, ' ');
      out << "  " << left << "  " << line << '\n';
      left.clear();
      rest = next;
    }
  }
  out << "\nA value follows its option behind `=` or as the next argument. `--` ends the options.\n"
         "Exit status: 0 clean, 1 errors in the input, 2 wrong usage or environment.\n";
}

}  // namespace zc::driver
