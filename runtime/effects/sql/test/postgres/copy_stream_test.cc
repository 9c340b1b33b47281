// Rows of a stream that are copied to a server that is slow, refuses them, or is gone.
#include "runtime/effects/sql/test/fed_rows.h"
#include "runtime/effects/sql/test/postgres/entry_table.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {
namespace {

using flow::Value;
using Exec = SqlAdapter::ExecArguments;
using Commit = SqlAdapter::CommitArguments;

class PostgresCopyStream : public EntryTable {
 protected:
  PostgresCopyStream() : EntryTable("id bigint primary key, small smallint, name text", 1) {}

  static constexpr std::string_view kInsert = "insert into entry (id, small, name) values (?, ?, ?)";

  static FedRows entries(std::size_t count, std::size_t too_large = static_cast<std::size_t>(-1)) {
    return {"entry (id, small, name)", 3, count,
            [too_large](std::size_t row, Arena&, std::span<Value> cells) {
              cells[0] = Value(static_cast<std::int64_t>(row));
              cells[1] = Value(std::int64_t{row == too_large ? 70'000 : 7});
              cells[2] = text("a name that is about as long as one of a street, a town or a country may be");
            }};
  }
  auto start(FedRows& rows, const testing::PerformOptions& options = {}) {
    return sql->start(Exec{{kInsert, {}, &rows}}, options);
  }
  void expect_usable() {
    FedRows rows = entries(3);
    const auto again = start(rows);
    EXPECT_TRUE(sql->run_until([&] { return again->ended(); }));
    EXPECT_TRUE(again->ok()) << again->why();
    EXPECT_EQ(query("select count(*) from entry"), "3");
  }
  void on_each_row(const std::string& body) const {
    query("create function each_row() returns trigger language plpgsql as $$begin " + body +
          " return new; end$$;"
          "create trigger each_row before insert on entry for each row execute function each_row()");
  }
};

TEST_F(PostgresCopyStream, AsksForNoMoreThanTheServerTakes) {
  open(2);
  on_each_row("perform pg_advisory_xact_lock(7);");
  flow::Transaction locker(*request, 0);
  ASSERT_TRUE(sql->perform(Exec{{"select pg_advisory_xact_lock(7)", {}}}, {.transaction = &locker})->ok());
  FedRows rows = entries(1'000'000);
  const auto started = start(rows, {.patience = Duration::from_seconds(30)});
  // What sockets hold is given, and then nothing, however many turns the loop has.
  std::size_t given = 0;
  const auto is_quiet = [&] {
    for (int turn = 0; turn < 100; ++turn) {
      EXPECT_TRUE(sql->perform(Exec{{"select 1", {}}}, {.transaction = &locker})->ok());
      if (rows.given() == 0 || rows.given() != std::exchange(given, rows.given())) return false;
    }
    return query("select count(*) from pg_stat_activity where wait_event = 'advisory'") == "1";
  };
  ASSERT_TRUE(sql->run_until(is_quiet));
  EXPECT_LT(given, 200'000U);
  EXPECT_FALSE(started->ended());
  started->cancel();
  EXPECT_TRUE(rows.is_closed());
  ASSERT_TRUE(sql->perform(Commit{}, {.transaction = &locker})->ok());
  query("drop trigger each_row on entry");
  expect_usable();
}

// The rest of its rows is not waited for.
TEST_F(PostgresCopyStream, EndsWithTheRowThatTheServerRefuses) {
  FedRows rows = entries(2000, 700);
  rows.hold_behind(1000);
  const auto failed = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return failed->ended(); }));
  EXPECT_EQ(failed->fault(), FaultKind::kConflict);
  EXPECT_EQ(failed->why(), "row 701: a value does not fit its type (22003)");
  EXPECT_TRUE(rows.is_closed());
  EXPECT_LE(rows.given(), 1000U);
  expect_usable();
}

TEST_F(PostgresCopyStream, NamesTheRowOfAnErrorInATrigger) {
  on_each_row("if new.id = 12 then raise exception 'no twelfth'; end if;");
  FedRows rows = entries(100);
  const auto failed = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return failed->ended(); }));
  EXPECT_EQ(failed->fault(), FaultKind::kConflict);
  EXPECT_TRUE(failed->why().starts_with("row 13: no twelfth")) << failed->why();
  query("drop trigger each_row on entry");
  expect_usable();
}

TEST_F(PostgresCopyStream, GoesOnWhenTheServerRemarksSomething) {
  on_each_row("raise warning 'row %', new.id;");
  FedRows rows = entries(2000);
  rows.hold_behind(1000);
  const auto started = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return rows.is_waiting(); }));
  // It has gone through the first ones by then.
  ASSERT_TRUE(sql->run_until([&] {
    return query(
               "select count(*) from pg_stat_activity where query like 'copy entry%' and wait_event = "
               "'ClientRead' and state = 'active'") == "1";
  }));
  rows.release();
  ASSERT_TRUE(sql->run_until([&] { return started->ended(); }));
  EXPECT_TRUE(started->ok()) << started->why();
  EXPECT_EQ(query("select count(*) from entry"), "2000");
}

TEST_F(PostgresCopyStream, ThatLosesItsConnectionIsUnavailable) {
  FedRows rows = entries(100'000);
  rows.hold_behind(50'000);
  const auto started = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return rows.is_waiting(); }));
  query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy entry%'");
  ASSERT_TRUE(sql->run_until([&] { return started->ended(); }));
  EXPECT_EQ(started->fault(), FaultKind::kUnavailable);
  EXPECT_TRUE(rows.is_closed());
  expect_usable();
}

TEST_F(PostgresCopyStream, IsNotAskedForAnythingWhileItWaitsForTheTable) {
  open(2);
  flow::Transaction locker(*request, 0);
  ASSERT_TRUE(
      sql->perform(Exec{{"lock table entry in access exclusive mode", {}}}, {.transaction = &locker})->ok());
  FedRows rows = entries(10);
  const auto late = start(rows, {.patience = Duration::from_milliseconds(300)});
  ASSERT_TRUE(sql->run_until([&] { return late->ended(); }));
  EXPECT_EQ(late->fault(), FaultKind::kTimeout);
  EXPECT_EQ(rows.given(), 0U);
  EXPECT_TRUE(rows.is_closed());
  ASSERT_TRUE(sql->perform(Commit{}, {.transaction = &locker})->ok());
  expect_usable();
}

}  // namespace
}  // namespace zerver::effects
