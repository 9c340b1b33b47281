// The journal of durable jobs in a PostgreSQL database, in its schema `zerver`.
#pragma once

#include "job_journal_store.h"
#include "journal/journal_server.h"

#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// For several machines. A job's row is locked by whoever writes to it, so that a token counts from the
// moment that it is committed: an entry with an older one is refused, or is there before the job is loaded by
// its new owner.
class JobJournalServer final : public JobJournalStore {
 public:
  explicit JobJournalServer(std::string url);

  [[nodiscard]] std::string open() override;
  [[nodiscard]] std::string write(const Batch& batch, std::vector<Uuid>& refused) override;
  [[nodiscard]] std::string load(flow::JobHistory& history, std::uint64_t& token) override;
  [[nodiscard]] std::string sweep(Timestamp before) override;
  [[nodiscard]] std::string list(std::vector<flow::JobHistory>& jobs) override;
  [[nodiscard]] std::string drop(const Uuid& job) override;

 private:
  // Records of one kind, at most one for each job but for entries, in the order of their jobs.
  using Records = std::vector<flow::JournalRecord>;
  struct Round {
    Records opened, entries, parked, dropped;
  };

  static std::vector<Round> rounds_of(const Batch& batch);

  [[nodiscard]] std::string lock(const Batch& batch);
  [[nodiscard]] std::string write_round(Round& round, std::vector<Uuid>& refused);
  [[nodiscard]] std::string write_opened(const Records& records);
  [[nodiscard]] std::string write_entries(const Records& records, std::vector<Uuid>& refused);
  [[nodiscard]] std::string write_ends(std::string_view statement, const Records& records);
  [[nodiscard]] std::string run(std::string_view statement, const postgres::TextValues& values = {}) {
    return server_.run(statement, values);
  }

  JournalServer server_;
  const postgres::TextRows& rows_ = server_.rows();
};

}  // namespace zerver::effects
