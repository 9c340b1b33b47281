#include "saga_journal_server.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace zerver::effects {

namespace {

using flow::SagaRecord;
using flow::SagaRecordKind;
using postgres::ArrayText;
using postgres::TextValues;

// Times are microseconds since 1970, by the clocks of those who write. `place` is the order within a saga, as
// its row is locked meanwhile. `writer` and `number` say whether a record is there already; an operator's
// program is writer 0.
constexpr ServerTables kSagaTables{
    .create =
        "create table if not exists zerver.saga_version(version integer not null);"
        "insert into zerver.saga_version select 1 where not exists (select 1 from zerver.saga_version);"
        "create sequence if not exists zerver.saga_owner_id as integer;"
        "create table if not exists zerver.saga_owner("
        "  id integer primary key, locked timestamptz not null);"
        "create table if not exists zerver.saga("
        "  id uuid primary key, owner integer not null, released boolean not null);"
        "create index if not exists saga_by_owner on zerver.saga(owner);"
        "create table if not exists zerver.saga_record("
        "  place bigint generated always as identity, saga uuid not null, writer integer not null,"
        "  number bigint not null, kind smallint not null, run bigint not null,"
        "  is_last boolean not null, name text not null, data bytea not null, at bigint not null,"
        "  primary key (saga, writer, number));",
    .version = "select version from zerver.saga_version",
    .find = "select 1 where to_regclass('zerver.saga_record') is not null"};

// --- Owners ---

// A machine that is gone says nothing: its session, and with it the lock, is to end nevertheless. One that
// has nothing to do is to stay.
constexpr std::string_view kSession =
    "select set_config(name, wanted.value, false) from pg_settings join (values"
    " ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'),"
    " ('tcp_user_timeout', '10000'), ('idle_session_timeout', '0'), ('lock_timeout', '0')"
    ") as wanted(name, value) using (name)";

// The two numbers of an owner's lock are this one ("ZSAG") and its own.
constexpr std::string_view kLockOwner =
    "select pg_advisory_lock(1515405639, $1::int)::text, pg_backend_pid()";

// The connection was lost, and the server has not noticed yet.
constexpr std::string_view kEndOldSession =
    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
    " and database = (select oid from pg_database where datname = current_database())"
    " and classid = 1515405639 and objid = $1::int::oid and pid = $2::int";

constexpr std::string_view kNoteOwner =
    "insert into zerver.saga_owner values ($1::int, clock_timestamp())"
    " on conflict (id) do update set locked = excluded.locked";

// With a server that has just begun all sessions are gone, whoever had them: they get the time in which each
// of them looks for what there is to claim, and takes its lock again.
constexpr std::string_view kDeadOwners =
    "select id from zerver.saga_owner where id <> $1::int and (locked >= pg_postmaster_start_time()"
    "  or clock_timestamp() > pg_postmaster_start_time() + interval '45 seconds')"
    " and pg_try_advisory_xact_lock(1515405639, id)";

constexpr std::string_view kForgetOwners =
    "delete from zerver.saga_owner as owner where id = any($1::int[])"
    " and not exists (select 1 from zerver.saga as saga where saga.owner = owner.id)";

// --- Sagas: whoever locks several does so in the same order ---

constexpr std::string_view kBegin =
    "insert into zerver.saga select id, $2::int, false from unnest($1::uuid[]) as new(id) order by id"
    " on conflict (id) do nothing";

constexpr std::string_view kLockOwn =
    "select id from zerver.saga where id = any($1::uuid[]) and owner = $2::int order by id for update";

constexpr std::string_view kInsert =
    "insert into zerver.saga_record(saga, writer, number, kind, run, is_last, name, data, at)"
    " select new.saga, $1::int, new.number, new.kind, new.run, new.is_last, new.name, new.data, new.at"
    " from unnest($2::uuid[], $3::bigint[], $4::smallint[], $5::bigint[], $6::boolean[], $7::text[],"
    "  $8::bytea[], $9::bigint[]) with ordinality"
    "  as new(saga, number, kind, run, is_last, name, data, at, place)"
    " join zerver.saga as saga on saga.id = new.saga and saga.owner = $1::int order by new.place"
    " on conflict (saga, writer, number) do nothing";

constexpr std::string_view kRelease =
    "update zerver.saga set released = true where id = any($1::uuid[]) and owner = $2::int";

constexpr std::string_view kEnd =
    "with gone as (delete from zerver.saga where id = any($1::uuid[]) and owner = $2::int returning id)"
    " delete from zerver.saga_record as record using gone where record.saga = gone.id";

constexpr std::string_view kTakeDead =
    "with dead as (select id from zerver.saga where owner = any($2::int[]) and id <> all($3::uuid[])"
    "  order by id for update)"
    " update zerver.saga as saga set owner = $1::int, released = false from dead where saga.id = dead.id"
    " returning saga.id";

constexpr std::string_view kTakeReleased =
    "with free as (select id from zerver.saga where owner = $1::int and (released or id = any($2::uuid[]))"
    "  order by id for update)"
    " update zerver.saga as saga set released = false from free where saga.id = free.id returning saga.id";

constexpr std::string_view kLost =
    "select held.id from unnest($1::uuid[]) as held(id) where not exists"
    " (select 1 from zerver.saga as saga where saga.id = held.id and saga.owner = $2::int)";

constexpr std::string_view kSagas = "select saga from zerver.saga_record group by saga order by min(place)";
constexpr std::string_view kRecords =
    "select kind, run, is_last::int, name, data, at from zerver.saga_record where saga = $1::uuid order by "
    "place";

// --- An operator ---

constexpr std::string_view kLockAny = "select 1 from zerver.saga where id = $1::uuid for update";
constexpr std::string_view kVerdict =
    "with judged as (update zerver.saga set released = true where id = $1::uuid)"
    " insert into zerver.saga_record(saga, writer, number, kind, run, is_last, name, data, at)"
    " select $1::uuid, 0, coalesce(max(number), 0) + 1, $2::smallint, $3::bigint, false, '', $4::bytea, 0"
    " from zerver.saga_record where saga = $1::uuid and writer = 0";

std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}

template <class Ids> std::string array_of(const Ids& ids) {
  ArrayText array;
  for (const Uuid& id : ids)
    array.text(text_of(id));
  return array.take();
}

}  // namespace

SagaJournalServer::SagaJournalServer(std::string url) : server_(std::move(url), kSagaTables) {}

// --- The connection ---

std::string SagaJournalServer::open() {
  std::string error = server_.connect();
  if (error.empty()) error = server_.create_tables();
  if (error.empty()) error = run("select nextval('zerver.saga_owner_id')");
  if (!error.empty()) return error;
  owner_ = rows_.integer(0, 0);
  server_.disconnect();
  return join();
}

// Nothing is written by a connection that has not the lock.
std::string SagaJournalServer::join() {
  if (server_.is_connected()) return {};
  std::string error = server_.connect();
  if (error.empty()) error = take_lock();
  if (!error.empty()) server_.disconnect();
  return error;
}

std::string SagaJournalServer::take_lock() {
  const TextValues owner = TextValues().number(owner_);
  std::string error = run(kSession);
  if (error.empty() && session_ != 0)
    error = run(kEndOldSession, TextValues().number(owner_).number(session_));
  if (error.empty()) error = run(kLockOwner, owner);
  if (!error.empty()) return error;
  session_ = rows_.integer(0, 1);
  return run(kNoteOwner, owner);
}

// --- Writing ---

SagaJournalServer::Work SagaJournalServer::work_of(const Batch& batch) const {
  Work work;
  std::int64_t number = number_;
  batch.for_each([&](const SagaRecord& record) {
    // The same one when the batch is written again.
    ++number;
    work.subjects.insert(record.saga);
    switch (record.kind) {
      case SagaRecordKind::kReleased:
        work.released.insert(record.saga);
        return;
      case SagaRecordKind::kEnded:
        work.ended.insert(record.saga);
        return;
      case SagaRecordKind::kBegan:
        work.began.insert(record.saga);
        break;
      default:
        break;
    }
    work.records.emplace_back(number, record);
  });
  std::erase_if(work.records, [&](const auto& each) { return work.ended.contains(each.second.saga); });
  return work;
}

std::string SagaJournalServer::write(const Batch& batch, SagaWrites& writes) {
  const Work work = work_of(batch);
  std::string error = join();
  if (error.empty()) error = server_.in_transaction([&] { return write(work, writes); });
  if (error.empty()) batch.for_each([this](const SagaRecord&) { ++number_; });
  return error;
}

std::string SagaJournalServer::write(const Work& work, SagaWrites& writes) {
  writes.releases = !work.released.empty();
  writes.refused.clear();
  std::string error;
  if (!work.began.empty()) error = run(kBegin, TextValues().text(array_of(work.began)).number(owner_));
  if (error.empty()) error = run(kLockOwn, TextValues().text(array_of(work.subjects)).number(owner_));
  if (!error.empty()) return error;
  std::vector<Uuid> own;
  append_ids(own);
  std::ranges::sort(own);
  std::ranges::set_difference(work.subjects, own, std::back_inserter(writes.refused));
  if (!work.records.empty()) error = insert(work);
  if (error.empty() && !work.released.empty())
    error = run(kRelease, TextValues().text(array_of(work.released)).number(owner_));
  if (error.empty() && !work.ended.empty())
    error = run(kEnd, TextValues().text(array_of(work.ended)).number(owner_));
  return error;
}

std::string SagaJournalServer::insert(const Work& work) {
  ArrayText sagas, numbers, kinds, runs, lasts, names, data, times;
  for (const auto& [number, record] : work.records) {
    sagas.text(text_of(record.saga));
    numbers.number(number);
    kinds.number(static_cast<std::int64_t>(record.kind));
    runs.number(record.run);
    lasts.text(record.is_last ? "t" : "f");
    names.text(record.name);
    data.bytes(record.data);
    times.number(record.at.microseconds);
  }
  return run(kInsert, TextValues()
                          .number(owner_)
                          .text(sagas.take())
                          .text(numbers.take())
                          .text(kinds.take())
                          .text(runs.take())
                          .text(lasts.take())
                          .text(names.take())
                          .text(data.take())
                          .text(times.take()));
}

// --- Taking over ---

std::string SagaJournalServer::claim(std::span<const HeldSaga> held, std::vector<flow::SagaHistory>& sagas,
                                     std::vector<Uuid>& lost) {
  std::string error = join();
  if (!error.empty()) return error;
  std::vector<Uuid> taken;
  error = server_.in_transaction([&] {
    std::string failure = take_released(taken);
    if (failure.empty()) failure = take_dead(held, taken);
    if (failure.empty()) failure = find_lost(held, lost);
    if (failure.empty()) failure = read(taken, sagas);
    unanswered_.insert(unanswered_.end(), taken.begin(), taken.end());
    return failure;
  });
  if (error.empty()) unanswered_.clear();
  return error;
}

std::string SagaJournalServer::take_released(std::vector<Uuid>& taken) {
  std::string error = run(kTakeReleased, TextValues().number(owner_).text(array_of(unanswered_)));
  if (error.empty()) append_ids(taken);
  return error;
}

// The locks go with the transaction, so that no other process does the same.
std::string SagaJournalServer::take_dead(std::span<const HeldSaga> held, std::vector<Uuid>& taken) {
  std::string error = run(kDeadOwners, TextValues().number(owner_));
  if (!error.empty() || rows_.size() == 0) return error;
  ArrayText owners;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    owners.number(rows_.integer(row, 0));
  const std::string dead = owners.take();
  ArrayText busy;
  for (const HeldSaga& each : held)
    busy.text(text_of(each.saga));
  error = run(kTakeDead, TextValues().number(owner_).text(dead).text(busy.take()));
  if (!error.empty()) return error;
  append_ids(taken);
  return run(kForgetOwners, TextValues().text(dead));
}

std::string SagaJournalServer::find_lost(std::span<const HeldSaga> held, std::vector<Uuid>& lost) {
  // What a flow holds may not have been written yet.
  ArrayText recovered;
  bool any = false;
  for (const HeldSaga& each : held) {
    if (each.by_flow) continue;
    recovered.text(text_of(each.saga));
    any = true;
  }
  if (!any) return {};
  std::string error = run(kLost, TextValues().text(recovered.take()).number(owner_));
  if (error.empty()) append_ids(lost);
  return error;
}

void SagaJournalServer::append_ids(std::vector<Uuid>& ids) const {
  for (std::size_t row = 0; row < rows_.size(); ++row)
    if (const std::optional<Uuid> id = Uuid::parse(rows_.text(row, 0))) ids.push_back(*id);
}

// --- Reading ---

std::string SagaJournalServer::read(const std::vector<Uuid>& ids, std::vector<flow::SagaHistory>& sagas) {
  for (const Uuid& id : ids) {
    flow::SagaHistory history;
    history.id = id;
    if (std::string error = read(history); !error.empty()) return error;
    sagas.push_back(std::move(history));
  }
  return {};
}

std::string SagaJournalServer::read(flow::SagaHistory& history) {
  std::string error = run(kRecords, TextValues().text(text_of(history.id)));
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    const std::string data = rows_.bytes(row, 4);
    follow(history, rows_.integer(row, 0),
           {.saga = history.id,
            .is_last = rows_.integer(row, 2) != 0,
            .run = static_cast<std::uint32_t>(rows_.integer(row, 1)),
            .name = rows_.text(row, 3),
            .data = data,
            .at = {rows_.integer(row, 5)}});
  }
  return {};
}

// --- For people ---

std::string SagaJournalServer::list(std::vector<flow::SagaHistory>& sagas) {
  bool are_there = false;
  std::string error = server_.find_tables(are_there);
  if (!are_there) return error;
  if (error = run(kSagas); !error.empty()) return error;
  std::vector<Uuid> ids;
  append_ids(ids);
  if (error = read(ids, sagas); !error.empty()) return error;
  std::erase_if(sagas, [](const flow::SagaHistory& saga) { return saga.flow.empty(); });  // ended meanwhile
  return {};
}

std::string SagaJournalServer::resolve(const Uuid& saga, std::uint32_t run_number,
                                       flow::SagaVerdict verdict) {
  bool are_there = false;
  if (std::string error = server_.find_tables(are_there); !error.empty()) return error;
  if (!are_there) return std::string(kNoSuchSaga);
  return server_.in_transaction([&] {
    std::string error = run(kLockAny, TextValues().text(text_of(saga)));
    flow::SagaHistory history;
    history.id = saga;
    if (error.empty()) error = read(history);
    SagaRecord record;
    if (error.empty()) error = judge(history, run_number, verdict, record);
    if (!error.empty()) return error;
    return run(kVerdict, TextValues()
                             .text(text_of(saga))
                             .number(static_cast<std::int64_t>(record.kind))
                             .number(record.run)
                             .bytes(record.data));
  });
}

}  // namespace zerver::effects
