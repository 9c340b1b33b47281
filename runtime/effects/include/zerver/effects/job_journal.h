// The journal of a service's durable jobs in a SQLite file.
#pragma once

#include <zerver/core/log.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/job_journal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace zerver::effects {

// What is appended by all workers meanwhile is written by one thread in one transaction, with one fsync. The
// processes that run the jobs of a store share the file: each entry is checked against the newest token that
// any of them has opened its job with.
class SqliteJobJournal final : public flow::JobJournal {
 public:
  // `log` is told when the journal cannot be written, and when it can again. A journal that nothing has been
  // written to for longer than `keep` is removed; max(): never.
  explicit SqliteJobJournal(Log& log, Duration keep = Duration::max());
  // Writes what is left. The loops of those who wait do not run any more.
  ~SqliteJobJournal() override;
  SqliteJobJournal(const SqliteJobJournal&) = delete;
  SqliteJobJournal& operator=(const SqliteJobJournal&) = delete;

  // Opens or creates the file, for its owner only. Empty, or what is wrong: it cannot be written, is damaged,
  // or is no journal.
  [[nodiscard]] std::string open(const std::string& path);

  // The jobs in a journal that a service may have open, the oldest first. Empty, or what is wrong.
  [[nodiscard]] static std::string list(const std::string& path, std::vector<flow::JobHistory>& jobs);
  // Forgets a job, also while a service has the journal open: an attempt that runs is refused from then on,
  // the next one begins anew. Empty, or what is wrong.
  [[nodiscard]] static std::string drop(const std::string& path, const Uuid& job);

  // Transactions that have been written.
  std::uint64_t batches() const noexcept;

  bool is_durable() const noexcept override { return true; }
  bool open(flow::JournalOpen& open) noexcept override;
  void abandon(flow::JournalOpen& open) noexcept override;
  void append(const flow::JournalRecord& record) noexcept override;
  void close(const Uuid& job) noexcept override;
  flow::JournalStats stats() const noexcept override;
  bool sync(flow::LogSync& sync) noexcept override;
  void abandon(flow::LogSync& sync) noexcept override;

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace zerver::effects
