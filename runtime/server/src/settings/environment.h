// `env.NAME` and `secret.NAME` of a process, and texts without the secrets that it was given.
#pragma once

#include <zerver/core/log.h>
#include <zerver/flow/service.h>

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// A secret is the variable NAME; else the file that the variable NAME_FILE names; else the file NAME in the
// folder of the variable ZERVER_SECRETS_DIR, `/run/secrets` without one. Of a file, one line break at the end
// is not part of the secret. Read when a target asks for the first time, and again by renew(). The main
// thread.
class ProcessEnvironment final : public flow::Environment {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{64} << 10;  // of a file

  std::optional<std::string_view> variable(std::string_view name) const override;
  std::optional<std::string_view> secret(std::string_view name) const override;

  // Reads the secrets that were asked for once more. One whose file is not there now, or cannot be read,
  // keeps its value, and problems() says so. What secret() has returned before is gone.
  void renew();

  // One line for each file that was named and could not be read, or of renew(), for those of the last time.
  const std::vector<std::string>& problems() const noexcept { return problems_; }
  // The text with `***` in the place of every secret that was asked for, also of those before renew(). Any
  // thread.
  std::string masked(std::string_view text) const;
  // The same for JSON, in whose strings quotes, backslashes and control characters are escaped.
  std::string masked_json(std::string_view json) const;

 private:
  std::optional<std::string> find_secret(const std::string& name) const;

  mutable std::mutex mutex_;  // of secrets_ and hidden_, which other threads mask by
  mutable std::map<std::string, std::optional<std::string>, std::less<>> secrets_;
  // Every value that there was; one may hold another.
  struct LongerFirst {
    bool operator()(const std::string& left, const std::string& right) const noexcept {
      return left.size() != right.size() ? left.size() > right.size() : left < right;
    }
  };
  mutable std::set<std::string, LongerFirst> hidden_;
  mutable std::vector<std::string> problems_;
};

// Writes lines without secrets.
class MaskingLog final : public Log {
 public:
  MaskingLog(const ProcessEnvironment& environment, Log& log) noexcept
      : environment_(&environment), log_(&log) {}
  void write(LogLevel level, std::string_view line) noexcept override;
  void record(LogLevel level, std::string_view json) noexcept override;

 private:
  const ProcessEnvironment* environment_;
  Log* log_;
};

}  // namespace zerver::server
