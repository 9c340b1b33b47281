// Rows that are copied to a server, and what may come in between.
#include "runtime/effects/sql/test/bulk.h"
#include "runtime/effects/sql/test/postgres/entry_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {
namespace {

using flow::Value;
using Exec = SqlAdapter::ExecArguments;
using Commit = SqlAdapter::CommitArguments;

class PostgresCopy : public EntryTable {
 protected:
  PostgresCopy() : EntryTable("id bigint primary key", 1) {}

  static constexpr std::string_view kInsert = "insert into entry (id) values (?)";

  static MadeRows ids(std::size_t count, std::int64_t first = 0) {
    return {"entry (id)", 1, count, [first](std::size_t row, Arena&, std::span<Value> cells) {
              cells[0] = Value(first + static_cast<std::int64_t>(row));
            }};
  }
  auto start(flow::BulkRows& rows, flow::Transaction* tx = nullptr) {
    return sql->start(Exec{{kInsert, {}, &rows}}, {.transaction = tx});
  }
  void expect_answers() {
    const auto answered = sql->perform(Exec{{"select 1", {}}});
    EXPECT_TRUE(answered->ok()) << answered->why();
  }
  // How many copies the server is at, of this test.
  std::string copying(std::string_view state) const {
    return query("select count(*) from pg_stat_activity where query like 'copy entry%' and " +
                 std::string(state));
  }
  // Whoever has been given up has left the one connection as it was.
  void expect_usable() {
    MadeRows rows = ids(3);
    const auto again = sql->perform(Exec{{kInsert, {}, &rows}});
    EXPECT_TRUE(again->ok()) << again->why();
    EXPECT_EQ(query("select count(*) from entry"), "3");
  }
};

TEST_F(PostgresCopy, WritesEveryTypeOfColumn) {
  query(
      "create type mood as enum ('calm', 'wild');"
      "create table kind (id uuid, at timestamptz, span interval, price numeric, doc jsonb, tags text[],"
      " sizes int[], feeling mood, flag boolean, number smallint, ratio real, list jsonb)");
  MadeRows rows("kind (id, at, span, price, doc, tags, sizes, feeling, flag, number, ratio, list)", 12, 2,
                [](std::size_t row, Arena&, std::span<Value> cells) {
                  std::ranges::fill(cells, Value());
                  if (row == 1) return;
                  cells[0] = text("0189f7e4-5b5c-7cc3-98c4-dc0c0c07398f");
                  cells[1] = text("2024-02-29T12:30:00.123456Z");
                  cells[2] = text("-PT26H3M4.5S");
                  cells[3] = text("12345678901234567.89");
                  cells[4] = text(R"({"a":"\t\\"})");
                  cells[5] = Value::list(R"(["a, b","\"q\"","tab\there","back\\slash","{}"])");
                  cells[6] = Value::list("[1,null,-3]");
                  cells[7] = text("wild");
                  cells[8] = Value(std::int64_t{1});
                  cells[9] = Value(true);
                  cells[10] = Value(0.5);
                  cells[11] = Value::list(R"(["x"])");
                });
  const auto inserted = sql->perform(Exec{
      {"insert into kind (id, at, span, price, doc, tags, sizes, feeling, flag, number, ratio, list) values "
       "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
       {},
       &rows}});
  ASSERT_TRUE(inserted->ok()) << inserted->why();
  EXPECT_EQ(
      query("select id, at at time zone 'utc', span, price, doc->>'a' = E'\\t\\\\', tags[1], tags[2],"
            " tags[3] = E'tab\\there', tags[4] = E'back\\\\slash', tags[5], sizes, feeling, flag, number,"
            " ratio, list->>0 from kind where id is not null"),
      "0189f7e4-5b5c-7cc3-98c4-dc0c0c07398f|2024-02-29 12:30:00.123456|-26:03:04.5|12345678901234567.89|t|"
      "a, b|\"q\"|t|t|{}|{1,NULL,-3}|wild|t|1|0.5|x");
  EXPECT_EQ(query("select count(*) from kind where list is null"), "1");
}

TEST_F(PostgresCopy, AValueThatDoesNotFitIsAConflict) {
  query("create table small (a smallint, b text)");
  const auto insert = [&](Value number, Value name) {
    MadeRows rows("small (a, b)", 2, 1, [&](std::size_t, Arena&, std::span<Value> cells) {
      cells[0] = number;
      cells[1] = name;
    });
    return sql->perform(Exec{{"insert into small (a, b) values (?, ?)", {}, &rows}})->fault();
  };
  EXPECT_EQ(insert(Value(std::int64_t{70'000}), text("x")), FaultKind::kConflict);
  EXPECT_EQ(insert(Value(1.5), text("x")), FaultKind::kConflict);
  EXPECT_EQ(insert(Value(), text(std::string_view("a\0b", 3))), FaultKind::kConflict);
  EXPECT_EQ(insert(Value(), text("\xFF")), FaultKind::kConflict);
  EXPECT_EQ(query("select count(*) from small"), "0");
  EXPECT_EQ(insert(Value(std::int64_t{7}), text("x")), std::nullopt);
}

// The server says so long before all is sent, and nothing behind that.
TEST_F(PostgresCopy, ThatFailsInItsFirstRowFails) {
  query("create table wide (id bigint primary key, name text)");
  const std::string name(4096, 'x');
  MadeRows rows("wide (id, name)", 2, 20'000, [&](std::size_t, Arena&, std::span<Value> cells) {
    cells[0] = Value(std::int64_t{1});
    cells[1] = text(name);
  });
  const auto failed = sql->perform(Exec{{"insert into wide (id, name) values (?, ?)", {}, &rows}});
  EXPECT_EQ(failed->fault(), FaultKind::kConflict) << failed->why();
  expect_answers();
}

TEST_F(PostgresCopy, IsGivenUpWhileItWaitsForTheTable) {
  open(2);
  MadeRows none = ids(0);
  ASSERT_TRUE(sql->perform(Exec{{kInsert, {}, &none}})->ok());  // its types are known now
  MadeRows rows = ids(10);
  {
    flow::Transaction locker(*request, 0);
    ASSERT_TRUE(
        sql->perform(Exec{{"lock table entry in exclusive mode", {}}}, {.transaction = &locker})->ok());
    const auto waiting = start(rows);
    ASSERT_TRUE(sql->run_until([&] { return copying("wait_event_type = 'Lock'") == "1"; }));
    waiting->cancel();
    EXPECT_TRUE(sql->run_until([&] { return copying("state = 'active'") == "0"; }));
    expect_answers();  // on that connection, as the other one is the locker's
  }
  expect_usable();
}

TEST_F(PostgresCopy, IsGivenUpInTheMiddle) {
  for (const bool lets_go : {false, true}) {
    MadeRows rows = ids(1'000'000);
    const auto started = start(rows);
    ASSERT_TRUE(sql->run_until([&] { return rows.read() > 50'000; }));
    lets_go ? started->let_go() : started->cancel();
    EXPECT_LT(rows.read(), 1'000'000U);
  }
  expect_usable();
}

TEST_F(PostgresCopy, IsGivenUpWhenAllRowsAreSent) {
  query(
      "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; "
      "end';"
      "create trigger slow after insert on entry for each statement execute function slow()");
  MadeRows rows = ids(10);
  const auto started = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return copying("wait_event = 'PgSleep'") == "1"; }));
  started->cancel();
  EXPECT_TRUE(sql->run_until([&] { return copying("state = 'active'") == "0"; }));
  query("drop trigger slow on entry");
  expect_usable();
}

TEST_F(PostgresCopy, GoesOnWhenAllRowsAreSentAndItIsLetGo) {
  open(2);
  query(
      "create function slow() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(1); "
      "return null; end';"
      "create trigger slow after insert on entry for each statement execute function slow()");
  flow::Transaction locker(*request, 0);
  ASSERT_TRUE(sql->perform(Exec{{"select pg_advisory_xact_lock(1)", {}}}, {.transaction = &locker})->ok());
  MadeRows rows = ids(10);
  const auto started = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return copying("wait_event = 'advisory'") == "1"; }));
  started->let_go();
  ASSERT_TRUE(sql->perform(Commit{}, {.transaction = &locker})->ok());
  EXPECT_TRUE(sql->run_until([&] { return query("select count(*) from entry") == "10"; }));
}

TEST_F(PostgresCopy, EndsAtItsDeadline) {
  query(
      "create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(60); return null; "
      "end';"
      "create trigger slow after insert on entry for each statement execute function slow()");
  MadeRows rows = ids(10);
  const auto late = sql->perform(Exec{{kInsert, {}, &rows}}, {.patience = Duration::from_milliseconds(200)});
  EXPECT_EQ(late->fault(), FaultKind::kTimeout);
  EXPECT_TRUE(sql->run_until([&] { return copying("state = 'active'") == "0"; }));
  query("drop trigger slow on entry");
  expect_usable();
}

TEST_F(PostgresCopy, WhatIsSentBehindItWaits) {
  flow::Transaction tx(*request, 0);
  ASSERT_TRUE(sql->perform(Exec{{"insert into entry (id) values (-1)", {}}}, {.transaction = &tx})->ok());
  MadeRows rows = ids(1000);
  const auto copied = start(rows, &tx);
  const auto deleted = sql->start(Exec{{"delete from entry where id < 10", {}}}, {.transaction = &tx});
  MadeRows more("entry (id)", 1, 2, [](std::size_t row, Arena&, std::span<Value> cells) {
    cells[0] = Value(static_cast<std::int64_t>(row));
  });
  const auto second = start(more, &tx);
  const auto given_up = sql->start(Exec{{"delete from entry", {}}}, {.transaction = &tx});
  given_up->cancel();
  ASSERT_TRUE(sql->run_until([&] { return copied->ended() && deleted->ended() && second->ended(); }));
  EXPECT_EQ(copied->value(), 1000);
  EXPECT_EQ(deleted->value(), 11);
  EXPECT_EQ(second->value(), 2);
  ASSERT_TRUE(sql->perform(Commit{}, {.transaction = &tx})->ok());
  EXPECT_EQ(query("select count(*) from entry"), "992");
}

TEST_F(PostgresCopy, InATransactionThatIsGivenUpNothingIsLeft) {
  {
    flow::Transaction tx(*request, 0);
    MadeRows first = ids(5);
    ASSERT_TRUE(sql->perform(Exec{{kInsert, {}, &first}}, {.transaction = &tx})->ok());
    MadeRows rows = ids(1'000'000, 5);
    const auto started = start(rows, &tx);
    ASSERT_TRUE(sql->run_until([&] { return rows.read() > 50'000; }));
    started->cancel();
  }
  expect_usable();
}

// Its rollback waits for the end of the copy, which never comes.
TEST_F(PostgresCopy, InATransactionThatIsGivenUpOnALostConnectionGivesItBackOnce) {
  {
    flow::Transaction tx(*request, 0);
    MadeRows rows = ids(1'000'000);
    const auto started = start(rows, &tx);
    ASSERT_TRUE(sql->run_until([&] { return rows.read() > 50'000; }));
    query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy entry%'");
    started->cancel();
  }
  expect_usable();
  EXPECT_EQ(sql->system().pool()->open, 1U);
}

TEST_F(PostgresCopy, ThatLosesItsConnectionIsUnavailable) {
  MadeRows rows = ids(10'000'000);
  const auto started = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return rows.read() > 50'000; }));
  query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy entry%'");
  ASSERT_TRUE(sql->run_until([&] { return started->ended(); }));
  EXPECT_EQ(started->fault(), FaultKind::kUnavailable);
  EXPECT_LT(rows.read(), 10'000'000U);
  expect_usable();
}

}  // namespace
}  // namespace zerver::effects
