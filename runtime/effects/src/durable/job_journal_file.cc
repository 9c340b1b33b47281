#include "job_journal_file.h"

#include <algorithm>
#include <utility>

namespace zerver::effects {

namespace {

using flow::JournalRecord;
using flow::JournalRecordKind;
using flow::Value;

constexpr JournalKind kKind{.application = 0x5A4A4A31,  // "ZJJ1"
                            .version = 1,
                            .not_ours = "it is a database, but no journal of jobs"};

constexpr std::string_view kTables =
    "create table job(id blob primary key, name text not null, shape text not null, token integer not null,"
    "  parked integer not null, began integer not null, touched integer not null) without rowid;"
    "create table entry(number integer primary key, job blob not null, continuation text not null,"
    "  data text not null, at integer not null, unique(job, continuation))";

Value token_of(const JournalRecord& record) noexcept {
  return Value(static_cast<std::int64_t>(record.token));
}

}  // namespace

JobJournalFile::JobJournalFile(std::string path) noexcept : path_(std::move(path)), database_(kKind) {}

std::string JobJournalFile::open() {
  if (std::string error = database_.open(path_); !error.empty()) return error;
  return database_.in_transaction([this] { return database_.create(kTables); });
}

std::string JobJournalFile::list(std::vector<flow::JobHistory>& jobs) {
  bool is_empty = false;
  std::string error = database_.open_existing(path_, true, is_empty);
  if (!error.empty() || is_empty) return error;
  error = run("select id from job order by began, id");
  if (!error.empty()) return error;
  std::vector<Uuid> ids;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    Uuid id;
    if (JournalDatabase::parse_id(rows_.cell(row, 0).text(), id)) ids.push_back(id);
  }
  for (const Uuid& id : ids) {
    flow::JobHistory history;
    history.id = id;
    std::uint64_t token = 0;
    if (error = load(history, token); !error.empty()) return error;
    jobs.push_back(std::move(history));
  }
  return {};
}

std::string JobJournalFile::drop(const Uuid& job) {
  bool is_empty = false;
  std::string error = database_.open_existing(path_, false, is_empty);
  if (!error.empty()) return error;
  if (is_empty) return std::string(kNoSuchJob);
  return database_.in_transaction([&] {
    std::string failure = run("delete from entry where job = ?", {JournalDatabase::blob(job)});
    if (failure.empty())
      failure = run("delete from job where id = ? returning 1", {JournalDatabase::blob(job)});
    if (failure.empty() && rows_.rows() == 0) failure = kNoSuchJob;
    return failure;
  });
}

std::string JobJournalFile::write(const Batch& batch, std::vector<Uuid>& refused) {
  refused.clear();
  return database_.in_transaction([&] {
    std::string error;
    batch.for_each([&](const JournalRecord& record) {
      if (error.empty()) error = insert(record, refused);
    });
    return error;
  });
}

std::string JobJournalFile::insert(const JournalRecord& record, std::vector<Uuid>& refused) {
  const Value job = JournalDatabase::blob(record.job);
  const Value at(record.at.microseconds);
  switch (record.kind) {
    case JournalRecordKind::kOpened:
      return run(
          "insert into job values (?1, ?2, ?3, ?4, 0, ?5, ?5) on conflict (id) do update"
          " set token = excluded.token, parked = 0, touched = excluded.touched"
          " where excluded.token >= token",
          {job, JournalDatabase::text(record.name), JournalDatabase::text(record.data), token_of(record),
           at});
    case JournalRecordKind::kEntry: {
      std::string error =
          run("insert into entry (job, continuation, data, at) select ?1, ?2, ?3, ?4"
              " where exists (select 1 from job where id = ?1 and token = ?5)"
              " on conflict (job, continuation) do update set at = excluded.at returning 1",
              {job, JournalDatabase::text(record.name), JournalDatabase::text(record.data), at,
               token_of(record)});
      if (error.empty() && rows_.rows() == 0) refused.push_back(record.job);
      return error;
    }
    case JournalRecordKind::kParked:
      return run("update job set token = 0, parked = 1, touched = ?3 where id = ?1 and token <= ?2",
                 {job, token_of(record), at});
    case JournalRecordKind::kDropped: {
      std::string error =
          run("delete from entry where job = ?1 and exists (select 1 from job where id = ?1 and token = ?2)",
              {job, token_of(record)});
      if (error.empty()) error = run("delete from job where id = ? and token = ?", {job, token_of(record)});
      return error;
    }
  }
  return "a record of an unknown kind";
}

std::string JobJournalFile::load(flow::JobHistory& history, std::uint64_t& token) {
  const Value id = JournalDatabase::blob(history.id);
  std::string error = run("select name, shape, token, parked, began, touched from job where id = ?", {id});
  if (!error.empty() || rows_.rows() == 0) return error;
  history.job = rows_.cell(0, 0).text();
  history.shape = rows_.cell(0, 1).text();
  token = static_cast<std::uint64_t>(rows_.cell(0, 2).integer());
  history.parked = rows_.cell(0, 3).integer() != 0;
  history.began = {rows_.cell(0, 4).integer()};
  history.touched = {rows_.cell(0, 5).integer()};
  error = run("select continuation, data, at from entry where job = ? order by number", {id});
  if (!error.empty()) return error;
  history.entries.clear();
  history.entries.reserve(rows_.rows());
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const Value continuation = rows_.cell(row, 0);
    const Value data = rows_.cell(row, 1);
    history.entries.push_back({std::string(continuation.text()), std::string(data.text())});
    history.touched = std::max(history.touched, Timestamp{rows_.cell(row, 2).integer()});
  }
  return {};
}

std::string JobJournalFile::sweep(Timestamp before) {
  return database_.in_transaction([&] {
    const Value until(before.microseconds);
    std::string error =
        run("delete from job where touched < ?1"
            " and not exists (select 1 from entry where entry.job = job.id and entry.at >= ?1)",
            {until});
    if (error.empty()) error = run("delete from entry where job not in (select id from job)");
    return error;
  });
}

}  // namespace zerver::effects
