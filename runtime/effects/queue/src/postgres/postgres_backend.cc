#include "postgres_backend.h"

#include "postgres/connection/options.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace zerver::effects::queue {

namespace {

using Kind = Command::Kind;
using Settle = jobs::SettleCall::Kind;
using jobs::lead_of;
using postgres::ArrayText;
using postgres::TextValues;

constexpr std::int64_t kPause = 500;  // milliseconds before a server that is gone is tried again

// Only one of those that begin at the same time makes them. A job waits when `leased_until` is null.
constexpr const char* kTables =
    "begin; select pg_advisory_xact_lock(1514228273); set local client_min_messages = warning;"
    "create schema if not exists zerver;"
    "create table if not exists zerver.queue_version(version integer not null);"
    "insert into zerver.queue_version select 1 where not exists (select 1 from zerver.queue_version);"
    "create table if not exists zerver.job("
    "  number bigint generated always as identity primary key, id uuid not null, queue text not null,"
    "  name text not null, arguments bytea not null, unique_key bytea, priority smallint not null,"
    "  due timestamptz not null, attempts integer not null default 0, token bigint not null default 0,"
    "  lease interval not null, leased_until timestamptz);"
    "create index if not exists job_due on zerver.job(queue, priority, due, number) where leased_until is "
    "null;"
    "create index if not exists job_leased on zerver.job(leased_until) where leased_until is not null;"
    "create unique index if not exists job_unique on zerver.job(queue, unique_key) where unique_key is not "
    "null;"
    "create table if not exists zerver.dead_job("
    "  id uuid primary key, queue text not null, name text not null, arguments bytea not null, unique_key "
    "bytea,"
    "  priority smallint not null, lease interval not null, dead_letter text not null, why bytea not null,"
    "  attempts integer not null, at timestamptz not null);"
    "create table if not exists zerver.cron("
    "  queue text not null, name text not null, fired_at bigint not null, primary key (queue, name));"
    "commit;";

// Spans are in microseconds; a lease that is longer than 100 years has no end of its own.
constexpr std::string_view kPut =
    "insert into zerver.job(id, queue, name, arguments, unique_key, priority, due, lease)"
    " select id, queue, name, arguments, unique_key, priority, now() + after * interval '1 microsecond',"
    "  least(lease, 3155760000000000) * interval '1 microsecond'"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::smallint[], $7::bigint[],"
    "  $8::bigint[]) with ordinality"
    "  as new(id, queue, name, arguments, unique_key, priority, after, lease, place) order by place"
    " on conflict (queue, unique_key) where unique_key is not null do nothing returning id";

// As a part of somebody's transaction; those who claim are told when it is committed.
constexpr std::string_view kPutOne =
    "with new as (insert into zerver.job(id, queue, name, arguments, unique_key, priority, due, lease)"
    "  values (?, ?, ?, ?, ?, ?, now() + ?::bigint * interval '1 microsecond',"
    "   least(?::bigint, 3155760000000000) * interval '1 microsecond')"
    "  on conflict (queue, unique_key) where unique_key is not null do nothing returning 1)"
    " select pg_notify('zerver_queue', '') from new";

constexpr std::string_view kExpire =
    "update zerver.job set due = leased_until, leased_until = null where number in"
    " (select number from zerver.job where leased_until <= now() for update skip locked)";

constexpr std::string_view kClaim =
    "with urgent as (select number, due as rank from zerver.job where queue = $1 and priority = 0"
    "  and leased_until is null and due <= now() order by due, number limit $2 for update skip locked),"
    " normal as (select number, due + $4::bigint * interval '1 microsecond' as rank from zerver.job"
    "  where queue = $1 and priority = 1 and leased_until is null and due <= now()"
    "  order by due, number limit $2 for update skip locked),"
    " batch as (select number, due + $5::bigint * interval '1 microsecond' as rank from zerver.job"
    "  where queue = $1 and priority = 2 and leased_until is null and due <= now()"
    "  order by due, number limit $2 for update skip locked),"
    " picked as (select number, rank from (select * from urgent union all select * from normal"
    "  union all select * from batch) as each order by rank, number limit $2),"
    " taken as (update zerver.job as job set token = token + 1, attempts = attempts + 1,"
    "  leased_until = now() + least($3::bigint * interval '1 microsecond', lease) from picked"
    "  where job.number = picked.number returning job.*, picked.rank)"
    " select number, id, name, arguments, attempts, token, priority,"
    "  (extract(epoch from leased_until - now()) * 1000000)::bigint from taken order by rank, number";

// In microseconds from now; null when there is nothing.
constexpr std::string_view kNextDue =
    "select ceil(extract(epoch from least("
    " (select min(due) from zerver.job where queue = $1 and priority = 0 and leased_until is null),"
    " (select min(due) from zerver.job where queue = $1 and priority = 1 and leased_until is null),"
    " (select min(due) from zerver.job where queue = $1 and priority = 2 and leased_until is null),"
    " (select min(leased_until) from zerver.job where leased_until is not null)) - now()) * 1000000)::bigint";

constexpr std::string_view kAck =
    "delete from zerver.job as job using unnest($1::bigint[], $2::bigint[]) as claim(number, token)"
    " where job.number = claim.number and job.token = claim.token and leased_until > now() returning "
    "job.number";

// `back` is 1 for an attempt that does not count.
constexpr std::string_view kGiveBack =
    "update zerver.job as job set leased_until = null, due = now() + claim.delay * interval '1 microsecond',"
    "  attempts = attempts - claim.back"
    " from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[]) as claim(number, token, delay, "
    "back)"
    " where job.number = claim.number and job.token = claim.token and leased_until > now() returning "
    "job.number";

constexpr std::string_view kBury =
    "with gone as (delete from zerver.job where number = $1 and token = $2 and leased_until > now() "
    "returning *)"
    " insert into zerver.dead_job select id, queue, name, arguments, unique_key, priority, lease, $3, $4, "
    "attempts,"
    "  now() from gone";

constexpr std::string_view kExtend =
    "update zerver.job as job set leased_until = now() + claim.span * interval '1 microsecond'"
    " from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as claim(number, token, span)"
    " where job.number = claim.number and job.token = claim.token and leased_until > now() returning "
    "job.number";

constexpr std::string_view kBeginFire =
    "insert into zerver.cron values ($1, $2, $3)"
    " on conflict (queue, name) do update set fired_at = excluded.fired_at where cron.fired_at < "
    "excluded.fired_at"
    " returning 1";
constexpr std::string_view kCron = "insert into zerver.cron values ($1, $2, $3) on conflict do nothing";
constexpr std::string_view kLastFire = "select fired_at from zerver.cron where queue = $1 and name = $2";

constexpr std::string_view kCount =
    "select count(*) filter (where leased_until is null), count(*) filter (where leased_until is not null)"
    " from zerver.job where queue = $1 or starts_with(queue, $1 || '/')";
constexpr std::string_view kRunning =
    "select id, name, attempts, (extract(epoch from leased_until) * 1000000)::bigint from zerver.job"
    " where leased_until is not null and (queue = $1 or starts_with(queue, $1 || '/'))"
    " order by leased_until limit $2";
constexpr std::string_view kCountDead =
    "select count(*) from zerver.dead_job where queue = $1 or starts_with(queue, $1 || '/')";
constexpr std::string_view kDead =
    "select id, name, dead_letter, arguments, why, attempts, (extract(epoch from at) * 1000000)::bigint"
    " from zerver.dead_job where queue = $1 or starts_with(queue, $1 || '/') order by at, id limit $2";

// It waits once more even when one of the same kind has come since.
constexpr std::string_view kRevive =
    "with dead as (delete from zerver.dead_job where id = $1 returning *)"
    " insert into zerver.job(id, queue, name, arguments, unique_key, priority, due, lease)"
    " select id, queue, name, arguments, case when exists (select 1 from zerver.job as other"
    "   where other.queue = dead.queue and other.unique_key = dead.unique_key) then null else unique_key end,"
    "  priority, now(), lease from dead";
constexpr std::string_view kDrop = "delete from zerver.dead_job where id = $1";

std::int64_t microseconds(Duration span) noexcept { return span.nanoseconds / 1'000; }

std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}

}  // namespace

std::string PostgresBackend::open(const std::string& url) {
  url_ = url;
  std::string error = connect();
  postgres::Options options;
  if (error.empty()) error = postgres::parse_url(connection_.library(), url_, options);
  database_ = std::move(options.database);
  if (error.empty() && run(postgres::kIdentity, {}).empty()) database_ = rows_.text(0, 0);
  return error;
}

flow::Statement PostgresBackend::put_statement(const jobs::NewJob& job, Timestamp /*now*/,
                                               Arena& arena) const {
  using flow::Value;
  const std::span<Value> values = arena.make_array<Value>(8);
  values[0] = flow::to_value(arena, job.id);
  values[1] = Value(String::borrowed(job.queue));
  values[2] = Value(String::borrowed(job.name));
  values[3] = Value(Bytes::borrowed(job.arguments));
  if (!job.unique.empty()) values[4] = Value(Bytes::borrowed(arena.text(job.unique).view()));
  values[5] = Value(static_cast<std::int32_t>(job.priority));
  values[6] = Value(microseconds(job.after));
  values[7] = Value(microseconds(job.lease));
  return {kPutOne, values};
}

std::string PostgresBackend::connect() {
  if (connection_.is_open()) return {};
  if (postgres::milliseconds_now() < next_try_) return "the database cannot be reached";
  std::string error = connection_.open(url_, "zerver-queue");
  if (error.empty()) error = connection_.execute(kTables);
  if (error.empty()) error = run("select version from zerver.queue_version", {});
  if (error.empty() && (rows_.size() != 1 || rows_.integer(0, 0) != 1))
    error = "its queue was made by another version of this program's runtime";
  if (error.empty()) error = connection_.execute("listen zerver_queue");
  if (error.empty()) return {};
  connection_.close();
  next_try_ = postgres::milliseconds_now() + kPause;
  return error;
}

bool PostgresBackend::has_changed() {
  if (!connection_.is_open()) {
    was_lost_ = true;
    return connect().empty() && std::exchange(was_lost_, false);
  }
  return connection_.was_notified();
}

void PostgresBackend::perform(Batch batch, Timestamp) {
  transact(batch);
  // One that cannot be done must not end the others.
  if (batch.size() == 1 || batch[0]->why.empty() || !connection_.is_open()) return;
  for (std::size_t i = 0; i < batch.size(); ++i)
    transact(batch.subspan(i, 1));
}

void PostgresBackend::transact(Batch batch) {
  std::string error = connect();
  if (error.empty()) error = connection_.execute("begin");
  if (error.empty()) error = perform(batch);
  if (error.empty()) error = connection_.execute("commit");
  if (!error.empty() && connection_.is_open() && !connection_.execute("rollback").empty())
    connection_.close();
  if (!error.empty() && !connection_.is_open()) was_lost_ = true;
  for (const std::unique_ptr<Command>& each : batch)
    each->why = error;
}

std::string PostgresBackend::perform(Batch batch) {
  Commands puts;
  Commands settles;
  Commands extends;
  Commands others;
  bool claims = false;
  bool tells = false;
  for (const std::unique_ptr<Command>& each : batch) {
    Commands& into = each->kind == Kind::kPut      ? puts
                     : each->kind == Kind::kSettle ? settles
                     : each->kind == Kind::kExtend ? extends
                                                   : others;
    into.push_back(each.get());
    claims = claims || each->kind == Kind::kClaim;
    tells = tells || each->kind == Kind::kPut || each->kind == Kind::kFire || each->kind == Kind::kRevive ||
            (each->kind == Kind::kSettle && each->settlement.kind != Settle::kAck);
  }
  std::string error = settle(settles);
  if (error.empty()) error = extend(extends);
  if (error.empty()) error = put(puts);
  if (error.empty() && claims) error = run(kExpire, {});
  for (auto each = others.begin(); error.empty() && each != others.end(); ++each) {
    Command& command = **each;
    switch (command.kind) {
      case Kind::kClaim:
        error = claim(command.claim());
        break;
      case Kind::kFire:
        error = fire(command.job, command.fire());
        break;
      case Kind::kCron:
        error = cron(command.cron());
        break;
      case Kind::kList:
        error = list(command.list());
        break;
      case Kind::kRevive:
        error = revive(command.revive());
        break;
      case Kind::kPut:
      case Kind::kSettle:
      case Kind::kExtend:
        break;
    }
  }
  if (error.empty() && tells) error = run("select pg_notify('zerver_queue', '')", {});
  return error;
}

// In the order of what must be there once, so that two who put the same do not wait for each other.
std::string PostgresBackend::put(const Commands& puts) {
  if (puts.empty()) return {};
  using Placed = std::pair<std::size_t, Command*>;
  std::vector<Placed> order;
  for (Command* const each : puts)
    order.emplace_back(order.size(), each);
  std::ranges::sort(order, {}, [](const Placed& placed) {
    return std::tuple(placed.second->job.queue, placed.second->job.unique, placed.first);
  });
  ArrayText ids, queues, names, arguments, uniques, priorities, afters, leases;
  std::map<std::string, Command*> by_id;
  for (const auto& [place, each] : order) {
    const jobs::NewJob& job = each->job;
    by_id.emplace(text_of(job.id), each);
    ids.text(text_of(job.id));
    queues.text(job.queue);
    names.text(job.name);
    arguments.bytes(job.arguments);
    if (job.unique.empty()) {
      uniques.null();
    } else {
      uniques.bytes(job.unique);
    }
    priorities.number(static_cast<std::int64_t>(job.priority));
    afters.number(microseconds(job.after));
    leases.number(microseconds(job.lease));
    each->put().result = jobs::Put::kDuplicate;
  }
  TextValues values;
  for (ArrayText* each : {&ids, &queues, &names, &arguments, &uniques, &priorities, &afters, &leases})
    values.text(each->take());
  std::string error = run(kPut, values);
  for (std::size_t row = 0; error.empty() && row < rows_.size(); ++row)
    by_id.at(std::string(rows_.text(row, 0)))->put().result = jobs::Put::kAccepted;
  return error;
}

std::string PostgresBackend::settle(const Commands& settles) {
  if (settles.empty()) return {};
  ArrayText acked, acked_tokens, given, given_tokens, delays, backs;
  std::map<std::int64_t, Command*> by_number;
  bool acks = false;
  bool gives = false;
  std::string error;
  for (Command* const each : settles) {
    jobs::SettleCall& call = each->settlement;
    const auto number = static_cast<std::int64_t>(call.lease.key);
    const auto token = static_cast<std::int64_t>(call.lease.token);
    call.lost = true;
    if (call.kind == Settle::kBury) {
      error =
          run(kBury, TextValues().number(number).number(token).text(each->dead_letter).bytes(each->reason));
      if (!error.empty()) return error;
      call.lost = rows_.affected() != 1;
      continue;
    }
    by_number.emplace(number, each);
    if (call.kind == Settle::kAck) {
      acks = true;
      acked.number(number);
      acked_tokens.number(token);
    } else {
      gives = true;
      given.number(number);
      given_tokens.number(token);
      delays.number(microseconds(call.delay));
      backs.number(call.kind == Settle::kRelease ? 1 : 0);
    }
  }
  const auto note = [&] {
    for (std::size_t row = 0; row < rows_.size(); ++row)
      by_number.at(rows_.integer(row, 0))->settlement.lost = false;
  };
  if (acks) {
    error = run(kAck, TextValues().text(acked.take()).text(acked_tokens.take()));
    if (!error.empty()) return error;
    note();
  }
  if (!gives) return {};
  error =
      run(kGiveBack,
          TextValues().text(given.take()).text(given_tokens.take()).text(delays.take()).text(backs.take()));
  if (error.empty()) note();
  return error;
}

std::string PostgresBackend::extend(const Commands& extends) {
  ArrayText numbers, tokens, spans;
  std::map<std::int64_t, jobs::ExtendCall::Entry*> by_number;
  for (Command* const each : extends) {
    for (jobs::ExtendCall::Entry& entry : each->extend().entries) {
      entry.lost = true;
      by_number.emplace(static_cast<std::int64_t>(entry.lease.key), &entry);
      numbers.number(static_cast<std::int64_t>(entry.lease.key));
      tokens.number(static_cast<std::int64_t>(entry.lease.token));
      spans.number(microseconds(entry.span));
    }
  }
  if (by_number.empty()) return {};
  std::string error = run(kExtend, TextValues().text(numbers.take()).text(tokens.take()).text(spans.take()));
  for (std::size_t row = 0; error.empty() && row < rows_.size(); ++row)
    by_number.at(rows_.integer(row, 0))->lost = false;
  return error;
}

std::string PostgresBackend::claim(jobs::ClaimCall& call) {
  call.jobs.clear();
  call.next_in = Duration{};
  std::string error = run(kClaim, TextValues()
                                      .text(call.queue)
                                      .number(static_cast<std::int64_t>(call.limit))
                                      .number(microseconds(call.lease))
                                      .number(microseconds(lead_of(async::Priority::kNormal)))
                                      .number(microseconds(lead_of(async::Priority::kBatch))));
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    jobs::ClaimedJob& job = call.jobs.emplace_back();
    job.key = static_cast<std::uint64_t>(rows_.integer(row, 0));
    job.id = Uuid::parse(rows_.text(row, 1)).value_or(Uuid{});
    job.name = rows_.text(row, 2);
    job.arguments = rows_.bytes(row, 3);
    job.attempts = static_cast<std::uint32_t>(rows_.integer(row, 4));
    job.token = static_cast<std::uint64_t>(rows_.integer(row, 5));
    job.priority = static_cast<async::Priority>(rows_.integer(row, 6));
    job.lease = Duration::from_microseconds(rows_.integer(row, 7));
  }
  if (call.jobs.size() == call.limit) return {};
  error = run(kNextDue, TextValues().text(call.queue));
  if (!error.empty()) return error;
  call.next_in = Duration::max();
  if (rows_.size() == 1 && !rows_.is_null(0, 0))
    call.next_in = std::max(Duration{}, Duration::from_microseconds(rows_.integer(0, 0)));
  return {};
}

// --- Crons ---

// The row of the cron is locked by whoever comes first.
std::string PostgresBackend::fire(const jobs::NewJob& job, jobs::FireCall& call) {
  using Result = jobs::FireCall::Result;
  std::string error = run("select fired_at from zerver.cron where queue = $1 and name = $2 for update",
                          TextValues().text(job.queue).text(call.cron));
  if (!error.empty()) return error;
  std::optional<std::int64_t> before;
  if (rows_.size() == 1) before = rows_.integer(0, 0);
  const TextValues at = TextValues().text(job.queue).text(call.cron).number(call.at.microseconds);
  error = run(kBeginFire, at);
  if (!error.empty()) return error;
  if (rows_.size() == 0) {
    call.result = Result::kEarlier;
    return {};
  }
  jobs::PutCall put_call([](async::Job&) noexcept {});
  Command command(Kind::kPut, put_call);
  command.job = job;
  const Commands one = {&command};
  error = put(one);
  if (!error.empty()) return error;
  call.result = put_call.result == jobs::Put::kAccepted ? Result::kFired : Result::kBusy;
  if (call.result == Result::kFired || call.skips) return {};
  // It is to be tried again.
  if (!before)
    return run("delete from zerver.cron where queue = $1 and name = $2",
               TextValues().text(job.queue).text(call.cron));
  return run("update zerver.cron set fired_at = $3 where queue = $1 and name = $2",
             TextValues().text(job.queue).text(call.cron).number(*before));
}

std::string PostgresBackend::cron(jobs::CronCall& call) {
  std::string error = run(kCron, TextValues().text(call.queue).text(call.cron).number(call.now.microseconds));
  if (error.empty()) error = run(kLastFire, TextValues().text(call.queue).text(call.cron));
  if (error.empty() && rows_.size() == 1) call.last = {rows_.integer(0, 0)};
  return error;
}

// --- For whoever looks on ---

std::string PostgresBackend::list(jobs::ListCall& call) {
  const auto limit = static_cast<std::int64_t>(call.limit);
  call.running_jobs.clear();
  call.dead_letters.clear();
  std::string error = run(kCount, TextValues().text(call.queue));
  if (!error.empty()) return error;
  call.waiting = static_cast<std::uint64_t>(rows_.integer(0, 0));
  call.running = static_cast<std::uint64_t>(rows_.integer(0, 1));
  error = run(kRunning, TextValues().text(call.queue).number(limit));
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.size(); ++row)
    call.running_jobs.push_back({std::string(rows_.text(row, 0)), std::string(rows_.text(row, 1)),
                                 static_cast<std::uint32_t>(rows_.integer(row, 2)),
                                 Timestamp{rows_.integer(row, 3)}});
  error = run(kCountDead, TextValues().text(call.queue));
  if (!error.empty()) return error;
  call.dead = static_cast<std::uint64_t>(rows_.integer(0, 0));
  error = run(kDead, TextValues().text(call.queue).number(limit));
  for (std::size_t row = 0; error.empty() && row < rows_.size(); ++row)
    call.dead_letters.push_back({std::string(rows_.text(row, 0)), std::string(rows_.text(row, 1)),
                                 std::string(rows_.text(row, 2)), rows_.bytes(row, 3), rows_.bytes(row, 4),
                                 static_cast<std::uint32_t>(rows_.integer(row, 5)),
                                 Timestamp{rows_.integer(row, 6)}});
  return error;
}

std::string PostgresBackend::revive(jobs::ReviveCall& call) {
  std::string error = run(call.drop ? kDrop : kRevive, TextValues().text(text_of(call.id)));
  call.found = error.empty() && rows_.affected() == 1;
  return error;
}

}  // namespace zerver::effects::queue
