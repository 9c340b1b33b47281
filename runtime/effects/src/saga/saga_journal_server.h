// The journal of sagas in a PostgreSQL database, in its schema `zerver`.
#pragma once

#include "journal/journal_server.h"
#include "saga_journal_store.h"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

// For several machines. A saga has an owner, the process that may write about it; its row is locked by
// whoever does, and by whoever takes it over, so that each record is of the owner of that moment. An owner is
// alive as long as a session holds its lock; that session is the connection by which it writes.
class SagaJournalServer final : public SagaJournalStore {
 public:
  explicit SagaJournalServer(std::string url);

  bool can_be_taken_over() const noexcept override { return true; }
  [[nodiscard]] std::string open() override;
  [[nodiscard]] std::string write(const Batch& batch, SagaWrites& writes) override;
  [[nodiscard]] std::string claim(std::span<const HeldSaga> held, std::vector<flow::SagaHistory>& sagas,
                                  std::vector<Uuid>& lost) override;
  [[nodiscard]] std::string list(std::vector<flow::SagaHistory>& sagas) override;
  [[nodiscard]] std::string resolve(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict) override;

 private:
  // What a batch has to do, by statement.
  struct Work {
    std::set<Uuid> subjects, began, released, ended;
    std::vector<std::pair<std::int64_t, flow::SagaRecord>> records;  // with their numbers
  };

  [[nodiscard]] std::string join();
  [[nodiscard]] std::string take_lock();
  Work work_of(const Batch& batch) const;
  [[nodiscard]] std::string write(const Work& work, SagaWrites& writes);
  [[nodiscard]] std::string insert(const Work& work);
  [[nodiscard]] std::string take_dead(std::span<const HeldSaga> held, std::vector<Uuid>& taken);
  [[nodiscard]] std::string take_released(std::vector<Uuid>& taken);
  [[nodiscard]] std::string find_lost(std::span<const HeldSaga> held, std::vector<Uuid>& lost);
  [[nodiscard]] std::string read(const std::vector<Uuid>& ids, std::vector<flow::SagaHistory>& sagas);
  [[nodiscard]] std::string read(flow::SagaHistory& history);
  void append_ids(std::vector<Uuid>& ids) const;
  [[nodiscard]] std::string run(std::string_view statement, const postgres::TextValues& values = {}) {
    return server_.run(statement, values);
  }

  JournalServer server_;
  const postgres::TextRows& rows_ = server_.rows();
  std::int64_t owner_ = 0;
  std::int64_t session_ = 0;      // the process of the server that has, or had, the lock
  std::int64_t number_ = 0;       // of the last record that is known to be written
  std::vector<Uuid> unanswered_;  // of a claim that failed: they may have been taken
};

}  // namespace zerver::effects
