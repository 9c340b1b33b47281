// The journal of durable jobs in a SQLite file.
#pragma once

#include "job_journal_store.h"
#include "journal/journal_database.h"
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/job_journal.h>

#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

class JobJournalFile final : public JobJournalStore {
 public:
  explicit JobJournalFile(std::string path) noexcept;

  [[nodiscard]] std::string open() override;
  [[nodiscard]] std::string write(const Batch& batch, std::vector<Uuid>& refused) override;
  [[nodiscard]] std::string load(flow::JobHistory& history, std::uint64_t& token) override;
  [[nodiscard]] std::string sweep(Timestamp before) override;
  [[nodiscard]] std::string list(std::vector<flow::JobHistory>& jobs) override;
  [[nodiscard]] std::string drop(const Uuid& job) override;

 private:
  [[nodiscard]] std::string insert(const flow::JournalRecord& record, std::vector<Uuid>& refused);
  [[nodiscard]] std::string run(std::string_view statement, JournalDatabase::Values parameters = {}) {
    return database_.run(statement, parameters);
  }

  std::string path_;
  JournalDatabase database_;
  const flow::RowSet& rows_ = database_.rows();  // of what was run last
};

}  // namespace zerver::effects
