// Parses the command line against the table of options.

#include "compiler/driver/command_line/options.h"

#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/driver/command_line/option_table.h"
#include "compiler/sql/server.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <cstddef>
#include <optional>

namespace zc::driver {
namespace {

using diagnostics::Diagnostic;
using diagnostics::DiagnosticEngine;
using diagnostics::Kind;
using Words = llvm::ArrayRef<llvm::StringRef>;

constexpr unsigned kMaxJobs = 256;

std::vector<llvm::StringRef> all_codes() {
  std::vector<llvm::StringRef> codes;
  for (std::size_t i = 0; i != diagnostics::kind_count(); ++i) {
    codes.push_back(diagnostics::info(static_cast<Kind>(i)).code);
  }
  return codes;
}

class Parser {
 public:
  Parser(llvm::ArrayRef<llvm::StringRef> arguments, DiagnosticEngine& engine)
      : arguments_(arguments), engine_(engine) {}

  Options parse() {
    bool options_ended = false;
    while (next_ != arguments_.size()) {
      const llvm::StringRef argument = arguments_[next_++];
      if (options_ended || argument == kStandardInput || !argument.starts_with("-")) {
        add_input(argument);
      } else if (argument == "--") {
        options_ended = true;
      } else if (!parse_warning(argument)) {
        parse_option(argument);
      }
    }
    if (!emit_given_) options_.products.cpp = options_.lock.empty();
    check_lock_options();
    check_adapters();
    if (options_.fix) check_fix();
    if (options_.action == Action::kCompile && options_.inputs.empty() && !engine_.has_errors()) {
      engine_.report(Kind::kMissingInput, {}).help("`zerver-compile --help` lists the options");
    }
    return std::move(options_);
  }

 private:
  void check_lock_options() {
    if (options_.lock_accept == lock::Class::kSafe) return;
    const llvm::StringRef word = lock::class_name(options_.lock_accept);
    if (options_.lock.empty()) {
      engine_.report(Kind::kInvalidOptionValue, {}, "--lock-accept", word)
          .help("it belongs to `--lock FILE`, which is not given");
    } else if (options_.check_only) {
      engine_.report(Kind::kInvalidOptionValue, {}, "--lock-accept", word)
          .help("`--check` writes no file: accept a change without it");
    }
  }

  void check_adapters() {
    if (options_.products.adapters.empty() || options_.products.main) return;
    engine_.report(Kind::kInvalidOptionValue, {}, "--adapters", options_.products.adapters)
        .help("it belongs to `--emit main`, which is not given");
  }

  // A file that is named twice is compiled once.
  void add_input(llvm::StringRef path) {
    if (!llvm::is_contained(options_.inputs, path)) options_.inputs.push_back(path.str());
  }

  // Repairing goes with nothing that prints or generates, and needs files that can be changed.
  void check_fix() {
    if (options_.dump != Dump::kNone) {
      engine_.report(Kind::kInvalidOptionValue, {}, "--fix", "--dump")
          .help("repair first, then look at what a phase makes of it");
    }
    if (llvm::is_contained(options_.inputs, kStandardInput)) {
      engine_.report(Kind::kInvalidOptionValue, {}, "--fix", kStandardInput)
          .help("only a file can be repaired; name it");
    }
  }

  // -Werror, -Werror=CODE and -Wno-CODE; false when it is none of them.
  bool parse_warning(llvm::StringRef argument) {
    llvm::StringRef code = argument;
    if (argument == "-Werror") {
      options_.warnings.all_are_errors = true;
    } else if (code.consume_front("-Werror=")) {
      set_errors(code);
    } else if (code.consume_front("-Wno-")) {
      if (const std::optional<Kind> kind = warning_of_code(code, argument))
        options_.warnings.ignored.insert(*kind);
    } else {
      return false;
    }
    return true;
  }

  void set_errors(llvm::StringRef code) {
    bool is_family = false;
    for (std::size_t i = 0; i != diagnostics::kind_count(); ++i) {
      const auto kind = static_cast<Kind>(i);
      if (diagnostics::family_name(diagnostics::info(kind).family) != code) continue;
      is_family = true;
      options_.warnings.errors.insert(kind);
    }
    if (is_family) return;
    if (const std::optional<Kind> kind = kind_of_code(code)) options_.warnings.errors.insert(*kind);
  }

  std::optional<Kind> kind_of_code(llvm::StringRef code) {
    std::optional<Kind> kind = diagnostics::kind_of_code(code);
    if (kind) return kind;
    Diagnostic& diagnostic = engine_.report(Kind::kUnknownCode, {}, code);
    if (const auto meant = diagnostics::did_you_mean(code, all_codes())) {
      diagnostic.help("did you mean `" + *meant + "`?");
    } else {
      diagnostic.help("`--explain all` lists the codes");
    }
    return std::nullopt;
  }

  std::optional<Kind> warning_of_code(llvm::StringRef code, llvm::StringRef argument) {
    const std::optional<Kind> kind = kind_of_code(code);
    if (!kind || diagnostics::info(*kind).severity == diagnostics::Severity::kWarning) return kind;
    engine_.report(Kind::kInvalidOptionValue, {}, argument.drop_back(code.size()), code)
        .help("`" + code + "` is an error; only warnings can be turned off");
    return std::nullopt;
  }

  // The option that `argument` begins with: "--emit=cpp", "--emit", "-Idir". `value` is what is attached to
  // it.
  const OptionInfo* find(llvm::StringRef argument, std::optional<llvm::StringRef>& value) {
    if (argument.starts_with("--")) {
      const std::size_t equals = argument.find('=');
      if (equals != llvm::StringRef::npos) value = argument.substr(equals + 1);
      const llvm::StringRef name = argument.substr(0, equals);
      return llvm::find_if(option_table(),
                           [&](const OptionInfo& option) { return option.long_name == name; });
    }
    return llvm::find_if(option_table(), [&](const OptionInfo& option) {
      if (option.short_name.size() != 2 || !argument.starts_with(option.short_name)) return false;
      if (argument.size() == 2) return true;
      if (option.value.empty()) return false;
      value = argument.drop_front(2);
      value->consume_front("=");
      return true;
    });
  }

  void parse_option(llvm::StringRef argument) {
    std::optional<llvm::StringRef> value;
    const OptionInfo* option = find(argument, value);
    if (option == option_table().end()) return report_unknown(argument);
    const llvm::StringRef name = option->long_name.empty() ? option->short_name : option->long_name;
    if (option->value.empty()) {
      if (value) {
        engine_.report(Kind::kInvalidOptionValue, {}, name, *value).help("`" + name + "` takes no value");
        return;
      }
    } else if (!value) {
      if (next_ == arguments_.size()) {
        engine_.report(Kind::kMissingOptionValue, {}, name, option->value);
        return;
      }
      value = arguments_[next_++];
    }
    if (value && value->empty()) {
      engine_.report(Kind::kMissingOptionValue, {}, name, option->value);
      return;
    }
    apply(*option, name, value.value_or(llvm::StringRef()));
  }

  void report_unknown(llvm::StringRef argument) {
    const llvm::StringRef name = argument.substr(0, argument.find('='));
    llvm::SmallVector<llvm::StringRef> candidates;
    for (const OptionInfo& option : option_table()) {
      if (!option.long_name.empty()) candidates.push_back(option.long_name);
      if (option.short_name.size() > 2) candidates.push_back(option.short_name);
    }
    Diagnostic& diagnostic = engine_.report(Kind::kUnknownOption, {}, name);
    if (const auto meant = diagnostics::did_you_mean(name, candidates)) {
      diagnostic.help("did you mean `" + *meant + "`?");
    } else {
      diagnostic.help("`zerver-compile --help` lists the options");
    }
  }

  void apply(const OptionInfo& option, llvm::StringRef name, llvm::StringRef value) {
    switch (option.id) {
      case OptionId::kOutDir:
        options_.out_dir = value.str();
        break;
      case OptionId::kEmit:
        parse_emit(name, value);
        break;
      case OptionId::kAdapters:
        set_adapters(name, value);
        break;
      case OptionId::kCheck:
        options_.check_only = true;
        break;
      case OptionId::kFix:
        options_.fix = true;
        break;
      case OptionId::kDump:
        if (const auto index = choose(name, value, dump_words()))
          options_.dump = static_cast<Dump>(*index + 1);
        break;
      case OptionId::kDepfile:
        options_.depfile = value.str();
        break;
      case OptionId::kTemplates:
        options_.templates_dir = value.str();
        break;
      case OptionId::kLock:
        options_.lock = value.str();
        break;
      case OptionId::kLockAccept:
        if (const auto index = choose(name, value, accept_words()))
          options_.lock_accept = *index == 0 ? lock::Class::kMigrate : lock::Class::kBreaking;
        break;
      case OptionId::kImport:
        options_.import_dirs.push_back(value.str());
        break;
      case OptionId::kSqlCheck:
        set_sql_check(name, value);
        break;
      case OptionId::kStdDir:
        options_.std_dir = value.str();
        break;
      case OptionId::kDiagnostics:
        if (const auto index = choose(name, value, format_words())) {
          options_.format = static_cast<diagnostics::Format>(*index);
        }
        break;
      case OptionId::kColor:
        if (const auto index = choose(name, value, color_words()))
          options_.color = static_cast<Color>(*index);
        break;
      case OptionId::kExplain:
        options_.action = Action::kExplain;
        if (value == "all" || kind_of_code(value)) options_.explain = value.str();
        break;
      case OptionId::kJobs:
        if (value.getAsInteger(10, options_.jobs) || options_.jobs == 0 || options_.jobs > kMaxJobs) {
          engine_.report(Kind::kInvalidOptionValue, {}, name, value)
              .help("it takes a number from 1 to " + llvm::Twine(kMaxJobs));
        }
        break;
      case OptionId::kTimePhases:
        options_.time_phases = true;
        break;
      case OptionId::kVersion:
        options_.action = Action::kVersion;
        break;
      case OptionId::kHelp:
        options_.action = Action::kHelp;
        break;
      case OptionId::kWerror:
      case OptionId::kWno:
        break;  // no names of their own: parse_warning
    }
  }

  // The index of `value` in `words`.
  std::optional<std::size_t> choose(llvm::StringRef name, llvm::StringRef value, Words words) {
    const auto* const found = llvm::find(words, value);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    Diagnostic& diagnostic = engine_.report(Kind::kInvalidOptionValue, {}, name, value);
    diagnostic.help("it takes " + llvm::join(words.drop_back(), ", ") + " or " + words.back());
    if (const auto meant = diagnostics::did_you_mean(value, words))
      diagnostic.help("did you mean `" + *meant + "`?");
    return std::nullopt;
  }

  void set_sql_check(llvm::StringRef name, llvm::StringRef url) {
    options_.sql_check = url.str();
    if (url.starts_with("postgres://") || url.starts_with("postgresql://")) return;
    engine_.report(Kind::kInvalidOptionValue, {}, name, sql::without_password(url))
        .help("it takes `postgres://user:password@host:port/database`");
  }

  // It becomes the text of an `#include`.
  void set_adapters(llvm::StringRef name, llvm::StringRef header) {
    options_.products.adapters = header.str();
    if (header.find_first_of("\"\\\n\r") == llvm::StringRef::npos) return;
    engine_.report(Kind::kInvalidOptionValue, {}, name, header)
        .help("it takes what stands between the quotes of an `#include`");
  }

  // A list; given several times, all that is named counts.
  void parse_emit(llvm::StringRef name, llvm::StringRef value) {
    emit_given_ = true;
    llvm::SmallVector<llvm::StringRef> words;
    value.split(words, ',');
    for (const llvm::StringRef word : words) {
      const std::optional<std::size_t> index = choose(name, word, emit_words());
      if (!index) continue;
      bool* const products[] = {&options_.products.cpp,    &options_.products.main,
                                &options_.products.dot,    &options_.products.json,
                                &options_.products.svg,    &options_.products.dataflow,
                                &options_.products.alerts, &options_.products.proto};
      *products[*index] = true;
    }
  }

  llvm::ArrayRef<llvm::StringRef> arguments_;
  DiagnosticEngine& engine_;
  std::size_t next_ = 0;
  Options options_;
  bool emit_given_ = false;
};

}  // namespace

Options parse_options(llvm::ArrayRef<llvm::StringRef> arguments, DiagnosticEngine& diagnostics) {
  return Parser(arguments, diagnostics).parse();
}

}  // namespace zc::driver
