// The journal of a service's sagas in a SQLite file, or in a PostgreSQL database.
#pragma once

#include <zerver/core/log.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/saga/log.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// What is appended by all workers meanwhile is written by one thread in one transaction, with one fsync, so
// that no worker waits for a disk. Several processes may share a journal, on one machine a file, on several a
// database: each has a lock that goes with it, so that what a dead one has left behind is taken over by
// exactly one other.
class SagaJournal final : public flow::SagaLog {
 public:
  // `log` is told when the journal cannot be written, and when it can again.
  explicit SagaJournal(Log& log);
  // Writes what is left. The loops of those who wait do not run any more.
  ~SagaJournal() override;
  SagaJournal(const SagaJournal&) = delete;
  SagaJournal& operator=(const SagaJournal&) = delete;

  // The path of a file, which may be written `sqlite:PATH`, for its owner only, with another one with the
  // locks beside it; or `postgres://user@host/database`, tables in its schema `zerver`. Either is made when
  // it is not there. Empty, or what is wrong, without the password: it cannot be written, is damaged, or is
  // no journal.
  [[nodiscard]] std::string open(std::string_view place);

  // What is in a journal that a service may have open: those that are running, too. Empty, or what is wrong.
  [[nodiscard]] static std::string list(std::string_view place, std::vector<flow::SagaHistory>& sagas);

  // Writes what an operator has found out about a saga that waits for one, also while a service has the
  // journal open: its recovery goes on with that at its next look, or at its next start. Run 0: the saga as a
  // whole is done with. Empty, or what is wrong.
  [[nodiscard]] static std::string resolve(std::string_view place, const Uuid& saga, std::uint32_t run,
                                           flow::SagaVerdict verdict);

  // Transactions that have been written.
  std::uint64_t batches() const noexcept;

  std::string_view refuses() const noexcept override;
  bool can_be_taken_over() const noexcept override;
  void append(const flow::SagaRecord& record) noexcept override;
  bool sync(flow::LogSync& sync) noexcept override;
  void abandon(flow::LogSync& sync) noexcept override;
  bool claim(flow::SagaClaim& claim) noexcept override;
  void abandon(flow::SagaClaim& claim) noexcept override;
  void listen(flow::SagaListener* listener, async::Loop* loop) noexcept override;

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace zerver::effects
