#include "runtime/effects/test/probe.h"
#include <zerver/effects/sql/sqlite/connection.h>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace zerver::effects::sqlite {
namespace {

class Locked : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(other.open(folder.file("a.db"), false), "");
    ASSERT_EQ(other.execute("create table t (a); begin exclusive"), "");
  }

  Outcome insert(Connection& connection) {
    bool needs_writer = false;
    return connection.run("insert into t values (1)", {}, Wanted::kCount, rows, patience, needs_writer);
  }

  Folder folder;
  Connection other;
  flow::RowSet rows;
  Patience patience;
};

TEST_F(Locked, IsUnavailableWhenTheLockIsKeptTooLong) {
  Connection connection(std::chrono::milliseconds(10));
  ASSERT_EQ(connection.open(folder.file("a.db"), false), "");
  const Outcome outcome = insert(connection);
  EXPECT_TRUE(outcome.failed);
  EXPECT_EQ(outcome.kind, FaultKind::kUnavailable);
  EXPECT_EQ(outcome.why, "database is locked");
}

TEST_F(Locked, IsUnavailableBeforeWhoeverWaitsGivesUp) {
  Connection connection(std::chrono::hours(1));
  ASSERT_EQ(connection.open(folder.file("a.db"), false), "");
  patience.until = std::chrono::steady_clock::now();
  const Outcome outcome = insert(connection);
  EXPECT_TRUE(outcome.failed);
  EXPECT_EQ(outcome.kind, FaultKind::kUnavailable);
}

TEST_F(Locked, StopsWaitingWhenNobodyWaitsForIt) {
  Connection connection(std::chrono::hours(1));
  ASSERT_EQ(connection.open(folder.file("a.db"), false), "");
  patience.abandoned = true;
  EXPECT_TRUE(insert(connection).failed);
}

TEST_F(Locked, GoesOnWhenTheLockIsGone) {
  Connection connection(std::chrono::hours(1));
  ASSERT_EQ(connection.open(folder.file("a.db"), false), "");
  ASSERT_EQ(other.execute("rollback"), "");
  EXPECT_FALSE(insert(connection).failed);
  EXPECT_EQ(rows.affected(), 1);
}

TEST(Connection, SendsWhatWritesToTheWriter) {
  const Folder folder;
  Connection writer, reader;
  ASSERT_EQ(writer.open(folder.file("a.db"), false), "");
  ASSERT_EQ(writer.execute("create table t (a)"), "");
  ASSERT_EQ(reader.open(folder.file("a.db"), true), "");
  flow::RowSet rows;
  const Patience patience;
  bool needs_writer = false;
  EXPECT_FALSE(reader.run("delete from t", {}, Wanted::kCount, rows, patience, needs_writer).failed);
  EXPECT_TRUE(needs_writer);
  EXPECT_FALSE(reader.run("select * from t", {}, Wanted::kRows, rows, patience, needs_writer).failed);
  EXPECT_FALSE(needs_writer);
}

TEST(Connection, KeepsABoundedNumberOfStatements) {
  Connection connection;
  ASSERT_EQ(connection.open(":memory:", false), "");
  flow::RowSet rows;
  const Patience patience;
  bool needs_writer = false;
  for (std::size_t number = 0; number < Connection::kMaxStatements * 2 + 1; ++number) {
    const std::string text = "select " + std::to_string(number);
    ASSERT_FALSE(connection.run(text, {}, Wanted::kOneRow, rows, patience, needs_writer).failed);
    EXPECT_EQ(rows.cell(0, 0).integer(), static_cast<std::int64_t>(number));
  }
}

// A statement that was prepared before another process changed the schema.
TEST(SqliteConnection, TellsTheColumnsOfTheRowsThatItHas) {
  const Folder folder;
  Connection connection;
  Connection other;
  ASSERT_EQ(connection.open(folder.file("a.db"), false), "");
  ASSERT_EQ(other.open(folder.file("a.db"), false), "");
  ASSERT_EQ(other.execute("create table t (a, b); insert into t values (1, 2); insert into t values (3, 4)"),
            "");
  const Patience patience;
  flow::RowSet rows;
  const auto read = [&] {
    bool needs_writer = false;
    const Outcome outcome =
        connection.run("select * from t order by a", {}, Wanted::kRows, rows, patience, needs_writer);
    EXPECT_FALSE(outcome.failed) << outcome.why;
  };
  read();
  EXPECT_EQ(rows.columns(), 2U);
  ASSERT_EQ(other.execute("alter table t add column c default 5; alter table t rename column b to d"), "");
  read();
  ASSERT_EQ(rows.columns(), 3U);
  ASSERT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows.column(1), "d");
  EXPECT_EQ(rows.cell(1, 0).integer(), 3);
  EXPECT_EQ(rows.cell(1, 1).integer(), 4);
  EXPECT_EQ(rows.cell(1, 2).integer(), 5);
}

}  // namespace
}  // namespace zerver::effects::sqlite
