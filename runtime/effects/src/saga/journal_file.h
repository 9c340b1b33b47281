// The tables of the journal; for one thread.
#pragma once

#include "journal/journal_database.h"
#include "journal/record_batch.h"
#include "owner_lock.h"
#include <zerver/flow/saga/record.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

class JournalFile {
 public:
  JournalFile() noexcept;
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  using Batch = RecordBatch<flow::SagaRecord>;

  // Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& path);
  // Only to look at it: what is in it, whoever works at that. Empty, or what is wrong.
  [[nodiscard]] std::string list(const std::string& path, std::vector<flow::SagaHistory>& sagas);
  // See SagaJournal::resolve().
  [[nodiscard]] std::string resolve(const std::string& path, const Uuid& saga, std::uint32_t run,
                                    flow::SagaVerdict verdict);
  // All of it or nothing, and on the disk. Empty, or what is wrong. `releases`: one of the records is
  // kReleased.
  [[nodiscard]] std::string write(const Batch& batch, bool& releases);
  // Takes over what nobody works at.
  [[nodiscard]] std::string claim(std::vector<flow::SagaHistory>& sagas);

 private:
  [[nodiscard]] std::string create();
  [[nodiscard]] std::string run(std::string_view statement, JournalDatabase::Values parameters = {}) {
    return database_.run(statement, parameters);
  }
  [[nodiscard]] std::string insert(const Batch& batch);
  [[nodiscard]] std::string insert(const flow::SagaRecord& record);
  [[nodiscard]] std::string insert_verdict(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict);
  [[nodiscard]] std::string take_dead(std::vector<std::int64_t>& locked, std::vector<std::string>& ids);
  [[nodiscard]] std::string take_released(std::vector<std::string>& ids);
  [[nodiscard]] std::string read(const std::vector<std::string>& ids, std::vector<flow::SagaHistory>& sagas);
  [[nodiscard]] std::string read(flow::SagaHistory& history);
  void append_ids(std::vector<std::string>& ids) const;

  JournalDatabase database_;
  const flow::RowSet& rows_ = database_.rows();  // of what was run last
  OwnerLocks locks_;
  std::int64_t owner_ = 0;
  std::int64_t number_ = 0;  // of the last record
};

}  // namespace zerver::effects
