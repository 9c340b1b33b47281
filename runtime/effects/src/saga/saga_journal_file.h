// The journal of sagas in a SQLite file.
#pragma once

#include "journal/journal_database.h"
#include "owner_lock.h"
#include "saga_journal_store.h"
#include <zerver/flow/saga/record.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// For the processes of a machine. The locks of those who share it are in a file beside it, `PATH-owners`.
class SagaJournalFile final : public SagaJournalStore {
 public:
  explicit SagaJournalFile(std::string path) noexcept;

  // Whoever lives can write, and has its lock.
  bool can_be_taken_over() const noexcept override { return false; }
  [[nodiscard]] std::string open() override;
  [[nodiscard]] std::string write(const Batch& batch, SagaWrites& writes) override;
  [[nodiscard]] std::string claim(std::span<const HeldSaga> held, std::vector<flow::SagaHistory>& sagas,
                                  std::vector<Uuid>& lost) override;
  [[nodiscard]] std::string list(std::vector<flow::SagaHistory>& sagas) override;
  [[nodiscard]] std::string resolve(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict) override;

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

  const std::string path_;
  JournalDatabase database_;
  const flow::RowSet& rows_ = database_.rows();  // of what was run last
  OwnerLocks locks_;
  std::int64_t owner_ = 0;
  std::int64_t number_ = 0;  // of the last record
};

}  // namespace zerver::effects
