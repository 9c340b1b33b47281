// Records that are only ever appended: files of JSON lines in a folder, which go when they are old.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/time.h>
#include <zerver/server/settings.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace zerver::server {

// A file is `PROGRAM-TIME.jsonl`, for its owner only; TIME is that of its beginning, so that the order of
// names is that of records. One process writes a file, several may write into a folder. A file ends when it
// is full or a day old; it goes when the one behind it began longer ago than `keep`, so nothing goes too
// early.
class AuditLog {
 public:
  AuditLog(const Clock& clock, Log& log) noexcept : clock_(&clock), log_(&log) {}
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // The folder is made when it is not there. Empty, or what is wrong.
  [[nodiscard]] std::string open(const AuditSettings& settings, std::string_view program);
  // Whole lines, of `records` records, which stay together. Any thread. What cannot be written is counted and
  // said: in the log once, and by a record `lost` as soon as it can be written again.
  void append(std::string_view lines, std::size_t records) noexcept;
  // Until it is on the disk.
  void sync() noexcept;
  std::uint64_t lost() const noexcept;

 private:
  // False when there is no file to write to; `why_` says why then.
  bool begin_file();
  bool write(std::string_view text) noexcept;
  void end_file() noexcept;
  void drop_old() noexcept;
  void note_loss(std::size_t records) noexcept;

  const Clock* clock_;
  Log* log_;
  AuditSettings settings_;
  std::string prefix_;  // of the names of this program's files
  mutable std::mutex mutex_;
  // Guarded by it:
  int file_ = -1;
  std::size_t size_ = 0;
  Timestamp begun_;
  std::string why_;
  std::uint64_t lost_ = 0;
  std::uint64_t unsaid_ = 0;  // of lost_
  bool is_torn_ = false;      // the file ends in the middle of a line
};

}  // namespace zerver::server
