// The journal of a service's durable jobs in a SQLite file, or in a PostgreSQL database.
#pragma once

#include <zerver/core/log.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/job_journal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// What is appended by all workers meanwhile is written by one thread in one transaction. The processes that
// run the jobs of a store share the journal, on one machine a file, on several a database: each entry is
// checked against the newest token that any of them has opened its job with.
class StoredJobJournal final : public flow::JobJournal {
 public:
  // `log` is told when the journal cannot be written, and when it can again. A journal that nothing has been
  // written to for longer than `keep` is removed; max(): never.
  explicit StoredJobJournal(Log& log, Duration keep = Duration::max());
  // Writes what is left. The loops of those who wait do not run any more.
  ~StoredJobJournal() override;
  StoredJobJournal(const StoredJobJournal&) = delete;
  StoredJobJournal& operator=(const StoredJobJournal&) = delete;

  // `sqlite:PATH`, a file for its owner only, or `postgres://user@host/database`, tables in its schema
  // `zerver`; either is made when it is not there. Empty, or what is wrong, without the password: it cannot
  // be written, is damaged, or is no journal.
  [[nodiscard]] std::string open(std::string_view url);

  // The jobs in a journal that services may have open, the oldest first. Empty, or what is wrong.
  [[nodiscard]] static std::string list(std::string_view url, std::vector<flow::JobHistory>& jobs);
  // Forgets a job, also while services have the journal open: an attempt that runs is refused from then on,
  // the next one begins anew. Empty, or what is wrong.
  [[nodiscard]] static std::string drop(std::string_view url, const Uuid& job);

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
