#include <zerver/flow/saga/record.h>

#include <algorithm>

namespace zerver::flow {

namespace {

using Status = SagaRun::Status;

void break_at(SagaHistory& history, const SagaRecord& record) {
  if (!history.broken.empty()) return;
  history.broken = "record " + std::to_string(static_cast<unsigned>(record.kind)) + " of run " +
                   std::to_string(record.run) + " does not follow from those before it";
}

}  // namespace

std::string_view name_of(SagaRun::Status status) noexcept {
  switch (status) {
    case Status::kIntended:
      return "begun";
    case Status::kCompleted:
      return "completed";
    case Status::kFailed:
      return "failed";
    case Status::kDoubtful:
      return "in doubt";
    case Status::kUndoing:
      return "undo begun";
    case Status::kUndone:
      return "undone";
    case Status::kStuck:
      return "stuck";
  }
  return {};
}

SagaRecordKind record_of(SagaVerdict verdict) noexcept {
  switch (verdict) {
    case SagaVerdict::kHappened:
      return SagaRecordKind::kCompleted;
    case SagaVerdict::kNotHappened:
      return SagaRecordKind::kFailed;
    case SagaVerdict::kUndone:
      break;
  }
  return SagaRecordKind::kUndone;
}

SagaRun* SagaHistory::find(std::uint32_t run) noexcept {
  const auto found = std::ranges::find(runs, run, &SagaRun::number);
  return found == runs.end() ? nullptr : &*found;
}

void apply(SagaHistory& history, const SagaRecord& record) {
  // Whatever is known since may have changed that.
  if (record.kind != SagaRecordKind::kReleased) history.blocked.clear();
  SagaRun* const run = history.find(record.run);
  switch (record.kind) {
    case SagaRecordKind::kBegan:
      history.id = record.saga;
      history.flow = record.name;
      history.began = record.at;
      return;
    case SagaRecordKind::kIntended:
      if (run != nullptr || record.run == 0) return break_at(history, record);
      history.runs.push_back({.number = record.run,
                              .step = std::string(record.name),
                              .data = std::string(record.data),
                              .why = {},
                              .is_last = record.is_last});
      return;
    case SagaRecordKind::kUnwinding:
      // Behind a commit that could not be made durable in time.
      history.committed = false;
      history.unwinding = true;
      for (SagaRun& each : history.runs) {
        if (each.status == Status::kDoubtful || each.status == Status::kIntended) each.abandoned = true;
      }
      return;
    case SagaRecordKind::kCommitted:
      history.committed = true;
      return;
    case SagaRecordKind::kBlocked:
      history.blocked = record.data;
      return;
    case SagaRecordKind::kDismissed:
      history.dismissed = true;
      return;
    case SagaRecordKind::kReleased:
    case SagaRecordKind::kEnded:
      return;
    default:
      break;
  }
  if (run == nullptr) return break_at(history, record);
  switch (record.kind) {
    case SagaRecordKind::kCompleted: {
      run->status = Status::kCompleted;
      run->data = record.data;
      const auto at = history.runs.begin() + (run - history.runs.data());
      std::rotate(at, at + 1, history.runs.end());
      return;
    }
    case SagaRecordKind::kFailed:
      run->status = Status::kFailed;
      return;
    case SagaRecordKind::kDoubtful:
      run->status = Status::kDoubtful;
      return;
    case SagaRecordKind::kUndoing:
      run->status = Status::kUndoing;
      return;
    case SagaRecordKind::kUndone:
      run->status = Status::kUndone;
      return;
    case SagaRecordKind::kStuck:
      run->status = Status::kStuck;
      run->why = record.data;
      return;
    default:
      return break_at(history, record);
  }
}

}  // namespace zerver::flow
