// What the journal knows of a saga: records as they are written, and the state that they add up to.
#pragma once

#include <zerver/core/time.h>
#include <zerver/core/uuid.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::flow {

// The numbers are stored: they are never reused.
enum class SagaRecordKind : std::uint8_t {
  kBegan = 1,      // `name` is the flow
  kIntended = 2,   // the step `name` is about to run; `data` is what has been captured before it
  kCompleted = 3,  // the run has done what it should; `data` has what it wrote, too
  kFailed = 4,     // the run has not happened, or has been found not to have
  kDoubtful = 5,   // the run has ended without saying whether it has happened
  kUnwinding = 6,  // the saga has ended early: what has completed is being undone
  kUndoing = 7,    // the undo of the run is about to run, and must not run twice
  kUndone = 8,
  kStuck = 9,       // the undo has failed, `data` says why; it is tried again
  kCommitted = 10,  // the saga has completed: nothing of it is undone any more
  kReleased = 11,   // the flow has ended, what is left is for the recovery
  kEnded = 12,      // nothing is left: the log forgets the saga
  kBlocked = 13,    // the recovery can do nothing more about it, `data` says why: it waits for an operator
  kDismissed = 14,  // an operator is done with the saga as a whole
};

// What an operator has found out about a run.
enum class SagaVerdict : std::uint8_t { kHappened, kNotHappened, kUndone };
// The record that says so.
SagaRecordKind record_of(SagaVerdict verdict) noexcept;

// One line of the journal. A view: the log keeps copies.
struct SagaRecord {
  Uuid saga;
  SagaRecordKind kind = SagaRecordKind::kBegan;
  bool is_last = false;   // kIntended: no write of the saga comes behind this one
  std::uint32_t run = 0;  // from 1 within the saga; 0 where the record is about the whole of it
  std::string_view name;
  std::string_view data;
  Timestamp at;
};

// One run of one step.
struct SagaRun {
  enum class Status : std::uint8_t { kIntended, kCompleted, kFailed, kDoubtful, kUndoing, kUndone, kStuck };

  std::uint32_t number = 0;
  std::string step;  // qualified
  std::string data;  // JSON: what was captured
  std::string why;   // of kStuck
  Status status = Status::kIntended;
  bool is_last = false;
  bool abandoned = false;  // the saga was unwound when the run was in doubt: it is not done again
};
std::string_view name_of(SagaRun::Status status) noexcept;

// All that is known of one saga.
struct SagaHistory {
  Uuid id;
  std::string flow;  // qualified
  Timestamp began;
  bool committed = false;
  bool unwinding = false;
  bool dismissed = false;
  std::string blocked;  // why it waits for an operator; empty: it does not, or nobody has found out yet
  std::string broken;   // why the records cannot be followed; empty when they can
  std::vector<SagaRun>
      runs;  // completed ones in the order in which they completed, behind those begun before

  SagaRun* find(std::uint32_t run) noexcept;
};

// What the record adds. One that does not fit makes the history `broken`.
void apply(SagaHistory& history, const SagaRecord& record);

}  // namespace zerver::flow
