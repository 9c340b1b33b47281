#include "settings/environment.h"

#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_writer.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <utility>

namespace zerver::server {
namespace {

constexpr std::string_view kMask = "***";
// A shorter one says nothing, and would make holes in every text.
constexpr std::size_t kLeastMasked = 3;

// Null when there is no such file, or `why` says why it cannot be read.
std::optional<std::string> read_secret(const std::string& path, std::string& why) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    why = std::strerror(errno);
    return std::nullopt;
  }
  std::string text(ProcessEnvironment::kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    why = "it cannot be read";
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > ProcessEnvironment::kMostBytes) {
    why = "it is larger than 64 KiB";
    return std::nullopt;
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

// Everywhere in `text`.
void mask(std::string& text, std::string_view secret) {
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kMask.size())
    text.replace(at, secret.size(), kMask);
}

const char* get(const std::string& name) noexcept { return std::getenv(name.c_str()); }

}  // namespace

std::optional<std::string_view> ProcessEnvironment::variable(std::string_view name) const {
  const char* const value = get(std::string(name));
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

std::optional<std::string_view> ProcessEnvironment::secret(std::string_view name) const {
  auto known = secrets_.find(name);
  if (known == secrets_.end()) {
    std::string key(name);
    std::optional<std::string> value = find_secret(key);
    const std::lock_guard lock(mutex_);
    if (value && value->size() >= kLeastMasked) hidden_.insert(*value);
    known = secrets_.emplace(std::move(key), std::move(value)).first;
  }
  return known->second ? std::optional<std::string_view>(*known->second) : std::nullopt;
}

std::optional<std::string> ProcessEnvironment::find_secret(const std::string& name) const {
  if (const char* const value = get(name)) return value;
  std::string why;
  if (const char* const path = get(name + "_FILE")) {
    std::optional<std::string> value = read_secret(path, why);
    if (!value) problems_.push_back("secret." + name + ": file `" + path + "` of " + name + "_FILE: " + why);
    return value;
  }
  const char* const folder = get("ZERVER_SECRETS_DIR");
  // Without such a file the secret is not set, which is for the target to say.
  return read_secret(std::string(folder == nullptr ? "/run/secrets" : folder) + "/" + name, why);
}

void ProcessEnvironment::renew() {
  problems_.clear();
  for (auto& [name, value] : secrets_) {
    const std::size_t problems = problems_.size();
    std::optional<std::string> now = find_secret(name);
    if (!now) {
      if (value && problems == problems_.size())
        problems_.push_back("secret." + name + ": it is not there any more, and stays what it was");
      continue;
    }
    const std::lock_guard lock(mutex_);
    if (now->size() >= kLeastMasked) hidden_.insert(*now);
    value = std::move(now);
  }
}

std::string ProcessEnvironment::masked(std::string_view text) const {
  std::string result(text);
  const std::lock_guard lock(mutex_);
  for (const std::string& value : hidden_)
    mask(result, value);
  return result;
}

std::string ProcessEnvironment::masked_json(std::string_view json) const {
  std::string result(json);
  const std::lock_guard lock(mutex_);
  for (const std::string& value : hidden_) {
    OutputBuffer buffer;
    flow::JsonWriter(buffer).string(value);
    const std::string_view quoted = buffer.view();
    mask(result, quoted.substr(1, quoted.size() - 2));
  }
  return result;
}

void MaskingLog::write(LogLevel level, std::string_view line) noexcept {
  try {
    log_->write(level, environment_->masked(line));
  } catch (const std::bad_alloc&) {
    log_->write(level, "a line could not be written: there is no memory");
  }
}

void MaskingLog::record(LogLevel level, std::string_view json) noexcept {
  try {
    log_->record(level, environment_->masked_json(json));
  } catch (const std::bad_alloc&) {
    log_->write(level, "a record could not be written: there is no memory");
  }
}

}  // namespace zerver::server
