// What every implementation of `sql` does alike, in the part of SQL that they share.
#include "runtime/effects/sql/test/conformance/fixture.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <vector>

namespace zerver::effects {
namespace conformance {
namespace {

INSTANTIATE_TEST_SUITE_P(Each, SqlConformance, kEachKind, name_of_test);

TEST_P(SqlConformance, KeepsValues) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  const std::string bytes("\0\xFF'\\", 4);
  const Value full[] = {Value(kLeast),
                        text("Zoë 'x' \\ \"y\""),
                        Value(std::numeric_limits<std::int64_t>::max()),
                        Value(-0.1),
                        Value(true),
                        blob(bytes)};
  const Value bare[] = {Value(std::int64_t{2}), text(""), Value(), Value(), Value(false), blob("")};
  EXPECT_EQ(exec("insert into entry values (?, ?, ?, ?, ?, ?)", full)->value(), 1);
  EXPECT_EQ(exec("insert into entry values (?, ?, ?, ?, ?, ?)", bare)->value(), 1);
  const auto rows = many("select id, name, size, ratio, ready, data from entry order by id");
  ASSERT_TRUE(rows->ok()) << rows->why();
  ASSERT_EQ(rows->value().rows(), 2U);
  const auto cell = [&](std::size_t row, std::size_t column) { return rows->value().cell(row, column); };
  EXPECT_EQ(rows->value().column(1), "name");
  EXPECT_EQ(cell(0, 0).integer(), kLeast);
  EXPECT_EQ(cell(0, 1).text(), "Zoë 'x' \\ \"y\"");
  EXPECT_EQ(cell(0, 2).integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(cell(0, 3).real(), -0.1);
  EXPECT_TRUE(cell(0, 4).boolean());
  EXPECT_EQ(cell(0, 5).text(), bytes);
  EXPECT_EQ(cell(1, 1).text(), "");
  EXPECT_TRUE(cell(1, 2).is_null());
  EXPECT_TRUE(cell(1, 3).is_null());
  EXPECT_FALSE(cell(1, 4).boolean());
  EXPECT_EQ(cell(1, 5).text(), "");
}

TEST_P(SqlConformance, CountsWhatChanged) {
  EXPECT_EQ(exec("insert into entry (id, name) values (1, 'a'), (2, 'b'), (3, 'c')")->value(), 3);
  EXPECT_EQ(exec("update entry set size = 1 where id > 1")->value(), 2);
  EXPECT_EQ(exec("delete from entry where id = 9")->value(), 0);
  const auto returned = many("delete from entry where id < 3 returning id");
  EXPECT_EQ(returned->value().rows(), 2U);
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(many("select id from entry where id > 3")->value().rows(), 0U);
}

TEST_P(SqlConformance, CallsABrokenConstraintAConflict) {
  ASSERT_TRUE(exec("insert into entry (id, name) values (1, 'a')")->ok());
  for (const std::string_view statement :
       {"insert into entry (id, name) values (1, 'b')", "insert into entry (id, name) values (2, 'a')",
        "insert into entry (id, name) values (2, null)",
        "insert into entry (id, name, size) values (2, 'b', -1)"}) {
    const auto ended = exec(statement);
    EXPECT_EQ(ended->fault(), FaultKind::kConflict) << statement;
    EXPECT_NE(ended->why(), "");
  }
  EXPECT_EQ(exec("insert into entry (id, name) values (1, 'a') on conflict (id) do nothing")->value(), 0);
  EXPECT_EQ(count(), 1);
}

TEST_P(SqlConformance, CallsAMistakeInternal) {
  for (const std::string_view statement : {"selec 1", "select * from missing", "select missing from entry",
                                           "select 1; select 2", "select 1 from entry where id = ?"})
    EXPECT_EQ(many(statement)->fault(), FaultKind::kInternal) << statement;
  EXPECT_EQ(count(), 0);
}

TEST_P(SqlConformance, NeverTakesAValueForSql) {
  const std::string_view evil = "'); drop table entry; --";
  const Value values[] = {text(evil)};
  EXPECT_EQ(exec("insert into entry (id, name) values (1, ?)", values)->value(), 1);
  EXPECT_EQ(many("select name from entry where name = ?", values)->value().cell(0, 0).text(), evil);
}

TEST_P(SqlConformance, RunsManyStatementsAtOnce) {
  constexpr std::size_t kCount = 100;
  std::vector<std::string> names;
  std::vector<std::array<Value, 2>> values(kCount);
  names.reserve(kCount);
  std::vector<std::unique_ptr<testing::Performed<Exec>>> started;
  for (std::size_t i = 0; i < kCount; ++i) {
    // Each of them twice.
    names.push_back("n" + std::to_string(i / 2));
    values[i] = {Value(static_cast<std::int64_t>(i / 2)), text(names.back())};
    started.push_back(sql->start(Exec{{"insert into entry (id, name) values (?, ?)", values[i]}}));
  }
  const auto all_ended = [&] {
    return std::ranges::all_of(started, [](const auto& one) { return one->ended(); });
  };
  ASSERT_TRUE(sql->run_until(all_ended));
  EXPECT_EQ(std::ranges::count_if(started, [](const auto& one) { return one->ok(); }), kCount / 2);
  for (const auto& one : started) {
    if (!one->ok()) {
      EXPECT_EQ(one->fault(), FaultKind::kConflict) << one->why();
    }
  }
  EXPECT_EQ(count(), static_cast<std::int64_t>(kCount / 2));
}

TEST_P(SqlConformance, OneThatIsCancelledTellsNobody) {
  auto cancelled = sql->start(Exec{{"insert into entry (id, name) values (1, 'a')", {}}});
  const bool had_ended = cancelled->ended();
  cancelled->cancel();
  EXPECT_EQ(exec("insert into entry (id, name) values (2, 'b')")->value(), 1);
  EXPECT_TRUE(had_ended || cancelled->fault() == FaultKind::kCancelled);
  EXPECT_EQ(cancelled->late(), 0U);
}

// Keeps the ids of a stream of them.
class Ids final : public flow::Source::Reader {
 public:
  void on_part(const void* part) noexcept override {
    const auto& rows = *static_cast<const flow::RowSource*>(part);
    for (std::size_t row = 0; row < rows.rows(); ++row)
      all.push_back(rows.cell(row, 0).integer());
    ++parts;
    told = true;
  }
  void on_end() noexcept override { ended = told = true; }
  void on_failure(const Fault& fault) noexcept override {
    why = std::string(name_of(fault.kind)) + ": " + std::string(fault.why.view());
    told = true;
  }

  std::vector<std::int64_t> all;
  std::size_t parts = 0;
  bool told = false, ended = false;
  std::string why;
};

TEST_P(SqlConformance, StreamsRowsInParts) {
  fill(5000);
  const Value from[] = {Value(std::int64_t{11})};
  const auto opened = sql->perform(Stream{{"select id, name from entry where id >= ? order by id", from}});
  ASSERT_TRUE(opened->ok()) << opened->why();
  flow::Source& source = *opened->value();
  Ids ids;
  while (next(source, ids)) {
  }
  EXPECT_TRUE(ids.ended) << ids.why;
  source.close();
  std::vector<std::int64_t> expected(4990);
  std::iota(expected.begin(), expected.end(), 11);
  EXPECT_EQ(ids.all, expected);
  EXPECT_GT(ids.parts, 2U);
}

TEST_P(SqlConformance, StreamsNoRows) {
  const auto opened = sql->perform(Stream{{"select id from entry", {}}});
  ASSERT_TRUE(opened->ok()) << opened->why();
  Ids ids;
  EXPECT_FALSE(next(*opened->value(), ids));
  EXPECT_TRUE(ids.ended) << ids.why;
  opened->value()->close();
}

TEST_P(SqlConformance, AStreamThatIsClosedLeavesNothingBehind) {
  fill(5000);
  // More than may be open at once, one behind the other and some side by side.
  for (int round = 0; round < 50; ++round) {
    const auto first = sql->perform(Stream{{"select id from entry order by id", {}}});
    ASSERT_TRUE(first->ok()) << first->why();
    const auto second = sql->perform(Stream{{"select id from entry order by id desc", {}}});
    ASSERT_TRUE(second->ok()) << second->why();
    Ids ids;
    EXPECT_TRUE(next(*first->value(), ids));
    EXPECT_TRUE(next(*second->value(), ids));
    first->value()->close();
    second->value()->next(ids);  // closed while it is under way
    second->value()->close();
  }
  EXPECT_EQ(exec("delete from entry")->value(), 5000);
  EXPECT_EQ(count(), 0);
}

TEST_P(SqlConformance, AStreamThatIsCancelledWhileItOpensIsClosed) {
  fill(2000);
  for (int round = 0; round < 20; ++round) {
    const auto started = sql->start(Stream{{"select id from entry order by name", {}}});
    if (started->ended()) {
      started->value()->close();
    } else {
      started->cancel();
    }
  }
  EXPECT_EQ(exec("delete from entry")->value(), 2000);
}

TEST_P(SqlConformance, AStatementThatCannotBeStreamedFailsWhenItIsOpened) {
  for (const std::string_view statement :
       {"selec 1", "select missing from entry", "delete from entry returning id",
        "select 1 from entry where id = ?"})
    EXPECT_EQ(sql->perform(Stream{{statement, {}}})->fault(), FaultKind::kInternal) << statement;
  EXPECT_EQ(count(), 0);
}

TEST_P(SqlConformance, WhoeverWritesIsNotHeldUpByAStream) {
  fill(5000);
  const auto opened = sql->perform(Stream{{"select id from entry order by id", {}}});
  ASSERT_TRUE(opened->ok()) << opened->why();
  Ids ids;
  EXPECT_TRUE(next(*opened->value(), ids));
  EXPECT_EQ(exec("insert into entry (id, name) values (9999, 'late')")->value(), 1);
  while (next(*opened->value(), ids)) {
  }
  EXPECT_TRUE(ids.ended) << ids.why;
  opened->value()->close();
  // On one connection for everything the stream may see it, else it does not.
  const bool is_shared = GetParam() == Kind::kSqliteMemory || GetParam() == Kind::kInlineSqlite;
  if (!is_shared) {
    EXPECT_EQ(ids.all.size(), 5000U);
  }
}

TEST_P(SqlConformance, ATransactionHappensAsAWholeOrNotAtAll) {
  {
    flow::Transaction tx(*request, 0);
    EXPECT_EQ(exec("insert into entry (id, name) values (1, 'a')", {}, &tx)->value(), 1);
    EXPECT_EQ(exec("insert into entry (id, name) values (2, 'b')", {}, &tx)->value(), 1);
    EXPECT_EQ(count(&tx), 2);
    const auto committed = sql->perform(Commit{}, {.transaction = &tx});
    EXPECT_TRUE(committed->ok()) << committed->why();
    EXPECT_FALSE(tx.is_open());
  }
  EXPECT_EQ(count(), 2);
  {
    flow::Transaction tx(*request, 0);
    EXPECT_TRUE(exec("delete from entry", {}, &tx)->ok());
    EXPECT_EQ(count(&tx), 0);
  }
  EXPECT_EQ(count(), 2);
}

TEST_P(SqlConformance, ATransactionThatFailsLeavesNothing) {
  {
    flow::Transaction tx(*request, 0);
    EXPECT_TRUE(exec("insert into entry (id, name) values (1, 'a')", {}, &tx)->ok());
    EXPECT_EQ(exec("insert into entry (id, name) values (1, 'b')", {}, &tx)->fault(), FaultKind::kConflict);
  }
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(exec("insert into entry (id, name) values (1, 'a')")->value(), 1);
}

}  // namespace
}  // namespace conformance
}  // namespace zerver::effects
