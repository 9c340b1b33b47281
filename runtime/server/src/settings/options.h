// Settings from a configuration file, the environment and the command line.
#pragma once

#include <zerver/server/settings.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// The value of an environment variable, if it is set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

struct Options {
  enum class Action : unsigned char {
    kServe,
    kHelp,
    kVersion,
    kDoctor,
    kDoctorJson,
    kSagas,
    kSagasJson,
    kTargets,
    kTargetsJson,
    kResolveSaga,
    kJobs,
    kJobsJson,
    kJobRequeue,
    kJobDrop,
    kJournals,
    kJournalsJson,
    kJournalDrop,
    kCrons,
    kCronsJson
  };
  Action action = Action::kServe;
  std::string subject;  // of the action: the id of a job; of kResolveSaga `ID`, or `ID:RUN:happened`
  Settings settings;
  std::string error;  // when it is not empty, nothing else counts
};

// The command line goes before the environment (`ZER_...`), and that before the file that `--config` or
// ZER_CONFIG names.
Options read_options(std::span<const std::string_view> arguments, const Variables& variables,
                     const Settings& defaults);

// One line for each variable that looks like a setting and is none: `ZER_...`.
std::vector<std::string> unknown_variables(std::span<const std::string_view> names);

// What `--help` prints for a program of that name.
std::string help_text(std::string_view program);

}  // namespace zerver::server
