// The journal of durable jobs in a PostgreSQL database, in its schema `zerver`.
#pragma once

#include "job_journal_store.h"
#include "postgres/blocking/connection.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

// For several machines. A job's row is locked by whoever writes to it, so that a token counts from the
// moment that it is committed: an entry with an older one is refused, or is there before the job is loaded by
// its new owner. Connects when it is asked for something, and again when the connection was lost.
class JobJournalServer final : public JobJournalStore {
 public:
  explicit JobJournalServer(std::string url) : url_(std::move(url)) {}

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

  [[nodiscard]] std::string connect();
  template <class Work> [[nodiscard]] std::string in_transaction(Work work);
  [[nodiscard]] std::string lock(const Batch& batch);
  [[nodiscard]] std::string write_round(Round& round, std::vector<Uuid>& refused);
  [[nodiscard]] std::string write_opened(const Records& records);
  [[nodiscard]] std::string write_entries(const Records& records, std::vector<Uuid>& refused);
  [[nodiscard]] std::string write_ends(std::string_view statement, const Records& records);
  [[nodiscard]] std::string find_tables(bool& are_there);
  [[nodiscard]] std::string run(std::string_view statement, const postgres::TextValues& values = {}) {
    return connection_.run(statement, values, rows_);
  }

  std::string url_;
  postgres::BlockingConnection connection_;
  postgres::TextRows rows_;  // of what was run last
};

}  // namespace zerver::effects
