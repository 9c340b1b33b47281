#include <zerver/flow/saga/log.h>

#include <utility>

namespace zerver::flow {

void MemorySagaLog::append(const SagaRecord& record) noexcept {
  if (on_append) on_append(record);
  if (frozen_ || taken_.contains(record.saga)) return;
  ++appended_;
  if (record.kind == SagaRecordKind::kEnded) {
    sagas_.erase(record.saga);
    return;
  }
  Entry& entry = sagas_[record.saga];
  apply(entry.history, record);
  if (record.kind != SagaRecordKind::kReleased) return;
  entry.released = true;
  if (listener_ != nullptr) listener_->on_released();
}

bool MemorySagaLog::sync(LogSync& sync) noexcept {
  if (!broken_.empty()) {
    sync.fail(broken_);
  } else if (taken_.contains(sync.subject())) {
    sync.refuse("another process has taken the saga over");
  }
  return true;
}

void MemorySagaLog::abandon(LogSync&) noexcept {}

bool MemorySagaLog::claim(SagaClaim& claim) noexcept {
  claim.sagas.clear();
  claim.lost.assign(taken_.begin(), taken_.end());
  claim.why = broken_;
  if (!broken_.empty()) return true;
  for (auto& [id, entry] : sagas_) {
    if (std::exchange(entry.released, false)) claim.sagas.push_back(entry.history);
  }
  return true;
}

void MemorySagaLog::abandon(SagaClaim&) noexcept {}

void MemorySagaLog::listen(SagaListener* listener, async::Loop*) noexcept { listener_ = listener; }

const SagaHistory* MemorySagaLog::find(const Uuid& saga) const noexcept {
  const auto found = sagas_.find(saga);
  return found == sagas_.end() ? nullptr : &found->second.history;
}

void MemorySagaLog::restart() noexcept {
  frozen_ = false;
  for (auto& [id, entry] : sagas_)
    entry.released = true;
}

}  // namespace zerver::flow
