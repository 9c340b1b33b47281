#include "saga_journal_store.h"

#include "journal/journal_server.h"
#include "saga_journal_file.h"
#include "saga_journal_server.h"

namespace zerver::effects {

using flow::SagaRecordKind;

std::unique_ptr<SagaJournalStore> make_saga_journal_store(std::string_view place) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (is_server_url(place)) return std::make_unique<SagaJournalServer>(std::string(place));
  if (place.starts_with(kSqlite)) place.remove_prefix(kSqlite.size());
  return std::make_unique<SagaJournalFile>(std::string(place));
}

void follow(flow::SagaHistory& history, std::int64_t kind, flow::SagaRecord record) {
  if (kind < 1 || kind > static_cast<std::int64_t>(SagaRecordKind::kDismissed)) {
    history.broken = "the journal has a record of an unknown kind";
    return;
  }
  record.kind = static_cast<SagaRecordKind>(kind);
  flow::apply(history, record);
}

std::string judge(flow::SagaHistory& history, std::uint32_t run, flow::SagaVerdict verdict,
                  flow::SagaRecord& record) {
  if (history.flow.empty()) return std::string(kNoSuchSaga);
  if (history.blocked.empty()) return "the saga does not wait for an operator";
  const flow::SagaRun* const found = history.find(run);
  if (run != 0 && found == nullptr) return "the saga has no run " + std::to_string(run);
  record = {};
  record.saga = history.id;
  record.kind = SagaRecordKind::kDismissed;
  if (found != nullptr) {
    record.kind = flow::record_of(verdict);
    record.run = run;
    record.data = found->data;
  }
  return {};
}

}  // namespace zerver::effects
