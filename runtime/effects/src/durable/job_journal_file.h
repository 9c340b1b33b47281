// The tables of the journal of durable jobs; for one thread.
#pragma once

#include "journal/journal_database.h"
#include "journal/record_batch.h"
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/job_journal.h>

#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// Each string is empty, or what is wrong.
class JobJournalFile {
 public:
  using Batch = RecordBatch<flow::JournalRecord>;

  JobJournalFile() noexcept;
  JobJournalFile(const JobJournalFile&) = delete;
  JobJournalFile& operator=(const JobJournalFile&) = delete;

  [[nodiscard]] std::string open(const std::string& path);
  [[nodiscard]] std::string list(const std::string& path, std::vector<flow::JobHistory>& jobs);
  [[nodiscard]] std::string drop(const std::string& path, const Uuid& job);
  // All of it or nothing, and on the disk. `refused` gets the jobs whose entries had an old token, one for
  // each entry.
  [[nodiscard]] std::string write(const Batch& batch, std::vector<Uuid>& refused);
  // What is known of a job, and the newest token that it was opened with.
  [[nodiscard]] std::string load(flow::JobHistory& history, std::uint64_t& token);
  // Removes the journals that nothing has been written to since then.
  [[nodiscard]] std::string sweep(Timestamp before);

 private:
  [[nodiscard]] std::string insert(const flow::JournalRecord& record, std::vector<Uuid>& refused);
  [[nodiscard]] std::string run(std::string_view statement, JournalDatabase::Values parameters = {}) {
    return database_.run(statement, parameters);
  }

  JournalDatabase database_;
  const flow::RowSet& rows_ = database_.rows();  // of what was run last
};

}  // namespace zerver::effects
