// Settings from a configuration file, the environment and the command line.
#include "options.h"

#include "config_file.h"
#include "setting_values.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace zerver::server {
namespace {

// Puts a value into the settings, or says what it should have been: `a number from 1 to 4096`.
using Apply = std::string (*)(Settings& settings, std::string_view value);

template <auto kLeast, auto kMost> std::string apply_count(std::size_t& target, std::string_view value) {
  const std::optional<std::uint64_t> count = parse_count(value);
  if (!count || *count < kLeast || *count > kMost) {
    return "a number from " + std::to_string(kLeast) + " to " + std::to_string(kMost);
  }
  target = static_cast<std::size_t>(*count);
  return {};
}

std::string apply_size(std::size_t& target, std::string_view value, std::size_t least, std::size_t most) {
  const std::optional<std::uint64_t> size = parse_size(value);
  if (!size || *size < least || *size > most) {
    return "a size from " + std::to_string(least) + " to " + std::to_string(most) + " bytes, such as 64KiB";
  }
  target = static_cast<std::size_t>(*size);
  return {};
}

std::string apply_duration(Duration& target, std::string_view value) {
  const std::optional<Duration> duration = parse_duration(value);
  if (!duration) return "a time such as 250ms, 30s or 5m";
  target = *duration;
  return {};
}

std::string apply_listen(Settings& settings, std::string_view value) {
  std::vector<std::string> addresses;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view address = value.substr(0, comma);
    if (!parse_listen_address(address)) return "HOST:PORT, with a port from 0 to 65535";
    addresses.emplace_back(address);
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  settings.listen = std::move(addresses);
  return {};
}

std::string apply_server_field(Settings& settings, std::string_view value) {
  const bool printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!printable) return "printable text";
  settings.server_field = value;
  return {};
}

constexpr std::size_t kLargest = std::size_t{1} << 30;

struct Option {
  std::string_view name;  // `max-body`: `--max-body`, `ZER_MAX_BODY`, `"max_body"`
  std::string_view value;
  std::string_view help;
  Apply apply;
};

constexpr std::array kOptions = std::to_array<Option>({
    {"listen", "HOST:PORT", "address to serve on, may be repeated; port 0 takes a free one (127.0.0.1:8080)",
     apply_listen},
    {"workers", "N", "threads, each with its own connections (one for each processor)",
     [](Settings& settings, std::string_view value) {
       std::size_t count = 0;
       std::string expected = apply_count<1, 1024>(count, value);
       if (expected.empty()) settings.workers = static_cast<unsigned>(count);
       return expected;
     }},
    {"max-connections", "N", "open connections; more are answered with 503 (10000)",
     [](Settings& settings, std::string_view value) {
       return apply_count<1, 10'000'000>(settings.connections, value);
     }},
    {"max-request-line", "SIZE", "request line; longer is answered with 414 (8KiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.http.request_line, value, 64, kLargest);
     }},
    {"max-headers", "SIZE", "header section; larger is answered with 431 (16KiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.http.header_bytes, value, 64, kLargest);
     }},
    {"max-header-count", "N", "header fields; more are answered with 431 (100)",
     [](Settings& settings, std::string_view value) {
       return apply_count<1, 10'000>(settings.http.header_count, value);
     }},
    {"max-body", "SIZE", "request body; larger is answered with 413 (1MiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.http.body, value, 0, http::Limits::kMaxBody);
     }},
    {"max-pipelined-output", "SIZE", "answers of one connection that wait to be sent (256KiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.pipelined_output, value, 1, kLargest);
     }},
    {"max-request-memory", "SIZE", "memory of one request; more is answered with 503 (1MiB)",
     [](Settings& settings, std::string_view value) {
       return apply_size(settings.request_memory, value, 4096, kLargest);
     }},
    {"max-json-depth", "N", "nesting of JSON in requests; deeper is answered with 400 (32)",
     [](Settings& settings, std::string_view value) {
       return apply_count<1, 1024>(settings.json_depth, value);
     }},
    {"idle-timeout", "TIME", "between two requests of a connection (60s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.idle, value);
     }},
    {"header-timeout", "TIME", "from a request's first byte to the end of its headers (10s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.head, value);
     }},
    {"body-timeout", "TIME", "from the end of the headers to the end of the body (30s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.body, value);
     }},
    {"write-timeout", "TIME", "for a client to take some of an answer (30s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.write, value);
     }},
    {"drain-timeout", "TIME", "for what is under way when a signal asks to stop (10s)",
     [](Settings& settings, std::string_view value) {
       return apply_duration(settings.timeouts.drain, value);
     }},
    {"server-field", "TEXT", "the Server field of answers (none)", apply_server_field},
});

const Option* find_option(std::string_view name) {
  const auto* found =
      std::find_if(kOptions.begin(), kOptions.end(), [name](const Option& o) { return o.name == name; });
  return found == kOptions.end() ? nullptr : found;
}

// `max-body` as `ZER_MAX_BODY`.
std::string variable_of(std::string_view name) {
  std::string variable = "ZER_";
  for (const char c : name)
    variable += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return variable;
}

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

// `source` is where the value was found, as the user would say it.
std::string apply(const Option& option, std::string_view source, std::string_view value, Settings& settings) {
  const std::string expected = option.apply(settings, value);
  if (expected.empty()) return {};
  return std::string(source) + ": " + quoted(value) + " is not " + expected;
}

std::string apply_file(const std::string& path, Settings& settings) {
  const ConfigFile file = read_config_file(path);
  if (!file.error.empty()) return path + ": " + file.error;
  for (const ConfigEntry& entry : file.entries) {
    std::string name = entry.key;
    std::replace(name.begin(), name.end(), '_', '-');
    const Option* option = entry.key.find('-') == std::string::npos ? find_option(name) : nullptr;
    if (option == nullptr) return path + ": " + quoted(entry.key) + " is not a setting";
    if (std::string error = apply(*option, path + ": " + quoted(entry.key), entry.value, settings);
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
  std::vector<Given> given;
  std::optional<std::string> config;
  std::string error;
};

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
    if (!argument.starts_with("--")) return fail("unexpected argument " + quoted(argument) + "; see --help");
    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    const Option* option = find_option(name);
    if (option == nullptr && name != "config") {
      return fail("unknown option " + quoted("--" + std::string(name)) + "; see --help");
    }
    if (equals == std::string_view::npos && i + 1 == arguments.size()) {
      return fail("option " + quoted(argument) + " needs a value");
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

Options read_options(std::span<const std::string_view> arguments, const Variables& variables,
                     const Settings& defaults) {
  Options options;
  options.settings = defaults;
  CommandLine line = read_command_line(arguments);
  options.action = line.action;
  options.error = std::move(line.error);
  if (options.action != Options::Action::kServe || !options.error.empty()) return options;

  if (!line.config) line.config = variables("ZER_CONFIG");
  if (line.config) options.error = apply_file(*line.config, options.settings);
  for (const Option& option : kOptions) {
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
  for (const Option& option : kOptions)
    add("--" + std::string(option.name) + " " + std::string(option.value), option.help);
  add("--config FILE", "settings as a JSON object, such as {\"workers\": 4, \"max_body\": \"1MiB\"}");
  add("--help", "show this text");
  add("--version", "show the version");
  text +=
      "\nEach option can also be set by a variable, such as ZER_MAX_BODY for --max-body. The command line "
      "goes\n"
      "before variables, and variables before the file.\n";
  return text;
}

}  // namespace zerver::server
