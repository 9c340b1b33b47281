#include "audit/audit_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace zerver::server {
namespace {

constexpr Duration kLongest = Duration::from_seconds(24 * 3600);  // of a file
constexpr std::string_view kSuffix = ".jsonl";

// `2026-11-20T22:30:00.123456Z`, without what a file's name should not have.
std::string file_time(Timestamp time) {
  std::array<char, Timestamp::kMaxText> text;
  std::string name(text.data(), time.write_sortable(text.data()));
  std::erase(name, '-');
  std::erase(name, ':');
  return name;
}

}  // namespace

AuditLog::~AuditLog() { end_file(); }

std::string AuditLog::open(const AuditSettings& settings, std::string_view program) {
  settings_ = settings;
  prefix_ = std::string(program) + "-";
  std::error_code error;
  std::filesystem::create_directories(settings_.folder, error);
  if (error) return error.message();
  const std::lock_guard lock(mutex_);
  return begin_file() ? std::string() : why_;
}

void AuditLog::append(std::string_view lines, std::size_t records) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    if (file_ >= 0 && (size_ >= settings_.segment || clock_->wall() - begun_ >= kLongest)) end_file();
    if (file_ < 0 && !begin_file()) return note_loss(records);
    if (unsaid_ != 0) {
      const std::string record =
          (is_torn_ ? "\n" : "") + ("{\"kind\":\"lost\",\"count\":" + std::to_string(unsaid_) + "}\n");
      if (!write(record)) return note_loss(records);
      log_->write(LogLevel::kWarning, "the audit goes on; " + std::to_string(unsaid_) + " records are lost");
      unsaid_ = 0;
    }
    if (!write(lines)) note_loss(records);
  } catch (const std::bad_alloc&) {
    note_loss(records);
  }
}

void AuditLog::sync() noexcept {
  const std::lock_guard lock(mutex_);
  if (file_ >= 0) ::fdatasync(file_);
}

std::uint64_t AuditLog::lost() const noexcept {
  const std::lock_guard lock(mutex_);
  return lost_;
}

bool AuditLog::begin_file() {
  begun_ = clock_->wall();
  // Two that begin in the same microsecond have different names.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const std::string name = prefix_ + file_time({begun_.microseconds + attempt}) + std::string(kSuffix);
    const std::filesystem::path path = std::filesystem::path(settings_.folder) / name;
    file_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_ >= 0 || errno != EEXIST) break;
  }
  if (file_ < 0) {
    why_ = std::strerror(errno);
    return false;
  }
  size_ = 0;
  is_torn_ = false;
  drop_old();
  return true;
}

bool AuditLog::write(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(file_, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      why_ = std::strerror(errno);
      return false;
    }
    is_torn_ = text[static_cast<std::size_t>(written) - 1] != '\n';
    size_ += static_cast<std::size_t>(written);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void AuditLog::end_file() noexcept {
  if (file_ < 0) return;
  ::fdatasync(file_);
  ::close(file_);
  file_ = -1;
}

// A file's last record is not younger than the beginning of the one behind it.
void AuditLog::drop_old() noexcept {
  if (settings_.keep == Duration::max()) return;
  try {
    std::vector<std::string> names;
    for (const std::filesystem::directory_entry& entry :
         std::filesystem::directory_iterator(settings_.folder)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(prefix_) && name.ends_with(kSuffix) &&
          name.size() == prefix_.size() + file_time(begun_).size() + kSuffix.size())
        names.push_back(name);
    }
    std::ranges::sort(names);
    const std::string oldest = prefix_ + file_time(begun_ - settings_.keep);
    for (std::size_t i = 0; i + 1 < names.size() && names[i + 1] < oldest; ++i)
      std::filesystem::remove(std::filesystem::path(settings_.folder) / names[i]);
  } catch (const std::exception& error) {
    // They go with the next file.
    log_->write(LogLevel::kWarning, error.what());
  }
}

void AuditLog::note_loss(std::size_t records) noexcept {
  if (unsaid_ == 0) {
    log_->write(LogLevel::kError, "the audit cannot be written, its records are lost:");
    log_->write(LogLevel::kError, why_);
  }
  lost_ += records;
  unsaid_ += records;
}

}  // namespace zerver::server
