// Settings from a configuration file, the environment and the command line.
#include "settings/options.h"

#include "settings/config_file.h"
#include "settings/option_table.h"
#include "settings/suggestion.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace zerver::server {
namespace {

// `max-body` as `ZER_MAX_BODY`.
std::string variable_of(std::string_view name) {
  std::string variable = "ZER_";
  for (const char c : name)
    variable += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return variable;
}

// What was written, in a message that is one line whatever it is.
std::string in_backticks(std::string_view written) {
  std::string text(written);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; },
      '?');
  return "`" + text + "`";
}

// How an option is written in one of the three places.
using Spelled = std::string (*)(std::string_view name);

std::string as_key(std::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

std::string as_option(std::string_view name) { return "--" + std::string(name); }

// `; did you mean ...?`, or nothing.
std::string suggestion(std::string_view written, Spelled spelled) {
  std::vector<std::string> names;
  for (const Option& option : all_options())
    names.push_back(spelled(option.name));
  if (spelled != as_key) names.push_back(spelled("config"));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view nearest = nearest_name(written, views);
  return nearest.empty() ? std::string() : "; did you mean " + in_backticks(nearest) + "?";
}

// `source` is where the value was found, as the user would say it.
std::string apply(const Option& option, std::string_view source, std::string_view value, Settings& settings) {
  const std::string expected = option.apply(settings, value);
  if (expected.empty()) return {};
  return std::string(source) + ": " + in_backticks(value) + " is not " + expected;
}

std::string apply_file(const std::string& path, Settings& settings) {
  if (path.empty()) return "the name of the configuration file is empty (`--config`, `ZER_CONFIG`)";
  const ConfigFile file = read_config_file(path);
  if (!file.error.empty()) return path + ": " + file.error;
  for (const ConfigEntry& entry : file.entries) {
    if (entry.key == "$schema") continue;  // for editors
    std::string name = entry.key;
    std::replace(name.begin(), name.end(), '_', '-');
    const Option* option = entry.key.find('-') == std::string::npos ? find_option(name) : nullptr;
    if (option == nullptr) {
      return path + ": " + in_backticks(entry.key) + " is not a setting" + suggestion(entry.key, as_key);
    }
    if (std::string error = apply(*option, path + ": " + in_backticks(entry.key), entry.value, settings);
        !error.empty()) {
      return error;
    }
  }
  return {};
}

struct Given {
  const Option* option;
  std::string value;
};

// Options of the command line, in their order; the values of a repeated `--listen` are put together.
struct CommandLine {
  Options::Action action = Options::Action::kServe;
  std::string subject;
  std::vector<Given> given;
  std::optional<std::string> config;
  std::string error;
};

// What a program can be asked to do instead of serving; what it says depends on the settings.
struct ActionName {
  std::string_view argument;  // that ends with `=` has a subject behind it
  Options::Action action;
};
constexpr ActionName kActions[] = {
    {"--doctor", Options::Action::kDoctor},
    {"--doctor=json", Options::Action::kDoctorJson},
    {"--targets", Options::Action::kTargets},
    {"--targets=json", Options::Action::kTargetsJson},
    {"--sagas", Options::Action::kSagas},
    {"--sagas=json", Options::Action::kSagasJson},
    {"--sagas-resolve=", Options::Action::kResolveSaga},
    {"--jobs", Options::Action::kJobs},
    {"--jobs=json", Options::Action::kJobsJson},
    {"--job-requeue=", Options::Action::kJobRequeue},
    {"--job-drop=", Options::Action::kJobDrop},
    {"--journals", Options::Action::kJournals},
    {"--journals=json", Options::Action::kJournalsJson},
    {"--journal-drop=", Options::Action::kJournalDrop},
    {"--crons", Options::Action::kCrons},
    {"--crons=json", Options::Action::kCronsJson},
};

// False when it is none. A second one is an error: only one could be done.
bool read_action(std::string_view argument, CommandLine& line) {
  const auto* const found = std::ranges::find_if(kActions, [argument](const ActionName& each) {
    return each.argument.ends_with('=') ? argument.starts_with(each.argument) : argument == each.argument;
  });
  if (found == std::end(kActions)) return false;
  if (line.action != Options::Action::kServe)
    line.error = in_backticks(argument) + " cannot be asked for together with another command";
  line.action = found->action;
  if (found->argument.ends_with('=')) line.subject = argument.substr(found->argument.size());
  return true;
}

// What is wrong with an option that is nearly an action; empty when it is nothing of the kind.
std::string wrong_action(const std::string& name) {
  if (name == "--help" || name == "--version") return "option " + in_backticks(name) + " takes no value";
  for (const ActionName& each : kActions) {
    if (each.argument == name)
      return "option " + in_backticks(name) + " stands alone, or as " + in_backticks(name + "=json");
    if (each.argument == name + "=") return "option " + in_backticks(name) + " needs a value";
  }
  return {};
}

CommandLine read_command_line(std::span<const std::string_view> arguments) {
  CommandLine line;
  const auto fail = [&line](std::string error) {
    line.error = std::move(error);
    return line;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      line.action = Options::Action::kHelp;
      return line;
    }
    if (argument == "--version") {
      line.action = Options::Action::kVersion;
      return line;
    }
    if (read_action(argument, line)) {
      if (!line.error.empty()) return line;
      continue;
    }
    if (!argument.starts_with("--"))
      return fail("unexpected argument " + in_backticks(argument) + "; see --help");
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    const Option* option = find_option(name);
    if (option == nullptr && name != "config") {
      if (std::string error = wrong_action(as_option(name)); !error.empty()) return fail(std::move(error));
      const std::string nearest = suggestion(as_option(name), as_option);
      return fail("unknown option " + in_backticks(as_option(name)) +
                  (nearest.empty() ? "; see --help" : nearest));
    }
    if (equals == std::string_view::npos && i + 1 == arguments.size()) {
      return fail("option " + in_backticks(argument) + " needs a value");
    }
    const std::string_view value =
        equals == std::string_view::npos ? arguments[++i] : argument.substr(equals + 1);
    if (option == nullptr) {
      line.config = value;
      continue;
    }
    const auto same = std::find_if(line.given.begin(), line.given.end(),
                                   [option](const Given& given) { return given.option == option; });
    if (same == line.given.end()) {
      line.given.push_back({option, std::string(value)});
    } else if (option->name == "listen") {
      same->value += "," + std::string(value);
    } else {
      same->value = value;
    }
  }
  return line;
}

}  // namespace

std::vector<std::string> unknown_variables(std::span<const std::string_view> names) {
  std::vector<std::string> findings;
  for (const std::string_view name : names) {
    if (!name.starts_with("ZER_") || name == "ZER_CONFIG") continue;
    const std::span<const Option> options = all_options();
    const bool known = std::any_of(options.begin(), options.end(),
                                   [name](const Option& option) { return variable_of(option.name) == name; });
    if (!known) findings.push_back(in_backticks(name) + " is not a setting" + suggestion(name, variable_of));
  }
  return findings;
}

Options read_options(std::span<const std::string_view> arguments, const Variables& variables,
                     const Settings& defaults) {
  Options options;
  options.settings = defaults;
  CommandLine line = read_command_line(arguments);
  options.action = line.action;
  options.subject = std::move(line.subject);
  options.error = std::move(line.error);
  if (options.action == Options::Action::kHelp || options.action == Options::Action::kVersion) return options;
  if (!options.error.empty()) return options;

  if (!line.config) line.config = variables("ZER_CONFIG");
  if (line.config) options.error = apply_file(*line.config, options.settings);
  for (const Option& option : all_options()) {
    if (!options.error.empty()) return options;
    const std::string variable = variable_of(option.name);
    if (const std::optional<std::string> value = variables(variable)) {
      options.error = apply(option, variable, *value, options.settings);
    }
  }
  for (const Given& given : line.given) {
    if (!options.error.empty()) return options;
    options.error =
        apply(*given.option, "--" + std::string(given.option->name), given.value, options.settings);
  }
  return options;
}

std::string help_text(std::string_view program) {
  std::string text = "usage: " + std::string(program) + " [options]\n\noptions:\n";
  const auto add = [&text](const std::string& option, std::string_view help) {
    constexpr std::size_t kColumn = 32;
    std::string line = "  " + option;
    line.resize(std::max(kColumn, line.size() + 1), ' ');
    text += line.append(help) + "\n";
  };
  for (const Option& option : all_options())
    add("--" + std::string(option.name) + " " + std::string(option.value), option.help);
  add("--config FILE", "settings as a JSON object, such as {\"workers\": 4, \"max_body\": \"1MiB\"}");
  add("--doctor", "say what the machine has and what these settings make of it; --doctor=json as JSON");
  add("--targets",
      "list the systems that it talks to, and ask each whether it is there; --targets=json as JSON");
  add("--sagas", "list the sagas that have not ended; --sagas=json as JSON");
  add("--sagas-resolve=ID",
      "an operator is done with a saga; ID:RUN:happened, :not-happened or :undone for one run");
  add("--jobs", "list the jobs that run and those that are dead; --jobs=json as JSON");
  add("--job-requeue=ID", "let a dead job wait again");
  add("--job-drop=ID", "forget a dead job, and what it has done");
  add("--journals", "list what durable jobs have done that are not over; --journals=json as JSON");
  add("--journal-drop=ID", "forget what a job has done: its next attempt begins anew");
  add("--crons", "list the crons and when they run next; --crons=json as JSON");
  add("--help", "show this text");
  add("--version", "show the version");
  text +=
      "\nEach option can also be set by a variable, such as ZER_MAX_BODY for --max-body. The command line "
      "goes\n"
      "before variables, and variables before the file.\n";
  return text;
}

}  // namespace zerver::server
