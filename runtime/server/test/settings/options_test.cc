// Where settings come from, and what is said of those that are wrong.
#include "settings/options.h"

#include "settings/option_table.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace zerver::server {
namespace {

using Environment = std::map<std::string, std::string>;

Options read(const std::vector<std::string_view>& arguments, const Environment& environment = {}) {
  const auto variables = [&environment](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return read_options(arguments, variables, Settings{});
}

// A file of that text, in the test's folder for temporary ones.
class ConfigText {
 public:
  explicit ConfigText(const std::string& text)
      : path_(testing::TempDir() + "zerver_options_" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".json") {
    std::ofstream(path_) << text;
  }
  ~ConfigText() { std::remove(path_.c_str()); }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

TEST(Options, HaveDefaults) {
  const Options options = read({});
  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.action, Options::Action::kServe);
  EXPECT_EQ(options.settings.listen, (std::vector<std::string>{"127.0.0.1:8080"}));
  EXPECT_EQ(options.settings.workers, 1U);
  EXPECT_EQ(options.settings.http.body, 1048576U);
}

TEST(Options, AreReadFromTheCommandLine) {
  const Options options = read({"--listen",
                                "127.0.0.1:1",
                                "--listen=[::1]:2",
                                "--workers",
                                "3",
                                "--workers",
                                "4",
                                "--max-body=2MiB",
                                "--max-headers",
                                "32KiB",
                                "--max-header-count",
                                "50",
                                "--max-request-line=1KiB",
                                "--max-connections",
                                "7",
                                "--max-pipelined-output",
                                "1MiB",
                                "--max-request-memory",
                                "64KiB",
                                "--max-json-depth",
                                "8",
                                "--idle-timeout",
                                "1s",
                                "--header-timeout",
                                "2s",
                                "--body-timeout",
                                "3s",
                                "--write-timeout",
                                "4s",
                                "--drain-timeout",
                                "5s",
                                "--server-field",
                                "me"});
  EXPECT_EQ(options.error, "");
  const Settings& settings = options.settings;
  EXPECT_EQ(settings.listen, (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  EXPECT_EQ(settings.workers, 4U);
  EXPECT_EQ(settings.http.body, std::size_t{2} << 20);
  EXPECT_EQ(settings.http.header_bytes, 32768U);
  EXPECT_EQ(settings.http.header_count, 50U);
  EXPECT_EQ(settings.http.request_line, 1024U);
  EXPECT_EQ(settings.connections, 7U);
  EXPECT_EQ(settings.pipelined_output, std::size_t{1} << 20);
  EXPECT_EQ(settings.request_memory, 65536U);
  EXPECT_EQ(settings.json_depth, 8U);
  EXPECT_EQ(settings.timeouts.idle, Duration::from_seconds(1));
  EXPECT_EQ(settings.timeouts.head, Duration::from_seconds(2));
  EXPECT_EQ(settings.timeouts.body, Duration::from_seconds(3));
  EXPECT_EQ(settings.timeouts.write, Duration::from_seconds(4));
  EXPECT_EQ(settings.timeouts.drain, Duration::from_seconds(5));
  EXPECT_EQ(settings.server_field, "me");
}

TEST(Options, GoBeforeVariablesAndThoseBeforeTheFile) {
  const ConfigText config(
      R"({"workers": 2, "listen": ["127.0.0.1:1", "127.0.0.1:2"], "max_body": "1KiB", "idle_timeout": "1s"})");
  Options options = read({"--config", config.path()});
  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.settings.workers, 2U);
  EXPECT_EQ(options.settings.listen.size(), 2U);
  EXPECT_EQ(options.settings.http.body, 1024U);

  const Environment environment = {
      {"ZER_CONFIG", config.path()}, {"ZER_WORKERS", "3"}, {"ZER_MAX_BODY", "2KiB"}};
  options = read({}, environment);
  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.settings.workers, 3U);
  EXPECT_EQ(options.settings.http.body, 2048U);
  EXPECT_EQ(options.settings.timeouts.idle, Duration::from_seconds(1));

  options = read({"--workers", "4"}, environment);
  EXPECT_EQ(options.settings.workers, 4U);
  EXPECT_EQ(options.settings.http.body, 2048U);
}

TEST(Options, SayWhatIsWrongInOneLine) {
  struct Case {
    std::vector<std::string_view> arguments;
    Environment environment;
    std::string error;
  };
  const std::vector<Case> cases = {
      {{"--wrokers", "1"}, {}, "unknown option `--wrokers`; did you mean `--workers`?"},
      {{"--confg=1"}, {}, "unknown option `--confg`; did you mean `--config`?"},
      {{"--colour=1"}, {}, "unknown option `--colour`; see --help"},
      {{"--targets=xml"}, {}, "option `--targets` stands alone, or as `--targets=json`"},
      {{"--job-drop", "7"}, {}, "option `--job-drop` needs a value"},
      {{"serve"}, {}, "unexpected argument `serve`; see --help"},
      {{"--workers"}, {}, "option `--workers` needs a value"},
      {{"--workers", "0"}, {}, "--workers: `0` is not a number from 1 to 1024"},
      {{"--workers", "many"}, {}, "--workers: `many` is not a number from 1 to 1024"},
      {{"--listen", "nowhere"}, {}, "--listen: `nowhere` is not HOST:PORT, with a port from 0 to 65535"},
      {{"--listen", "a:99999"}, {}, "--listen: `a:99999` is not HOST:PORT, with a port from 0 to 65535"},
      {{"--max-body", "1MB"},
       {},
       "--max-body: `1MB` is not a size from 0 to 1073741824 bytes, such as 64KiB"},
      {{"--idle-timeout", "30"}, {}, "--idle-timeout: `30` is not a time such as 250ms, 30s or 5m"},
      {{"--server-field", "a\nb"}, {}, "--server-field: `a?b` is not printable text"},
      {{}, {{"ZER_WORKERS", "x"}}, "ZER_WORKERS: `x` is not a number from 1 to 1024"},
      {{}, {{"ZER_CONFIG", "/no/such/file"}}, "/no/such/file: No such file or directory"},
      {{}, {{"ZER_CONFIG", ""}}, "the name of the configuration file is empty (`--config`, `ZER_CONFIG`)"},
      {{"--config", "/dev/zero"}, {}, "/dev/zero: is larger than 1 MiB"},
      {{"--help=1"}, {}, "option `--help` takes no value"},
      {{"--version=json"}, {}, "option `--version` takes no value"},
      {{"--jobs", "--crons=json"}, {}, "`--crons=json` cannot be asked for together with another command"},
      {{"--no\x1B[31m"}, {}, "unknown option `--no?[31m`; see --help"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(read(each.arguments, each.environment).error, each.error);
}

TEST(Options, SayWhatIsWrongWithTheFile) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ": is not JSON: "},
      {"{", ": is not JSON: "},
      {"[1]", ": is not a JSON object"},
      {R"({"wrokers": 1})", ": `wrokers` is not a setting; did you mean `workers`?"},
      {R"({"max-body": "1KiB"})", ": `max-body` is not a setting; did you mean `max_body`?"},
      {"{\"\\u001b[31m\": 1}", ": `?[31m` is not a setting"},
      {R"({"config": "x"})", ": `config` is not a setting"},
      {R"({"workers": 0})", ": `workers`: `0` is not a number from 1 to 1024"},
      {R"({"workers": true})",
       ": the value of `workers` is neither a string, a number nor a list of strings"},
      {R"({"workers": 1.5})", ": the value of `workers` is neither a string, a number nor a list of strings"},
      {R"({"listen": []})", ": the value of `listen` is neither a string, a number nor a list of strings"},
      {R"({"listen": [1]})", ": the value of `listen` is neither a string, a number nor a list of strings"},
      {R"({"workers": 1, "workers": 2})", ": `workers` is set twice"},
  };
  for (const auto& [text, error] : cases) {
    const ConfigText config(text);
    const std::string said = read({"--config", config.path()}).error;
    EXPECT_TRUE(said.starts_with(config.path() + error)) << text << ": " << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
  }
  EXPECT_EQ(read({"--config", "/"}).error, "/: Is a directory");
}

TEST(Options, MayNameTheirSchemaInAFile) {
  const ConfigText config(R"({"$schema": "config.schema.json", "workers": 2})");
  const Options options = read({"--config", config.path()});
  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.settings.workers, 2U);
}

TEST(Options, AreReadBehindAByteOrderMark) {
  const ConfigText config("\xEF\xBB\xBF{\"workers\": 2}");
  const Options options = read({"--config", config.path()});
  EXPECT_EQ(options.error, "");
  EXPECT_EQ(options.settings.workers, 2U);
}

TEST(Options, TellVariablesThatAreNoSettings) {
  const std::vector<std::string_view> names{"PATH",       "ZER_WORKERS", "ZER_MAX_BODI",
                                            "ZER_COLOUR", "ZER_CONFIG",  "ZERO_X"};
  EXPECT_EQ(unknown_variables(names),
            (std::vector<std::string>{"`ZER_MAX_BODI` is not a setting; did you mean `ZER_MAX_BODY`?",
                                      "`ZER_COLOUR` is not a setting"}));
}

// What the schema says about values is held against a program in tests/e2e.
TEST(Options, AreThePropertiesOfTheSchema) {
  simdjson::dom::parser parser;
  const simdjson::dom::element schema = parser.load(ZERVER_SOURCE_DIR "/docs/config.schema.json");
  std::set<std::string> properties;
  for (const auto& [key, value] : simdjson::dom::object(schema["properties"])) {
    if (key != "$schema") properties.insert(std::string(key));
  }
  std::set<std::string> options;
  for (const Option& option : all_options()) {
    std::string key(option.name);
    std::replace(key.begin(), key.end(), '-', '_');
    options.insert(key);
  }
  EXPECT_EQ(properties, options);
}

TEST(Options, NameTheExecutor) {
  EXPECT_EQ(read({}).settings.executor, Executor::kProactor);
  EXPECT_EQ(read({"--executor", "inline"}).settings.executor, Executor::kInline);
  EXPECT_EQ(read({}, {{"ZER_EXECUTOR", "inline"}}).settings.executor, Executor::kInline);
  EXPECT_EQ(read({"--executor=threads"}).error, "--executor: `threads` is not proactor or inline");
}

TEST(Options, AskForADiagnosisOfTheOthers) {
  const Options options = read({"--doctor", "--workers", "3"});
  EXPECT_EQ(options.action, Options::Action::kDoctor);
  EXPECT_EQ(options.settings.workers, 3U);
  EXPECT_EQ(read({"--workers=3", "--doctor=json"}).action, Options::Action::kDoctorJson);
  EXPECT_EQ(read({"--doctor", "--workers", "x"}).error, "--workers: `x` is not a number from 1 to 1024");
}

TEST(Options, AskForHelpAndVersion) {
  EXPECT_EQ(read({"--help"}).action, Options::Action::kHelp);
  EXPECT_EQ(read({"-h"}).action, Options::Action::kHelp);
  EXPECT_EQ(read({"--version"}).action, Options::Action::kVersion);
  EXPECT_EQ(read({"--help"}, {{"ZER_WORKERS", "x"}}).error, "");
}

TEST(Options, AreAllInTheHelp) {
  const std::string help = help_text("hello");
  EXPECT_TRUE(help.starts_with("usage: hello [options]\n"));
  for (const char* option : {"--listen HOST:PORT", "--workers N", "--config FILE", "--max-body SIZE",
                             "--drain-timeout TIME", "--help", "--version", "ZER_MAX_BODY"}) {
    EXPECT_NE(help.find(option), std::string::npos) << option;
  }
}

}  // namespace
}  // namespace zerver::server
