// The arguments of a target: how they reach the implementation of its adapter, as text and by their types.
#pragma once

#include <zerver/core/decimal.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace zerver::flow {

// Where settings come from that a `.flow` file refers to: `env.NAME` and `secret.NAME`.
class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string_view> variable(std::string_view name) const = 0;
  virtual std::optional<std::string_view> secret(std::string_view name) const = 0;
};

// The arguments of one `target t = adapter(...)`, evaluated when the service starts.
class TargetConfig {
 public:
  struct Argument {
    std::string name;
    std::string value;
    std::string_view source = {};  // `env.NAME` or `secret.NAME`; empty: the `.flow` file says it
    // What comes from a secret is never shown.
    bool is_secret() const noexcept { return source.starts_with("secret."); }
  };

  void set(std::string_view name, std::string_view value) {
    arguments_.push_back({std::string(name), std::string(value)});
  }
  // The argument is an `env.NAME` or `secret.NAME` without a default: `value` must be there. `source` is
  // static.
  void set_required(std::string_view name, std::optional<std::string_view> value, std::string_view source) {
    if (value) {
      arguments_.push_back({std::string(name), std::string(*value), source});
    } else {
      missing_.emplace_back(source);
    }
  }
  // The argument is an `env.NAME ?? fallback` or `secret.NAME ?? fallback`.
  void set_or(std::string_view name, std::optional<std::string_view> value, std::string_view fallback,
              std::string_view source) {
    if (value) {
      arguments_.push_back({std::string(name), std::string(*value), source});
    } else {
      set(name, fallback);
    }
  }

  // The same for a parameter that may be left out: nothing is set when there is no value.
  void set_if(std::string_view name, std::optional<std::string_view> value, std::string_view source) {
    if (value) arguments_.push_back({std::string(name), std::string(*value), source});
  }

  // Null when the argument was left out.
  const Argument* find(std::string_view name) const noexcept {
    for (const Argument& argument : arguments_) {
      if (argument.name == name) return &argument;
    }
    return nullptr;
  }
  std::optional<std::string_view> get(std::string_view name) const noexcept {
    const Argument* const argument = find(name);
    return argument == nullptr ? std::nullopt : std::optional<std::string_view>(argument->value);
  }
  const std::vector<Argument>& arguments() const noexcept { return arguments_; }
  // The sources that were required and not there: `env.DATABASE_URL`.
  const std::vector<std::string>& missing() const noexcept { return missing_; }

 private:
  std::vector<Argument> arguments_;
  std::vector<std::string> missing_;
};

// What `MailerConfig::parse` makes of them. `error` is one line without secrets; empty when all are right.
template <class Config> struct Configured {
  Config value;
  std::string error;
};

// Text as people write it, the whole of it or false. Whole numbers may be sizes: `64KiB`, `1MiB`, `2GiB`.
bool parse_argument(std::string_view text, bool& out) noexcept;
bool parse_argument(std::string_view text, std::int32_t& out) noexcept;
bool parse_argument(std::string_view text, std::uint32_t& out) noexcept;
bool parse_argument(std::string_view text, std::int64_t& out) noexcept;
bool parse_argument(std::string_view text, std::uint64_t& out) noexcept;
bool parse_argument(std::string_view text, double& out) noexcept;
bool parse_argument(std::string_view text, Decimal& out) noexcept;
bool parse_argument(std::string_view text, Uuid& out) noexcept;
bool parse_argument(std::string_view text, Timestamp& out) noexcept;
// `250ms`, `30s`, `5m`, `1h`, or ISO 8601: `PT0.25S`. Not negative.
bool parse_argument(std::string_view text, Duration& out) noexcept;
bool parse_argument(std::string_view text, std::string& out);
template <class Enum>
  requires std::is_enum_v<Enum>
bool parse_argument(std::string_view text, Enum& out) noexcept {
  return from_string(text, out);  // generated
}

// Reads arguments one by one for the generated `parse`, and collects what is wrong with them.
class ConfigReader {
 public:
  // Both outlive this.
  ConfigReader(const TargetConfig& config, std::string& error) noexcept : config_(&config), error_(&error) {}

  // Of a parameter without a default. `expected` is for people: "a whole number".
  template <class T> void required(std::string_view name, T& out, std::string_view expected) {
    const TargetConfig::Argument* const argument = config_->find(name);
    if (argument == nullptr) return report_missing(name);
    if (!parse_argument(argument->value, out)) report(*argument, expected);
  }
  // Of one with a default, which `out` keeps when there is no argument.
  template <class T> void optional(std::string_view name, T& out, std::string_view expected) {
    const TargetConfig::Argument* const argument = config_->find(name);
    if (argument != nullptr && !parse_argument(argument->value, out)) report(*argument, expected);
  }
  template <class T> void optional(std::string_view name, std::optional<T>& out, std::string_view expected) {
    const TargetConfig::Argument* const argument = config_->find(name);
    if (argument == nullptr) return;
    if (!parse_argument(argument->value, out.emplace())) report(*argument, expected);
  }

 private:
  void report_missing(std::string_view name);
  void report(const TargetConfig::Argument& argument, std::string_view expected);
  void add(std::string line);

  const TargetConfig* config_;
  std::string* error_;
};

}  // namespace zerver::flow
