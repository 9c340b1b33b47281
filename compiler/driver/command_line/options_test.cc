// Every form of every option, and what is said about a wrong one.

#include "compiler/driver/command_line/options.h"

#include "compiler/base/source_manager.h"
#include "compiler/driver/command_line/option_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/Support/raw_ostream.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace zc::driver {
namespace {

using diagnostics::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  Options options;
  std::vector<diagnostics::Diagnostic> problems;
};

Parsed parse(std::initializer_list<llvm::StringRef> arguments) {
  const SourceManager sources;
  diagnostics::DiagnosticEngine engine(sources);
  Parsed parsed;
  parsed.options = parse_options(llvm::SmallVector<llvm::StringRef>(arguments), engine);
  parsed.problems = engine.finish().diagnostics;
  return parsed;
}

Options good(std::initializer_list<llvm::StringRef> arguments) {
  Parsed parsed = parse(arguments);
  for (const diagnostics::Diagnostic& problem : parsed.problems)
    ADD_FAILURE() << problem.message;
  return parsed.options;
}

// The one problem of a wrong command line: its kind, "message; help; ...".
std::pair<Kind, std::string> bad(std::initializer_list<llvm::StringRef> arguments) {
  const Parsed parsed = parse(arguments);
  EXPECT_EQ(parsed.problems.size(), 1U);
  if (parsed.problems.empty()) return {};
  std::string text = parsed.problems.front().message;
  for (const std::string& help : parsed.problems.front().helps)
    text += "; " + help;
  return {parsed.problems.front().kind, text};
}

TEST(Options, HaveDefaults) {
  const Options options = good({"a.flow"});
  EXPECT_EQ(options.action, Action::kCompile);
  EXPECT_THAT(options.inputs, ElementsAre("a.flow"));
  EXPECT_EQ(options.out_dir, ".");
  EXPECT_TRUE(options.products.cpp);
  EXPECT_FALSE(options.products.main);
  EXPECT_EQ(options.format, diagnostics::Format::kText);
  EXPECT_EQ(options.jobs, 0U);
}

TEST(Options, TakeAValueInEveryForm) {
  EXPECT_EQ(good({"--out-dir=x", "a.flow"}).out_dir, "x");
  EXPECT_EQ(good({"--out-dir", "x", "a.flow"}).out_dir, "x");
  EXPECT_EQ(good({"-o", "x", "a.flow"}).out_dir, "x");
  EXPECT_EQ(good({"-ox", "a.flow"}).out_dir, "x");
  EXPECT_EQ(good({"-o=x", "a.flow"}).out_dir, "x");
  EXPECT_EQ(good({"a.flow", "--depfile=a=b.d"}).depfile, "a=b.d");
}

TEST(Options, CollectImportFoldersInOrder) {
  EXPECT_THAT(good({"-I", "one", "-Itwo", "a.flow"}).import_dirs, ElementsAre("one", "two"));
}

TEST(Options, TheLastOfSeveralCounts) {
  EXPECT_EQ(good({"-o", "one", "a.flow", "-o", "two"}).out_dir, "two");
}

TEST(Options, NameAFileOnce) {
  EXPECT_THAT(good({"a.flow", "b.flow", "a.flow"}).inputs, ElementsAre("a.flow", "b.flow"));
}

TEST(Options, StandardInputAndWhatFollowsADoubleDashAreFiles) {
  EXPECT_THAT(good({"-", "--check", "--", "--help", "-x"}).inputs, ElementsAre("-", "--help", "-x"));
}

TEST(Options, EmitIsAListThatAddsUp) {
  const Options options = good({"--emit=dot,json", "--emit", "main", "a.flow"});
  EXPECT_FALSE(options.products.cpp);
  EXPECT_TRUE(options.products.main);
  EXPECT_TRUE(options.products.dot);
  EXPECT_TRUE(options.products.json);
}

TEST(Options, ChooseWordByWord) {
  EXPECT_EQ(good({"--dump=tokens", "a.flow"}).dump, Dump::kTokens);
  EXPECT_EQ(good({"--dump=ast", "a.flow"}).dump, Dump::kAst);
  EXPECT_EQ(good({"--dump=model", "a.flow"}).dump, Dump::kModel);
  EXPECT_EQ(good({"--dump=cfg", "a.flow"}).dump, Dump::kCfg);
  EXPECT_EQ(good({"--dump=plan", "a.flow"}).dump, Dump::kPlan);
  EXPECT_EQ(good({"--dump=timing", "a.flow"}).dump, Dump::kTiming);
  EXPECT_EQ(good({"--dump=errors", "a.flow"}).dump, Dump::kErrors);
  EXPECT_EQ(good({"--diagnostics=json", "a.flow"}).format, diagnostics::Format::kJson);
  EXPECT_EQ(good({"--diagnostics=sarif", "a.flow"}).format, diagnostics::Format::kSarif);
  EXPECT_EQ(good({"--color=always", "a.flow"}).color, Color::kAlways);
  EXPECT_EQ(good({"--color=never", "a.flow"}).color, Color::kNever);
}

TEST(Options, SetTheRest) {
  const Options options =
      good({"--check", "--time-phases", "-j", "3", "--templates=t", "--std-dir=s", "a.flow"});
  EXPECT_TRUE(options.check_only);
  EXPECT_TRUE(options.time_phases);
  EXPECT_EQ(options.jobs, 3U);
  EXPECT_EQ(options.templates_dir, "t");
  EXPECT_EQ(options.std_dir, "s");
  EXPECT_EQ(good({"-j8", "a.flow"}).jobs, 8U);
  EXPECT_EQ(good({"--jobs=2", "a.flow"}).jobs, 2U);
}

TEST(Options, AdaptersBelongToAMain) {
  EXPECT_EQ(good({"a.flow", "--emit=cpp,main", "--adapters", "shop/bank.h"}).products.adapters,
            "shop/bank.h");
  EXPECT_EQ(bad({"a.flow", "--adapters=bank.h"}).second,
            "`--adapters` does not take `bank.h`; it belongs to `--emit main`, which is not given");
  EXPECT_THAT(bad({"a.flow", "--emit=main", "--adapters=a\"b.h"}).second,
              HasSubstr("it takes what stands between the quotes of an `#include`"));
}

TEST(Options, SomeNeedNoFile) {
  EXPECT_EQ(good({"--help"}).action, Action::kHelp);
  EXPECT_EQ(good({"-h"}).action, Action::kHelp);
  EXPECT_EQ(good({"--version"}).action, Action::kVersion);
  const Options options = good({"--explain", "unexpected-token"});
  EXPECT_EQ(options.action, Action::kExplain);
  EXPECT_EQ(options.explain, "unexpected-token");
  EXPECT_EQ(good({"--explain=all"}).explain, "all");
}

TEST(Options, WarningsBecomeErrorsAllByCodeOrByFamily) {
  EXPECT_TRUE(good({"-Werror", "a.flow"}).warnings.all_are_errors);
  EXPECT_THAT(good({"-Werror=unused-suppression", "a.flow"}).warnings.errors,
              ElementsAre(Kind::kUnusedSuppression));
  const auto family = good({"-Werror=syntax", "a.flow"}).warnings.errors;
  EXPECT_TRUE(family.contains(Kind::kUnusedSuppression));
  EXPECT_TRUE(family.contains(Kind::kMalformedSuppression));
  EXPECT_FALSE(family.contains(Kind::kUnknownOption));
}

TEST(Options, WarningsAreTurnedOff) {
  EXPECT_THAT(good({"-Wno-unused-suppression", "a.flow"}).warnings.ignored,
              ElementsAre(Kind::kUnusedSuppression));
}

TEST(Options, AnErrorCannotBeTurnedOff) {
  EXPECT_EQ(
      bad({"-Wno-unexpected-token", "a.flow"}),
      std::pair(Kind::kInvalidOptionValue,
                std::string("`-Wno-` does not take `unexpected-token`; `unexpected-token` is an error; only "
                            "warnings can be turned off")));
}

TEST(Options, AnUnknownOneIsCorrected) {
  EXPECT_EQ(
      bad({"--chek", "a.flow"}),
      std::pair(Kind::kUnknownOption, std::string("there is no option `--chek`; did you mean `--check`?")));
  EXPECT_EQ(bad({"--outdir=x", "a.flow"}),
            std::pair(Kind::kUnknownOption,
                      std::string("there is no option `--outdir`; did you mean `--out-dir`?")));
  EXPECT_EQ(bad({"-q", "a.flow"}),
            std::pair(Kind::kUnknownOption, std::string("there is no option `-q`; "
                                                        "`zerver-compile --help` lists the options")));
}

TEST(Options, AnUnknownCodeIsCorrected) {
  EXPECT_EQ(
      bad({"-Werror=unused-supression", "a.flow"}),
      std::pair(
          Kind::kUnknownCode,
          std::string("no diagnostic is called `unused-supression`; did you mean `unused-suppression`?")));
  EXPECT_EQ(bad({"--explain=qqqqqq"}),
            std::pair(Kind::kUnknownCode,
                      std::string("no diagnostic is called `qqqqqq`; `--explain all` lists the codes")));
}

TEST(Options, AWrongValueShowsTheRightOnes) {
  EXPECT_EQ(bad({"--emit=cpp,htm", "a.flow"}).second,
            "`--emit` does not take `htm`; it takes cpp, main, dot, json, svg, dataflow, alerts or "
            "proto");
  EXPECT_EQ(
      bad({"--dump=token", "a.flow"}).second,
      "`--dump` does not take `token`; it takes tokens, ast, model, cfg, plan, slots, timing or errors; did "
      "you mean `tokens`?");
  EXPECT_EQ(bad({"-j", "0", "a.flow"}).second, "`--jobs` does not take `0`; it takes a number from 1 to 256");
  EXPECT_EQ(bad({"-jx", "a.flow"}).second, "`--jobs` does not take `x`; it takes a number from 1 to 256");
  EXPECT_EQ(bad({"-j257", "a.flow"}).second, "`--jobs` does not take `257`; it takes a number from 1 to 256");
  EXPECT_EQ(bad({"--check=yes", "a.flow"}).second, "`--check` does not take `yes`; `--check` takes no value");
}

TEST(Options, AMissingValueIsNamed) {
  EXPECT_EQ(bad({"a.flow", "-o"}),
            std::pair(Kind::kMissingOptionValue, std::string("`--out-dir` needs a value: DIR")));
  EXPECT_EQ(bad({"a.flow", "-I"}).second, "`-I` needs a value: DIR");
  EXPECT_EQ(bad({"a.flow", "--emit="}).second, "`--emit` needs a value: LIST");
}

TEST(Options, EveryMistakeIsReportedAtOnce) {
  EXPECT_EQ(parse({"--a-b", "--dump=x", "-Werror=y"}).problems.size(), 3U);
}

TEST(Options, AFileIsNeeded) {
  EXPECT_EQ(bad({"--check"}),
            std::pair(Kind::kMissingInput,
                      std::string("no .flow file is given; `zerver-compile --help` lists the options")));
}

TEST(Help, ListsEveryOption) {
  std::string text;
  llvm::raw_string_ostream out(text);
  print_help(out);
  for (const OptionInfo& option : option_table()) {
    const llvm::StringRef name = option.long_name.empty() ? option.short_name : option.long_name;
    EXPECT_THAT(text, HasSubstr(name.str()));
  }
  for (const llvm::StringRef word : emit_words())
    EXPECT_THAT(text, HasSubstr(word.str()));
  for (const llvm::StringRef word : dump_words())
    EXPECT_THAT(text, HasSubstr(word.str()));
}

}  // namespace
}  // namespace zc::driver
