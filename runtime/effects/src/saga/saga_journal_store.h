// Where the journal of sagas is kept; for one thread, which may wait.
#pragma once

#include "journal/record_batch.h"
#include <zerver/core/uuid.h>
#include <zerver/flow/saga/record.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// What has become of a batch.
struct SagaWrites {
  bool releases = false;      // one of the records is kReleased
  std::vector<Uuid> refused;  // somebody else has the saga by now: nothing about it was written
};

// A saga that somebody in this process works at: a flow that has begun it, or the recovery.
struct HeldSaga {
  Uuid saga;
  bool by_flow = false;
};

// Each string is empty, or what is wrong.
class SagaJournalStore {
 public:
  using Batch = RecordBatch<flow::SagaRecord>;

  virtual ~SagaJournalStore() = default;

  // See flow::SagaLog::can_be_taken_over().
  virtual bool can_be_taken_over() const noexcept = 0;
  // To be written: makes what is not there.
  [[nodiscard]] virtual std::string open() = 0;
  // All of it or nothing, and durable. A batch that could not be written is written again, perhaps with more
  // behind it, before any other.
  [[nodiscard]] virtual std::string write(const Batch& batch, SagaWrites& writes) = 0;
  // Takes over what nobody works at, but not what is held. `lost` gets those that the recovery holds and
  // somebody else has; where nothing can be taken over, `held` is not needed.
  [[nodiscard]] virtual std::string claim(std::span<const HeldSaga> held,
                                          std::vector<flow::SagaHistory>& sagas, std::vector<Uuid>& lost) = 0;

  // Without open(), beside services that have it open.
  [[nodiscard]] virtual std::string list(std::vector<flow::SagaHistory>& sagas) = 0;
  // See SagaJournal::resolve().
  [[nodiscard]] virtual std::string resolve(const Uuid& saga, std::uint32_t run,
                                            flow::SagaVerdict verdict) = 0;
};

inline constexpr std::string_view kNoSuchSaga = "it has no such saga";

// A database for `postgres://...`, else a file, which may be written `sqlite:PATH`.
std::unique_ptr<SagaJournalStore> make_saga_journal_store(std::string_view place);

// Adds a record whose kind is what is stored.
void follow(flow::SagaHistory& history, std::int64_t kind, flow::SagaRecord record);
// The record of an operator's verdict, whose texts are those of `history`. Empty, or why there is none.
[[nodiscard]] std::string judge(flow::SagaHistory& history, std::uint32_t run, flow::SagaVerdict verdict,
                                flow::SagaRecord& record);

}  // namespace zerver::effects
