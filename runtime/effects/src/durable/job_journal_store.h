// Where the journal of durable jobs is kept; for one thread, which may wait.
#pragma once

#include "journal/record_batch.h"
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/job_journal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// Each string is empty, or what is wrong.
class JobJournalStore {
 public:
  using Batch = RecordBatch<flow::JournalRecord>;

  virtual ~JobJournalStore() = default;

  // To be written: makes what is not there.
  [[nodiscard]] virtual std::string open() = 0;
  // All of it or nothing, and durable. `refused` gets the jobs whose entries had an old token, one for each
  // entry.
  [[nodiscard]] virtual std::string write(const Batch& batch, std::vector<Uuid>& refused) = 0;
  // What is known of a job, and the newest token that it was opened with.
  [[nodiscard]] virtual std::string load(flow::JobHistory& history, std::uint64_t& token) = 0;
  // Removes the journals that nothing has been written to since then.
  [[nodiscard]] virtual std::string sweep(Timestamp before) = 0;

  // Without open(), beside services that have it open: the jobs, the oldest first.
  [[nodiscard]] virtual std::string list(std::vector<flow::JobHistory>& jobs) = 0;
  [[nodiscard]] virtual std::string drop(const Uuid& job) = 0;
};

inline constexpr std::string_view kNoSuchJob = "it has no such job";

// `sqlite:PATH` or `postgres://...`; null for another URL.
std::unique_ptr<JobJournalStore> make_job_journal_store(std::string_view url);

}  // namespace zerver::effects
