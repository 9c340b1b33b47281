#include "job_journal_server.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace zerver::effects {

namespace {

using flow::JournalRecord;
using flow::JournalRecordKind;
using postgres::ArrayText;
using postgres::TextValues;

// Times are microseconds since 1970, by the clocks of those who write.
constexpr ServerTables kServerTables{
    .create =
        "create table if not exists zerver.journal_version(version integer not null);"
        "insert into zerver.journal_version select 1 where not exists (select 1 from zerver.journal_version);"
        "create table if not exists zerver.journal_job("
        "  id uuid primary key, name text not null, shape text not null, token bigint not null,"
        "  parked boolean not null, began bigint not null, touched bigint not null);"
        "create table if not exists zerver.journal_entry("
        "  number bigint generated always as identity primary key, job uuid not null,"
        "  continuation text not null, data bytea not null, at bigint not null, unique (job, continuation));",
    .version = "select version from zerver.journal_version",
    .find = "select 1 where to_regclass('zerver.journal_job') is not null"};

// In the same order by all who write, so that none of them waits for one that waits for it.
constexpr std::string_view kLock =
    "select 1 from zerver.journal_job where id = any($1::uuid[]) order by id for update";

constexpr std::string_view kOpened =
    "insert into zerver.journal_job as job"
    " select id, name, shape, token, false, at, at"
    " from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) with ordinality"
    "  as new(id, token, name, shape, at, place) order by place"
    " on conflict (id) do update set token = excluded.token, parked = false, touched = excluded.touched"
    " where excluded.token >= job.token";

constexpr std::string_view kEntries =
    "insert into zerver.journal_entry(job, continuation, data, at)"
    " select new.job, new.continuation, new.data, new.at"
    " from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $5::bigint[]) with ordinality"
    "  as new(job, token, continuation, data, at, place)"
    " join zerver.journal_job as job on job.id = new.job and job.token = new.token order by new.place"
    " on conflict (job, continuation) do update set at = excluded.at returning job, continuation";

constexpr std::string_view kParked =
    "update zerver.journal_job as job set token = 0, parked = true, touched = ended.at"
    " from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as ended(id, token, at)"
    " where job.id = ended.id and job.token <= ended.token";

constexpr std::string_view kDropped =
    "with gone as (delete from zerver.journal_job as job"
    "  using unnest($1::uuid[], $2::bigint[], $3::bigint[]) as ended(id, token, at)"
    "  where job.id = ended.id and job.token = ended.token returning job.id)"
    " delete from zerver.journal_entry as entry using gone where entry.job = gone.id";

constexpr std::string_view kSweep =
    "with gone as (delete from zerver.journal_job as job where touched < $1::bigint and not exists"
    "  (select 1 from zerver.journal_entry as entry where entry.job = job.id and entry.at >= $1::bigint)"
    "  returning id)"
    " delete from zerver.journal_entry as entry using gone where entry.job = gone.id";

constexpr std::string_view kJob =
    "select name, shape, token, parked::int, began, touched from zerver.journal_job where id = $1";
constexpr std::string_view kEntriesOf =
    "select continuation, data, at from zerver.journal_entry where job = $1 order by number";
constexpr std::string_view kJobs = "select id from zerver.journal_job order by began, id";
constexpr std::string_view kDropOne =
    "with gone as (delete from zerver.journal_job where id = $1 returning id),"
    " done as (delete from zerver.journal_entry as entry using gone where entry.job = gone.id)"
    " select 1 from gone";

std::string text_of_id(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}

std::int64_t token_number(const JournalRecord& record) noexcept {
  return static_cast<std::int64_t>(record.token);
}

}  // namespace

JobJournalServer::JobJournalServer(std::string url) : server_(std::move(url), kServerTables) {}

std::string JobJournalServer::open() {
  std::string error = server_.connect();
  return error.empty() ? server_.create_tables() : error;
}

// --- Writing ---

// What is about one job keeps its order; beyond that, records of a kind are written together.
std::vector<JobJournalServer::Round> JobJournalServer::rounds_of(const Batch& batch) {
  struct Last {
    std::size_t round = 0;
    JournalRecordKind kind = JournalRecordKind::kOpened;
    std::uint64_t token = 0;
  };
  std::map<Uuid, Last> last;
  std::vector<Round> rounds(1);
  batch.for_each([&](const JournalRecord& record) {
    const auto [known, is_first] = last.try_emplace(record.job);
    Last& before = known->second;
    const bool goes_together = record.kind > before.kind ||
                               (record.kind == JournalRecordKind::kEntry &&
                                before.kind == JournalRecordKind::kEntry && record.token == before.token);
    if (!is_first && !goes_together) ++before.round;
    before.kind = record.kind;
    before.token = record.token;
    if (before.round == rounds.size()) rounds.emplace_back();
    Round& round = rounds[before.round];
    Records& records = record.kind == JournalRecordKind::kOpened   ? round.opened
                       : record.kind == JournalRecordKind::kEntry  ? round.entries
                       : record.kind == JournalRecordKind::kParked ? round.parked
                                                                   : round.dropped;
    records.push_back(record);
  });
  return rounds;
}

std::string JobJournalServer::write(const Batch& batch, std::vector<Uuid>& refused) {
  std::vector<Round> rounds = rounds_of(batch);
  if (std::string error = server_.connect(); !error.empty()) return error;
  return server_.in_transaction([&] {
    refused.clear();
    std::string error = lock(batch);
    for (auto round = rounds.begin(); error.empty() && round != rounds.end(); ++round)
      error = write_round(*round, refused);
    return error;
  });
}

std::string JobJournalServer::lock(const Batch& batch) {
  std::set<Uuid> jobs;
  batch.for_each([&](const JournalRecord& record) { jobs.insert(record.job); });
  ArrayText ids;
  for (const Uuid& job : jobs)
    ids.text(text_of_id(job));
  return run(kLock, TextValues().text(ids.take()));
}

std::string JobJournalServer::write_round(Round& round, std::vector<Uuid>& refused) {
  std::ranges::sort(round.opened, {}, &JournalRecord::job);
  std::string error = write_opened(round.opened);
  if (error.empty()) error = write_entries(round.entries, refused);
  if (error.empty()) error = write_ends(kParked, round.parked);
  if (error.empty()) error = write_ends(kDropped, round.dropped);
  return error;
}

std::string JobJournalServer::write_opened(const Records& records) {
  if (records.empty()) return {};
  ArrayText ids, tokens, names, shapes, times;
  for (const JournalRecord& record : records) {
    ids.text(text_of_id(record.job));
    tokens.number(token_number(record));
    names.text(record.name);
    shapes.text(record.data);
    times.number(record.at.microseconds);
  }
  return run(kOpened, TextValues()
                          .text(ids.take())
                          .text(tokens.take())
                          .text(names.take())
                          .text(shapes.take())
                          .text(times.take()));
}

std::string JobJournalServer::write_entries(const Records& records, std::vector<Uuid>& refused) {
  if (records.empty()) return {};
  ArrayText ids, tokens, continuations, data, times;
  std::set<std::pair<std::string, std::string>> missing;
  for (const JournalRecord& record : records) {
    if (!missing.emplace(text_of_id(record.job), record.name).second) continue;
    ids.text(text_of_id(record.job));
    tokens.number(token_number(record));
    continuations.text(record.name);
    data.bytes(record.data);
    times.number(record.at.microseconds);
  }
  std::string error = run(kEntries, TextValues()
                                        .text(ids.take())
                                        .text(tokens.take())
                                        .text(continuations.take())
                                        .text(data.take())
                                        .text(times.take()));
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    missing.erase({std::string(rows_.text(row, 0)), std::string(rows_.text(row, 1))});
  for (const auto& [job, continuation] : missing)
    if (const std::optional<Uuid> id = Uuid::parse(job)) refused.push_back(*id);
  return {};
}

std::string JobJournalServer::write_ends(std::string_view statement, const Records& records) {
  if (records.empty()) return {};
  ArrayText ids, tokens, times;
  for (const JournalRecord& record : records) {
    ids.text(text_of_id(record.job));
    tokens.number(token_number(record));
    times.number(record.at.microseconds);
  }
  return run(statement, TextValues().text(ids.take()).text(tokens.take()).text(times.take()));
}

// --- Reading ---

std::string JobJournalServer::load(flow::JobHistory& history, std::uint64_t& token) {
  const TextValues id = TextValues().text(text_of_id(history.id));
  std::string error = server_.connect();
  if (error.empty()) error = run(kJob, id);
  if (!error.empty() || rows_.size() == 0) return error;
  history.job = rows_.text(0, 0);
  history.shape = rows_.text(0, 1);
  token = static_cast<std::uint64_t>(rows_.integer(0, 2));
  history.parked = rows_.integer(0, 3) != 0;
  history.began = {rows_.integer(0, 4)};
  history.touched = {rows_.integer(0, 5)};
  error = run(kEntriesOf, id);
  if (!error.empty()) return error;
  history.entries.clear();
  history.entries.reserve(rows_.size());
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    history.entries.push_back({std::string(rows_.text(row, 0)), rows_.bytes(row, 1)});
    history.touched = std::max(history.touched, Timestamp{rows_.integer(row, 2)});
  }
  return {};
}

std::string JobJournalServer::sweep(Timestamp before) {
  std::string error = server_.connect();
  return error.empty() ? run(kSweep, TextValues().number(before.microseconds)) : error;
}

// --- For people ---

std::string JobJournalServer::list(std::vector<flow::JobHistory>& jobs) {
  bool are_there = false;
  std::string error = server_.find_tables(are_there);
  if (!are_there) return error;
  error = run(kJobs);
  if (!error.empty()) return error;
  std::vector<Uuid> ids;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    if (const std::optional<Uuid> id = Uuid::parse(rows_.text(row, 0))) ids.push_back(*id);
  for (const Uuid& id : ids) {
    flow::JobHistory history;
    history.id = id;
    std::uint64_t token = 0;
    if (error = load(history, token); !error.empty()) return error;
    if (!history.job.empty()) jobs.push_back(std::move(history));  // else it has ended meanwhile
  }
  return {};
}

std::string JobJournalServer::drop(const Uuid& job) {
  bool are_there = false;
  if (std::string error = server_.find_tables(are_there); !error.empty()) return error;
  if (!are_there) return std::string(kNoSuchJob);
  if (std::string error = run(kDropOne, TextValues().text(text_of_id(job))); !error.empty()) return error;
  return rows_.size() == 0 ? std::string(kNoSuchJob) : std::string();
}

}  // namespace zerver::effects
