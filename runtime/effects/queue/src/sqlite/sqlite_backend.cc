#include "sqlite_backend.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <span>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver::effects::queue {

namespace {

using flow::Value;
using jobs::ClaimedJob;
using jobs::lead_of;

constexpr std::int64_t kVersion = 1;

// A job waits when `leased_until` is null. `due`, `leased_until` and `lease` are in microseconds.
constexpr std::string_view kTables =
    "create table zerver_queue_version(version integer not null);"
    "insert into zerver_queue_version values (1);"
    "create table zerver_job("
    "  number integer primary key autoincrement, id blob not null, queue text not null, name text not null,"
    "  arguments blob not null, unique_key text, priority integer not null, due integer not null,"
    "  attempts integer not null default 0, token integer not null default 0, lease integer not null,"
    "  leased_until integer);"
    "create index zerver_job_due on zerver_job(queue, priority, due) where leased_until is null;"
    "create index zerver_job_leased on zerver_job(leased_until) where leased_until is not null;"
    "create unique index zerver_job_unique on zerver_job(queue, unique_key) where unique_key is not null;"
    "create table zerver_dead_job("
    "  id blob primary key, queue text not null, name text not null, arguments blob not null,"
    "  unique_key text, priority integer not null, lease integer not null, dead_letter text not null,"
    "  why text not null, attempts integer not null, at integer not null);"
    "create table zerver_cron(queue text not null, name text not null, fired_at integer not null,"
    "  primary key(queue, name)) without rowid;";

constexpr std::string_view kPut =
    "insert into zerver_job(id, queue, name, arguments, unique_key, priority, due, lease)"
    " values (?, ?, ?, ?, ?, ?, ?, ?)"
    " on conflict(queue, unique_key) where unique_key is not null do nothing";

// By each class what has been due for longest, then all by how far their class is behind.
constexpr std::string_view kClaim =
    "update zerver_job set token = token + 1, attempts = attempts + 1, leased_until = ?2 + min(?4, lease)"
    " where number in (select number from ("
    "  select number, rank from (select number, due as rank from zerver_job where queue = ?1"
    "    and priority = 0 and leased_until is null and due <= ?2 order by due, number limit ?3)"
    "  union all select number, rank from (select number, due + ?5 as rank from zerver_job where queue = ?1"
    "    and priority = 1 and leased_until is null and due <= ?2 order by due, number limit ?3)"
    "  union all select number, rank from (select number, due + ?6 as rank from zerver_job where queue = ?1"
    "    and priority = 2 and leased_until is null and due <= ?2 order by due, number limit ?3)"
    "  order by rank, number limit ?3))"
    " returning number, id, name, arguments, attempts, token, priority, due, min(?4, lease)";

constexpr std::string_view kNextDue =
    "select min(at) from ("
    "  select min(due) as at from zerver_job where queue = ?1 and priority = 0 and leased_until is null"
    "  union all select min(due) from zerver_job where queue = ?1 and priority = 1 and leased_until is null"
    "  union all select min(due) from zerver_job where queue = ?1 and priority = 2 and leased_until is null"
    "  union all select min(leased_until) from zerver_job where leased_until is not null)";

constexpr std::string_view kBury =
    "insert into zerver_dead_job(id, queue, name, arguments, unique_key, priority, lease, dead_letter, why,"
    "  attempts, at)"
    " select id, queue, name, arguments, unique_key, priority, lease, ?3, ?4, attempts, ?5 from zerver_job"
    " where number = ?1 and token = ?2 and leased_until is not null";

// It waits once more even when one of the same kind has come since.
constexpr std::string_view kRevive =
    "insert into zerver_job(id, queue, name, arguments, unique_key, priority, due, lease)"
    " select id, queue, name, arguments, case when exists (select 1 from zerver_job as other"
    "   where other.queue = dead.queue and other.unique_key = dead.unique_key) then null else unique_key end,"
    "  priority, ?2, lease from zerver_dead_job as dead where id = ?1";

Value text(std::string_view view) noexcept { return Value(String::borrowed(view)); }
Value blob(std::string_view view) noexcept { return Value(Bytes::borrowed(view)); }
std::string_view bytes_of(const Uuid& id) noexcept {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}
Value blob(const Uuid& id) noexcept { return blob(bytes_of(id)); }
Value optional_text(std::string_view view) noexcept { return view.empty() ? Value() : text(view); }
Value number(std::uint64_t value) noexcept { return Value(static_cast<std::int64_t>(value)); }
Value microseconds(Duration span) noexcept { return Value(span.nanoseconds / 1'000); }
Value time(Timestamp at) noexcept { return Value(at.microseconds); }

// Of kPut; refers to what it is given.
std::array<Value, 8> put_values(const jobs::NewJob& job, Timestamp now, std::string_view id,
                                std::string_view unique) noexcept {
  return {blob(id),
          text(job.queue),
          text(job.name),
          blob(job.arguments),
          optional_text(unique),
          Value(static_cast<std::int32_t>(job.priority)),
          time(now + job.after),
          microseconds(job.lease)};
}

Uuid uuid_of(const Value& value) noexcept {
  Uuid id;
  if (value.text().size() == id.bytes.size())
    std::memcpy(id.bytes.data(), value.text().data(), id.bytes.size());
  return id;
}
std::string uuid_text(const Value& value) {
  std::string written(Uuid::kText, '\0');
  uuid_of(value).write(written.data());
  return written;
}

// So that the database, which keeps the mode of a file that is there, is for its owner only.
std::string create_private(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file == -1) return std::strerror(errno);
  close(file);
  return {};
}

}  // namespace

std::string SqliteBackend::run(std::string_view statement, std::span<const Value> parameters) {
  const sqlite::Patience patience;
  bool needs_writer = false;
  sqlite::Outcome outcome =
      connection_.run(statement, parameters, sqlite::Wanted::kRows, rows_, patience, needs_writer);
  if (!outcome.failed) return {};
  return outcome.why.empty() ? "it cannot be used" : std::move(outcome.why);
}

std::string SqliteBackend::open(const std::string& path) {
  if (std::string error = create_private(path); !error.empty()) return error;
  database_ = sqlite::database_name(path);
  if (std::string error = connection_.open(path, false); !error.empty()) return error;
  // What has been accepted, and what has been acknowledged, outlives a loss of power.
  if (std::string error = connection_.execute("pragma synchronous = full"); !error.empty()) return error;
  std::string error = run("begin immediate");
  if (error.empty()) error = create();
  if (error.empty()) error = run("commit");
  if (!error.empty()) static_cast<void>(run("rollback"));
  static_cast<void>(has_changed());
  return error;
}

std::string SqliteBackend::create() {
  if (std::string error = run("select count(*) from sqlite_schema where name = 'zerver_queue_version'");
      !error.empty())
    return error;
  if (rows_.cell(0, 0).integer() == 0) return connection_.execute(std::string(kTables));
  if (std::string error = run("select version from zerver_queue_version"); !error.empty()) return error;
  if (rows_.rows() != 1 || rows_.cell(0, 0).integer() != kVersion)
    return "its queue was made by another version of this program's runtime";
  return {};
}

bool SqliteBackend::has_changed() {
  // What cannot be read now is asked for again.
  if (!run("pragma data_version").empty() || rows_.rows() != 1) return false;
  return std::exchange(data_version_, rows_.cell(0, 0).integer()) != data_version_;
}

void SqliteBackend::perform(Batch batch, Timestamp now) {
  now_ = now;
  std::string error = run("begin immediate");
  if (error.empty())
    error = run("update zerver_job set due = leased_until, leased_until = null where leased_until <= ?",
                {time(now)});
  for (auto each = batch.begin(); error.empty() && each != batch.end(); ++each)
    error = perform(**each);
  if (error.empty()) error = run("commit");
  if (error.empty()) return;
  // What cannot be rolled back has been by SQLite itself.
  static_cast<void>(run("rollback"));
  for (const std::unique_ptr<Command>& each : batch)
    each->why = error;
}

std::string SqliteBackend::perform(Command& command) {
  switch (command.kind) {
    case Command::Kind::kPut:
      return put(command.job, command.put());
    case Command::Kind::kClaim:
      return claim(command.claim());
    case Command::Kind::kSettle:
      return settle(command);
    case Command::Kind::kExtend:
      return extend(command.extend());
    case Command::Kind::kFire:
      return fire(command.job, command.fire());
    case Command::Kind::kCron:
      return cron(command.cron());
    case Command::Kind::kList:
      return list(command.list());
    case Command::Kind::kRevive:
      break;
  }
  return revive(command.revive());
}

flow::Statement SqliteBackend::put_statement(const jobs::NewJob& job, Timestamp now, Arena& arena) const {
  const std::span<Value> values = arena.make_array<Value>(8);
  const std::string_view id = arena.text(bytes_of(job.id)).view();
  std::ranges::copy(put_values(job, now, id, arena.text(job.unique).view()), values.begin());
  return {kPut, values};
}

std::string SqliteBackend::insert(const jobs::NewJob& job, bool& is_new) {
  const auto values = put_values(job, now_, bytes_of(job.id), job.unique);
  std::string error = run(kPut, values);
  is_new = error.empty() && rows_.affected() == 1;
  return error;
}

std::string SqliteBackend::put(const jobs::NewJob& job, jobs::PutCall& call) {
  bool is_new = false;
  std::string error = insert(job, is_new);
  call.result = is_new ? jobs::Put::kAccepted : jobs::Put::kDuplicate;
  return error;
}

std::string SqliteBackend::claim(jobs::ClaimCall& call) {
  call.jobs.clear();
  call.next_in = Duration{};
  std::string error = run(kClaim, {text(call.queue), time(now_), number(call.limit), microseconds(call.lease),
                                   microseconds(lead_of(async::Priority::kNormal)),
                                   microseconds(lead_of(async::Priority::kBatch))});
  if (!error.empty()) return error;
  // In no order: it is put into theirs.
  struct Place {
    std::int64_t rank, number;
    std::size_t row;
  };
  std::vector<Place> order;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    const auto priority = static_cast<async::Priority>(rows_.cell(row, 6).integer());
    const std::int64_t rank = rows_.cell(row, 7).integer() + lead_of(priority).nanoseconds / 1'000;
    order.push_back({rank, rows_.cell(row, 0).integer(), row});
  }
  std::ranges::sort(order, [](const Place& left, const Place& right) {
    return std::pair(left.rank, left.number) < std::pair(right.rank, right.number);
  });
  for (const Place& place : order) {
    const auto cell = [&](std::size_t column) { return rows_.cell(place.row, column); };
    ClaimedJob& job = call.jobs.emplace_back();
    job.key = static_cast<std::uint64_t>(place.number);
    job.id = uuid_of(cell(1));
    job.name = cell(2).text();
    job.arguments = cell(3).text();
    job.attempts = static_cast<std::uint32_t>(cell(4).integer());
    job.token = static_cast<std::uint64_t>(cell(5).integer());
    job.priority = static_cast<async::Priority>(cell(6).integer());
    job.lease = Duration::from_microseconds(cell(8).integer());
  }
  if (call.jobs.size() == call.limit) return {};
  error = run(kNextDue, {text(call.queue)});
  if (!error.empty()) return error;
  call.next_in = Duration::max();
  if (rows_.rows() == 1 && rows_.cell(0, 0).kind() == Value::Kind::kInteger)
    call.next_in = std::max(Duration{}, Timestamp{rows_.cell(0, 0).integer()} - now_);
  return {};
}

std::string SqliteBackend::settle(Command& command) {
  jobs::SettleCall& call = command.settlement;
  using Kind = jobs::SettleCall::Kind;
  const Value key = number(call.lease.key);
  const Value token = number(call.lease.token);
  std::string error;
  switch (call.kind) {
    case Kind::kAck:
      error = run("delete from zerver_job where number = ? and token = ? and leased_until is not null",
                  {key, token});
      break;
    case Kind::kNack:
      error =
          run("update zerver_job set leased_until = null, due = ?3"
              " where number = ?1 and token = ?2 and leased_until is not null",
              {key, token, time(now_ + call.delay)});
      break;
    case Kind::kRelease:
      error =
          run("update zerver_job set leased_until = null, due = ?3, attempts = attempts - 1"
              " where number = ?1 and token = ?2 and leased_until is not null",
              {key, token, time(now_ + call.delay)});
      break;
    case Kind::kBury:
      error = run(kBury, {key, token, text(command.dead_letter), text(command.reason), time(now_)});
      if (error.empty() && rows_.affected() == 1)
        error = run("delete from zerver_job where number = ?", {key});
      break;
  }
  call.lost = rows_.affected() != 1;
  return error;
}

std::string SqliteBackend::extend(jobs::ExtendCall& call) {
  for (jobs::ExtendCall::Entry& each : call.entries) {
    std::string error =
        run("update zerver_job set leased_until = ?3 where number = ?1 and token = ?2 and leased_until is "
            "not null",
            {number(each.lease.key), number(each.lease.token), time(now_ + each.span)});
    if (!error.empty()) return error;
    each.lost = rows_.affected() != 1;
  }
  return {};
}

// --- Crons ---

std::string SqliteBackend::fire(const jobs::NewJob& job, jobs::FireCall& call) {
  using Result = jobs::FireCall::Result;
  std::string error = run("select 1 from zerver_cron where queue = ? and name = ? and fired_at >= ?",
                          {text(job.queue), text(call.cron), time(call.at)});
  if (!error.empty()) return error;
  if (rows_.rows() != 0) {
    call.result = Result::kEarlier;
    return {};
  }
  bool is_new = false;
  error = insert(job, is_new);
  if (!error.empty()) return error;
  call.result = is_new ? Result::kFired : Result::kBusy;
  if (!is_new && !call.skips) return {};
  return run(
      "insert into zerver_cron values (?, ?, ?)"
      " on conflict(queue, name) do update set fired_at = excluded.fired_at",
      {text(job.queue), text(call.cron), time(call.at)});
}

std::string SqliteBackend::cron(jobs::CronCall& call) {
  std::string error = run("insert into zerver_cron values (?, ?, ?) on conflict(queue, name) do nothing",
                          {text(call.queue), text(call.cron), time(call.now)});
  if (error.empty())
    error = run("select fired_at from zerver_cron where queue = ? and name = ?",
                {text(call.queue), text(call.cron)});
  if (error.empty()) call.last = {rows_.cell(0, 0).integer()};
  return error;
}

// --- For whoever looks on ---

std::string SqliteBackend::list(jobs::ListCall& call) {
  call.running_jobs.clear();
  call.dead_letters.clear();
  std::string error =
      run("select count(*) filter (where leased_until is null),"
          " count(*) filter (where leased_until is not null) from zerver_job"
          " where (queue = ?1 or substr(queue, 1, length(?1) + 1) = ?1 || '/')",
          {text(call.queue)});
  if (!error.empty()) return error;
  call.waiting = static_cast<std::uint64_t>(rows_.cell(0, 0).integer());
  call.running = static_cast<std::uint64_t>(rows_.cell(0, 1).integer());
  error =
      run("select id, name, attempts, leased_until from zerver_job"
          " where leased_until is not null"
          " and (queue = ?1 or substr(queue, 1, length(?1) + 1) = ?1 || '/') order by leased_until limit ?2",
          {text(call.queue), number(call.limit)});
  if (!error.empty()) return error;
  for (std::size_t row = 0; row < rows_.rows(); ++row)
    call.running_jobs.push_back({uuid_text(rows_.cell(row, 0)), std::string(rows_.cell(row, 1).text()),
                                 static_cast<std::uint32_t>(rows_.cell(row, 2).integer()),
                                 Timestamp{rows_.cell(row, 3).integer()}});
  error =
      run("select count(*) from zerver_dead_job"
          " where (queue = ?1 or substr(queue, 1, length(?1) + 1) = ?1 || '/')",
          {text(call.queue)});
  if (!error.empty()) return error;
  call.dead = static_cast<std::uint64_t>(rows_.cell(0, 0).integer());
  error =
      run("select id, name, dead_letter, arguments, why, attempts, at from zerver_dead_job"
          " where (queue = ?1 or substr(queue, 1, length(?1) + 1) = ?1 || '/') order by at, id limit ?2",
          {text(call.queue), number(call.limit)});
  for (std::size_t row = 0; error.empty() && row < rows_.rows(); ++row) {
    const auto cell = [&](std::size_t column) { return rows_.cell(row, column); };
    call.dead_letters.push_back({uuid_text(cell(0)), std::string(cell(1).text()), std::string(cell(2).text()),
                                 std::string(cell(3).text()), std::string(cell(4).text()),
                                 static_cast<std::uint32_t>(cell(5).integer()),
                                 Timestamp{cell(6).integer()}});
  }
  return error;
}

std::string SqliteBackend::revive(jobs::ReviveCall& call) {
  std::string error;
  if (!call.drop) error = run(kRevive, {blob(call.id), time(now_)});
  if (error.empty()) error = run("delete from zerver_dead_job where id = ?", {blob(call.id)});
  call.found = error.empty() && rows_.affected() == 1;
  return error;
}

}  // namespace zerver::effects::queue
