// `env.NAME` and `secret.NAME` of a process, and texts without the secrets that it was given.
#pragma once

#include <zerver/core/log.h>
#include <zerver/flow/service.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// A secret is the variable NAME; else the file that the variable NAME_FILE names; else the file NAME in the
// folder of the variable ZERVER_SECRETS_DIR, `/run/secrets` without one. Of a file, one line break at the end
// is not part of the secret. Read once, when a target asks. The main thread.
class ProcessEnvironment final : public flow::Environment {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{64} << 10;  // of a file

  std::optional<std::string_view> variable(std::string_view name) const override;
  std::optional<std::string_view> secret(std::string_view name) const override;

  // One line for each file that was named and could not be read.
  const std::vector<std::string>& problems() const noexcept { return problems_; }
  // The text with `***` in the place of every secret that was asked for. Any thread, once all have been.
  std::string masked(std::string_view text) const;

 private:
  std::optional<std::string> find_secret(const std::string& name) const;

  mutable std::map<std::string, std::optional<std::string>, std::less<>> secrets_;
  mutable std::vector<std::string> problems_;
};

// Writes lines without secrets.
class MaskingLog final : public Log {
 public:
  MaskingLog(const ProcessEnvironment& environment, Log& log) noexcept
      : environment_(&environment), log_(&log) {}
  void write(LogLevel level, std::string_view line) noexcept override;

 private:
  const ProcessEnvironment* environment_;
  Log* log_;
};

}  // namespace zerver::server
