// Rows of a stream into a table, on every implementation of `sql`.
#include "runtime/effects/sql/test/conformance/fixture.h"
#include "runtime/effects/sql/test/fed_rows.h"
#include <zerver/flow/data/struct_rows.h>

#include <array>
#include <memory>
#include <string>

namespace zerver::effects {
namespace conformance {
namespace {

struct Entry {
  std::int64_t id = 0;
  String name;
};

bool read_row(flow::RowReader& row, Entry& out) {
  static constexpr std::array kFields{flow::RowField{"id"}, flow::RowField{"name"}};
  return row.has(kFields) && row.field(0, out.id) && row.field(1, out.name);
}

class SqlStreamInsert : public SqlConformance {
 protected:
  static constexpr std::string_view kText = "insert into entry (id, name) values (?, ?)";
  static constexpr std::string_view kInto = "entry (id, name)";

  // With the ids from `first`; names are unique.
  static FedRows numbered(std::size_t count, std::int64_t first = 1) {
    return {kInto, 2, count, [first](std::size_t row, Arena& arena, std::span<Value> cells) {
              const std::int64_t id = first + static_cast<std::int64_t>(row);
              cells[0] = Value(id);
              cells[1] = Value(arena.text({"n", std::to_string(id)}));
            }};
  }
  auto start(flow::BulkRows& rows, const testing::PerformOptions& options = {}) {
    return sql->start(Exec{{kText, {}, &rows}}, options);
  }
  auto insert(flow::BulkRows& rows, flow::Transaction* tx = nullptr) {
    return sql->perform(Exec{{kText, {}, &rows}}, {.transaction = tx});
  }
  void expect_usable() {
    FedRows rows = numbered(3, 1'000'000);
    EXPECT_EQ(insert(rows)->value(), 3);
    EXPECT_TRUE(exec("delete from entry where id >= 1000000")->ok());
  }
};

INSTANTIATE_TEST_SUITE_P(Each, SqlStreamInsert, kEachKind, name_of_test);

TEST_P(SqlStreamInsert, InsertsWhatComes) {
  FedRows rows = numbered(20'050);
  const auto inserted = insert(rows);
  ASSERT_TRUE(inserted->ok()) << inserted->why();
  EXPECT_EQ(inserted->value(), 20'050);
  EXPECT_EQ(count(), 20'050);
  EXPECT_TRUE(rows.is_closed());
}

TEST_P(SqlStreamInsert, InsertsNothingWhenNothingComes) {
  FedRows rows = numbered(0);
  EXPECT_EQ(insert(rows)->value(), 0);
  EXPECT_TRUE(rows.is_closed());
  EXPECT_EQ(count(), 0);
}

TEST_P(SqlStreamInsert, WaitsForWhatComesLater) {
  FedRows rows = numbered(1000);
  rows.hold_behind(150);
  const auto started = start(rows);
  ASSERT_TRUE(sql->run_until([&] { return rows.is_waiting(); }));
  EXPECT_FALSE(started->ended());
  EXPECT_EQ(rows.given(), 150U);
  rows.release();
  ASSERT_TRUE(sql->run_until([&] { return started->ended(); }));
  EXPECT_EQ(started->value(), 1000);
}

TEST_P(SqlStreamInsert, LeavesNothingWhenTheSourceFails) {
  for (const std::size_t behind : {0U, 1U, 7000U}) {
    FedRows rows = numbered(10'000);
    rows.fail_behind(behind);
    const auto failed = insert(rows);
    EXPECT_EQ(failed->fault(), FaultKind::kUnavailable) << behind;
    EXPECT_EQ(failed->why(), "the source of the rows has failed: as the test says");
    EXPECT_TRUE(rows.is_closed());
    EXPECT_EQ(count(), 0) << behind;
  }
  expect_usable();
}

TEST_P(SqlStreamInsert, SaysWhichRowTheTableDoesNotTake) {
  ASSERT_TRUE(exec("insert into entry (id, name) values (4321, 'there')")->ok());
  FedRows rows = numbered(9000);
  const auto failed = insert(rows);
  EXPECT_EQ(failed->fault(), FaultKind::kConflict);
  EXPECT_TRUE(failed->why().starts_with("row 4321: ")) << failed->why();
  EXPECT_TRUE(rows.is_closed());
  EXPECT_EQ(count(), 1);
  expect_usable();
}

TEST_P(SqlStreamInsert, SaysWhichRowIsNone) {
  FedRows rows = numbered(9000);
  rows.break_row(5149);
  const auto failed = insert(rows);
  EXPECT_EQ(failed->fault(), FaultKind::kInternal);
  EXPECT_EQ(failed->why(), "row 5150: column `name` is no text");
  EXPECT_TRUE(rows.is_closed());
  EXPECT_EQ(count(), 0);
  expect_usable();
}

TEST_P(SqlStreamInsert, IsPartOfItsTransaction) {
  {
    flow::Transaction tx(*request, 0);
    FedRows first = numbered(3000);
    EXPECT_EQ(insert(first, &tx)->value(), 3000);
    EXPECT_EQ(exec("delete from entry where id > 2990", {}, &tx)->value(), 10);
    FedRows second = numbered(500, 5000);
    EXPECT_EQ(insert(second, &tx)->value(), 500);
    EXPECT_EQ(count(&tx), 3490);
    const auto committed = sql->perform(Commit{}, {.transaction = &tx});
    EXPECT_TRUE(committed->ok()) << committed->why();
  }
  EXPECT_EQ(count(), 3490);
  {
    flow::Transaction tx(*request, 0);
    FedRows rows = numbered(1000, 10'000);
    EXPECT_EQ(insert(rows, &tx)->value(), 1000);
  }
  EXPECT_EQ(count(), 3490);
}

TEST_P(SqlStreamInsert, EndsItsTransactionWhenItFails) {
  {
    flow::Transaction tx(*request, 0);
    EXPECT_TRUE(exec("insert into entry (id, name) values (0, 'zero')", {}, &tx)->ok());
    FedRows rows = numbered(9000);
    rows.fail_behind(8000);
    EXPECT_EQ(insert(rows, &tx)->fault(), FaultKind::kUnavailable);
    EXPECT_FALSE(sql->perform(Commit{}, {.transaction = &tx})->ok());
  }
  EXPECT_EQ(count(), 0);
  expect_usable();
}

TEST_P(SqlStreamInsert, OpensItsTransactionAlsoWithoutRows) {
  flow::Transaction tx(*request, 0);
  FedRows none = numbered(0);
  EXPECT_EQ(insert(none, &tx)->value(), 0);
  EXPECT_TRUE(exec("insert into entry (id, name) values (0, 'zero')", {}, &tx)->ok());
  const auto committed = sql->perform(Commit{}, {.transaction = &tx});
  EXPECT_TRUE(committed->ok()) << committed->why();
  EXPECT_EQ(count(), 1);
}

TEST_P(SqlStreamInsert, OneThatIsGivenUpLeavesNothing) {
  for (const bool lets_go : {false, true}) {
    FedRows rows = numbered(100'000);
    rows.hold_behind(30'000);
    const auto started = start(rows);
    ASSERT_TRUE(sql->run_until([&] { return rows.is_waiting(); }));
    lets_go ? started->let_go() : started->cancel();
    EXPECT_TRUE(rows.is_closed());
    EXPECT_EQ(count(), 0);
  }
  expect_usable();
}

TEST_P(SqlStreamInsert, OneThatIsGivenUpInATransactionGoesWithIt) {
  {
    flow::Transaction tx(*request, 0);
    EXPECT_TRUE(exec("insert into entry (id, name) values (0, 'zero')", {}, &tx)->ok());
    FedRows rows = numbered(100'000);
    rows.hold_behind(30'000);
    const auto started = start(rows, {.transaction = &tx});
    ASSERT_TRUE(sql->run_until([&] { return rows.is_waiting(); }));
    started->cancel();
    EXPECT_TRUE(rows.is_closed());
  }
  EXPECT_EQ(count(), 0);
  expect_usable();
}

TEST_P(SqlStreamInsert, EndsAtItsDeadlineWhenNothingComes) {
  for (const std::size_t behind : {0U, 20'000U}) {
    FedRows rows = numbered(100'000);
    rows.hold_behind(behind);
    const auto started = start(rows, {.patience = Duration::from_milliseconds(300)});
    ASSERT_TRUE(sql->run_until([&] { return started->ended(); }));
    EXPECT_EQ(started->fault(), FaultKind::kTimeout);
    EXPECT_TRUE(rows.is_closed());
    EXPECT_EQ(count(), 0);
  }
  expect_usable();
}

// A source that is slow, so that both are under way for long.
TEST_P(SqlStreamInsert, CopiesWhatAStreamOfTheSameDatabaseBrings) {
  fill(5000);
  const auto opened = sql->perform(
      Stream{{"select id + 100000 as id, name || '+' as name from entry where id <= 5000 order by id", {}}});
  ASSERT_TRUE(opened->ok()) << opened->why();
  const flow::Stream<Entry> stream{.source = opened->value()};
  flow::StructStream<&Entry::id, &Entry::name> rows(kInto, stream, sql->worker());
  const auto inserted = insert(rows);
  ASSERT_TRUE(inserted->ok()) << inserted->why();
  EXPECT_EQ(inserted->value(), 5000);
  EXPECT_EQ(count(), 10'000);
  EXPECT_EQ(many("select name from entry where id = 104999")->value().cell(0, 0).text(), "n4999+");
}

TEST_P(SqlStreamInsert, RunsBesideOthers) {
  FedRows first = numbered(3000);
  FedRows second = numbered(3000, 10'000);
  const auto one = start(first);
  const auto other = start(second);
  const auto alone = sql->start(Exec{{"insert into entry (id, name) values (0, 'zero')", {}}});
  ASSERT_TRUE(sql->run_until([&] { return one->ended() && other->ended() && alone->ended(); }));
  EXPECT_TRUE(one->ok()) << one->why();
  EXPECT_TRUE(other->ok()) << other->why();
  EXPECT_TRUE(alone->ok()) << alone->why();
  EXPECT_EQ(count(), 6001);
}

}  // namespace
}  // namespace conformance
}  // namespace zerver::effects
