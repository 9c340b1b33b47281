#include "sql/statements.h"

#include "keys.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace zerver::effects::kv {

namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// A pattern has `$1`, `$2` and so on; `{live}` is whether a row has not expired, `{now}` the time. That is
// PostgreSQL's own, which all processes share; SQLite, whose processes share a machine, is told.
Asks asks(Dialect dialect, std::string_view pattern, int parameters) {
  Asks result{std::string(pattern), false};
  std::string& text = result.text;
  replace_all(text, "{live}", "(zerver_kv.until is null or zerver_kv.until > {now})");
  if (dialect == Dialect::kPostgres) {
    replace_all(text, "{now}", "cast(extract(epoch from statement_timestamp()) * 1000000 as bigint)");
    replace_all(text, "{unlocked}", "for update skip locked");
    return result;
  }
  result.takes_now = text.find("{now}") != std::string::npos;
  replace_all(text, "{now}", "$" + std::to_string(parameters + 1));
  replace_all(text, "{unlocked}", "");
  std::ranges::replace(text, '$', '?');
  return result;
}

constexpr std::string_view kSet =
    "insert into zerver_kv (key, value, until) values ($1, $2, {now} + cast($3 as bigint))"
    " on conflict (key) do update set value = excluded.value, until = excluded.until";

constexpr std::string_view kSqliteIncrement =
    "insert into zerver_kv (key, value, until)"
    " values ($1, cast(cast($2 as text) as blob), {now} + cast($3 as bigint))"
    " on conflict (key) do update set"
    " value = case when {live} then"
    " cast(cast(cast(cast(zerver_kv.value as text) as integer) + $2 as text) as blob) else excluded.value "
    "end,"
    " until = case when {live} then zerver_kv.until else excluded.until end"
    " where not {live}"
    " or (cast(cast(cast(zerver_kv.value as text) as integer) as text) = cast(zerver_kv.value as text)"
    " and typeof(cast(cast(zerver_kv.value as text) as integer) + $2) = 'integer')"
    " returning cast(cast(value as text) as integer)";

constexpr std::string_view kPostgresIncrement =
    "insert into zerver_kv (key, value, until)"
    " values ($1, convert_to(cast(cast($2 as bigint) as text), 'UTF8'), {now} + cast($3 as bigint))"
    " on conflict (key) do update set"
    " value = case when {live} then"
    " convert_to(cast(cast(encode(zerver_kv.value, 'escape') as numeric) + $2 as text), 'UTF8')"
    " else excluded.value end,"
    " until = case when {live} then zerver_kv.until else excluded.until end"
    " where not {live} or case when encode(zerver_kv.value, 'escape') ~ '^(0|-?[1-9][0-9]{0,18})$'"
    " then cast(encode(zerver_kv.value, 'escape') as numeric) between -9223372036854775808 and"
    " 9223372036854775807 and cast(encode(zerver_kv.value, 'escape') as numeric) + $2 between"
    " -9223372036854775808 and 9223372036854775807 else false end"
    " returning cast(encode(value, 'escape') as bigint)";

// The last one that was let through, and how many are in the span that ends now. One statement that writes
// runs at a time.
constexpr std::string_view kSqliteTake =
    "insert into zerver_kv_taken (key, n, at, until, room)"
    " with last(n, at) as (select n, at from zerver_kv_taken where key = $1 order by n desc limit 1),"
    " moment(at) as (select max({now}, coalesce((select at from last), 0))),"
    " used(count) as (select coalesce((select (select n from last) - n + 1 from zerver_kv_taken"
    " where key = $1 and at > (select at from moment) - $3 order by at, n limit 1), 0))"
    " select $1, coalesce((select n from last), 0) + 1, moment.at, moment.at + $3, $2 - used.count - 1"
    " from moment, used where used.count < $2 returning room";
constexpr std::string_view kSqliteWait =
    "select at + $3 - {now} from zerver_kv_taken where key = $1 order by n desc limit 1 offset $2 - 1";

constexpr const char* kSqliteTables =
    "create table if not exists zerver_kv (key blob primary key not null, value blob not null, until integer,"
    " matched boolean not null default false);"
    "create index if not exists zerver_kv_until on zerver_kv (until) where until is not null;"
    "create table if not exists zerver_kv_taken (key blob not null, n integer not null, at integer not null,"
    " until integer not null, room integer not null, primary key (key, n));"
    "create index if not exists zerver_kv_taken_at on zerver_kv_taken (key, at, n);"
    "create index if not exists zerver_kv_taken_until on zerver_kv_taken (until);";

// Statements of others see what it has written only behind its end, so who takes of a key waits for whoever
// does that at the same time.
constexpr const char* kPostgresTables = R"(
select pg_advisory_xact_lock(2053862006, 0);
do $tables$ begin
  if to_regclass('zerver_kv') is not null then return; end if;
  create table zerver_kv (key bytea primary key, value bytea not null, until bigint,
                          matched boolean not null default false);
  create index zerver_kv_until on zerver_kv (until) where until is not null;
  create table zerver_kv_taken (key bytea not null, n bigint not null, at bigint not null, until bigint not null,
                                room bigint not null, primary key (key, n));
  create index zerver_kv_taken_at on zerver_kv_taken (key, at, n);
  create index zerver_kv_taken_until on zerver_kv_taken (until);
  create function zerver_kv_take(the_key bytea, most bigint, per bigint) returns bigint language plpgsql as $take$
  declare
    last record;
    moment bigint;
    used bigint;
  begin
    perform pg_advisory_xact_lock(2053862006, hashtext(encode(the_key, 'hex')));
    select n, at into last from zerver_kv_taken where key = the_key order by n desc limit 1;
    moment := greatest(cast(extract(epoch from clock_timestamp()) * 1000000 as bigint), coalesce(last.at, 0));
    used := coalesce((select last.n - n + 1 from zerver_kv_taken where key = the_key and at > moment - per
                      order by at, n limit 1), 0);
    if used >= most then
      return least(-1, (select moment - per - at from zerver_kv_taken where key = the_key and n = last.n - most + 1));
    end if;
    insert into zerver_kv_taken (key, n, at, until, room)
      values (the_key, coalesce(last.n, 0) + 1, moment, moment + per, most - used - 1);
    return most - used - 1;
  end $take$;
end $tables$;
)";

}  // namespace

Statements::Statements(Dialect dialect) {
  const auto make = [dialect](std::string_view pattern, int parameters) {
    return asks(dialect, pattern, parameters);
  };
  const bool is_sqlite = dialect == Dialect::kSqlite;
  get = make("select value from zerver_kv where key = $1 and {live}", 1);
  set = make(kSet, 3);
  add = make(std::string(kSet) + " where not {live}", 3);
  remove = make("delete from zerver_kv where key = $1", 1);
  expire = make("update zerver_kv set until = {now} + cast($2 as bigint) where key = $1 and {live}", 2);
  increment = make(is_sqlite ? kSqliteIncrement : kPostgresIncrement, 3);
  // The column holds what the statement has found, as it can yield only what it leaves behind.
  compare_and_set = make(
      "update zerver_kv set matched = (value = $2), value = case when value = $2 then $3 else value end,"
      " until = case when value = $2 then {now} + cast($4 as bigint) else until end"
      " where key = $1 and {live} returning matched",
      4);
  compare_and_remove = make(
      "update zerver_kv set matched = (value = $2), until = case when value = $2 then 0 else until end"
      " where key = $1 and {live} returning matched",
      2);
  take = is_sqlite ? make(kSqliteTake, 3) : make("select zerver_kv_take($1, $2, $3)", 3);
  if (is_sqlite) wait = make(kSqliteWait, 3);
  sweep_values = make(
      "delete from zerver_kv where key in (select key from zerver_kv where until <= {now} order by until"
      " limit $1 {unlocked})",
      1);
  sweep_limits = make(
      "delete from zerver_kv_taken where (key, n) in (select key, n from zerver_kv_taken where until <= {now}"
      " order by until limit $1 {unlocked})",
      1);
  for (const std::size_t keys : {std::size_t{1}, std::size_t{8}, std::size_t{64}, kMostKeys}) {
    std::string list;
    for (std::size_t i = 1; i <= keys; ++i)
      list += (i == 1 ? "$" : ", $") + std::to_string(i);
    many_.push_back({make("select key, value from zerver_kv where key in (" + list + ") and {live}",
                          static_cast<int>(keys)),
                     keys});
  }
}

const Statements::Many& Statements::get_many(std::size_t keys) const noexcept {
  return *std::ranges::find_if(many_, [keys](const Many& many) { return many.keys >= keys; });
}

const char* tables_of(Dialect dialect) noexcept {
  return dialect == Dialect::kSqlite ? kSqliteTables : kPostgresTables;
}

}  // namespace zerver::effects::kv
