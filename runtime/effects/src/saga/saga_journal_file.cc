#include "saga_journal_file.h"

#include <algorithm>
#include <utility>

namespace zerver::effects {

namespace {

using flow::SagaRecord;
using flow::SagaRecordKind;
using flow::Value;

constexpr JournalKind kKind{.application = 0x5A535731,  // "ZSW1"
                            .version = 1,
                            .not_ours = "it is a database, but no saga journal"};

Value blob(const Uuid& id) noexcept { return JournalDatabase::blob(id); }
Value text(std::string_view view) noexcept { return JournalDatabase::text(view); }

}  // namespace

SagaJournalFile::SagaJournalFile(std::string path) noexcept : path_(std::move(path)), database_(kKind) {}

std::string SagaJournalFile::open() {
  if (std::string error = database_.open(path_); !error.empty()) return error;
  if (std::string error = locks_.open(path_ + "-owners"); !error.empty()) return error;
  return database_.in_transaction([this] { return create(); });
}

std::string SagaJournalFile::list(std::vector<flow::SagaHistory>& sagas) {
  bool is_empty = false;
  std::string error = database_.open_existing(path_, true, is_empty);
  if (!error.empty() || is_empty) return error;
  error = run("select distinct saga from record");
  if (!error.empty()) return error;
  std::vector<std::string> ids;
  append_ids(ids);
  return read(ids, sagas);
}

std::string SagaJournalFile::resolve(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict) {
  bool is_empty = false;
  if (std::string error = database_.open_existing(path_, false, is_empty); !error.empty()) return error;
  if (is_empty) return std::string(kNoSuchSaga);
  return database_.in_transaction([&] { return insert_verdict(saga, run, verdict); });
}

std::string SagaJournalFile::insert_verdict(const Uuid& saga, std::uint32_t run, flow::SagaVerdict verdict) {
  flow::SagaHistory history;
  history.id = saga;
  if (std::string error = read(history); !error.empty()) return error;
  SagaRecord record;
  if (std::string error = judge(history, run, verdict, record); !error.empty()) return error;
  if (std::string error = this->run("select owner from record where saga = ? limit 1", {blob(saga)});
      !error.empty())
    return error;
  owner_ = rows_.cell(0, 0).integer();
  Batch batch;
  batch.add(record);
  record = {};
  record.saga = saga;
  record.kind = SagaRecordKind::kReleased;
  batch.add(record);
  return insert(batch);
}

std::string SagaJournalFile::create() {
  constexpr std::string_view kTables =
      "create table owner(id integer primary key autoincrement);"
      "create table record(saga blob not null, number integer not null, owner integer not null,"
      "  kind integer not null, run integer not null, is_last integer not null, name text not null,"
      "  data text not null, at integer not null, primary key(saga, number)) without rowid";
  if (std::string error = database_.create(kTables); !error.empty()) return error;
  if (std::string error = run("insert into owner default values returning id"); !error.empty()) return error;
  owner_ = rows_.cell(0, 0).integer();
  if (!locks_.try_lock(owner_)) return "the lock of a new owner is taken";
  if (std::string error = run("select coalesce(max(number), 0) from record"); !error.empty()) return error;
  number_ = rows_.cell(0, 0).integer();
  return {};
}

std::string SagaJournalFile::write(const Batch& batch, SagaWrites& writes) {
  writes = {};
  batch.for_each([&](const SagaRecord& record) {
    writes.releases = writes.releases || record.kind == SagaRecordKind::kReleased;
  });
  return database_.in_transaction([&] { return insert(batch); });
}

std::string SagaJournalFile::insert(const Batch& batch) {
  std::string error;
  batch.for_each([&](const SagaRecord& record) {
    if (error.empty()) error = insert(record);
  });
  return error;
}

std::string SagaJournalFile::insert(const SagaRecord& record) {
  if (record.kind == SagaRecordKind::kEnded)
    return run("delete from record where saga = ?", {blob(record.saga)});
  // Behind all records of the saga, also those that an operator's program has added.
  return run(
      "insert into record values (?1, max(?2, (select coalesce(max(number), 0) + 1 from record where saga = "
      "?1)), "
      "?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      {blob(record.saga), Value(++number_), Value(owner_), Value(static_cast<std::int32_t>(record.kind)),
       Value(record.run), Value(record.is_last), text(record.name), text(record.data),
       Value(record.at.microseconds)});
}

// --- Taking over ---

std::string SagaJournalFile::claim(std::span<const HeldSaga> /*held*/, std::vector<flow::SagaHistory>& sagas,
                                   std::vector<Uuid>& /*lost*/) {
  std::vector<std::int64_t> locked;
  std::vector<std::string> ids;
  std::string error = database_.in_transaction([&] {
    std::string failure = take_dead(locked, ids);
    if (failure.empty()) failure = take_released(ids);
    return failure;
  });
  for (const std::int64_t owner : locked)
    locks_.unlock(owner);
  if (!error.empty()) return error;
  return read(ids, sagas);
}

std::string SagaJournalFile::read(const std::vector<std::string>& ids,
                                  std::vector<flow::SagaHistory>& sagas) {
  for (const std::string& id : ids) {
    flow::SagaHistory history;
    if (!JournalDatabase::parse_id(id, history.id)) {
      history.broken = "the journal has a saga without a name";
    } else if (std::string error = read(history); !error.empty()) {
      return error;
    }
    sagas.push_back(std::move(history));
  }
  return {};
}

void SagaJournalFile::append_ids(std::vector<std::string>& ids) const {
  for (std::size_t row = 0; row < rows_.rows(); ++row)
    ids.emplace_back(rows_.cell(row, 0).text());
}

// The locks are kept until the transaction has ended, so that no other process does the same.
std::string SagaJournalFile::take_dead(std::vector<std::int64_t>& locked, std::vector<std::string>& ids) {
  std::string error = run("select distinct owner from record where owner <> ?", {Value(owner_)});
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const std::int64_t owner = rows_.cell(row, 0).integer();
    if (locks_.try_lock(owner)) locked.push_back(owner);
  }
  for (const std::int64_t owner : locked) {
    error = run("select distinct saga from record where owner = ?", {Value(owner)});
    if (!error.empty()) return error;
    append_ids(ids);
    error = run("delete from record where owner = ? and kind = ?",
                {Value(owner), Value(static_cast<std::int32_t>(SagaRecordKind::kReleased))});
    if (!error.empty()) return error;
    error = run("update record set owner = ? where owner = ?", {Value(owner_), Value(owner)});
    if (!error.empty()) return error;
  }
  // Numbers go on behind those of the other processes.
  error = run("select coalesce(max(number), 0) from record where owner = ?", {Value(owner_)});
  if (error.empty()) number_ = std::max(number_, rows_.cell(0, 0).integer());
  return error;
}

std::string SagaJournalFile::take_released(std::vector<std::string>& ids) {
  const Value released(static_cast<std::int32_t>(SagaRecordKind::kReleased));
  std::string error =
      run("select distinct saga from record where owner = ? and kind = ?", {Value(owner_), released});
  if (!error.empty()) return error;
  append_ids(ids);
  return run("delete from record where owner = ? and kind = ?", {Value(owner_), released});
}

std::string SagaJournalFile::read(flow::SagaHistory& history) {
  std::string error =
      run("select kind, run, is_last, name, data, at from record where saga = ? order by number",
          {blob(history.id)});
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const Value name = rows_.cell(row, 3);
    const Value data = rows_.cell(row, 4);
    follow(history, rows_.cell(row, 0).integer(),
           {.saga = history.id,
            .is_last = rows_.cell(row, 2).integer() != 0,
            .run = static_cast<std::uint32_t>(rows_.cell(row, 1).integer()),
            .name = name.text(),
            .data = data.text(),
            .at = {rows_.cell(row, 5).integer()}});
  }
  return {};
}

}  // namespace zerver::effects
