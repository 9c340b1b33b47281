// Many rows at once, on every implementation of `sql`.
#include "runtime/effects/sql/test/bulk.h"

#include "runtime/effects/sql/test/conformance/fixture.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace zerver::effects {
namespace conformance {
namespace {

class SqlBulk : public SqlConformance {
 protected:
  static constexpr std::string_view kText = "insert into entry (id, name) values (?, ?)";
  static constexpr std::string_view kInto = "entry (id, name)";

  // With the ids from `first`; names are unique.
  static MadeRows numbered(std::size_t count, std::int64_t first = 1) {
    return {kInto, 2, count, [first](std::size_t row, Arena& arena, std::span<Value> cells) {
              const std::int64_t id = first + static_cast<std::int64_t>(row);
              cells[0] = Value(id);
              cells[1] = Value(arena.text({"n", std::to_string(id)}));
            }};
  }
  auto insert(MadeRows rows, flow::Transaction* tx = nullptr) {
    return sql->perform(Exec{{kText, {}, &rows}}, {.transaction = tx});
  }
};

INSTANTIATE_TEST_SUITE_P(Each, SqlBulk, kEachKind, name_of_test);

TEST_P(SqlBulk, InsertsWhatTheRowsHave) {
  const std::string bytes("\0\xFF\\\n\t'", 6);
  const std::vector<std::array<Value, 6>> values{
      {Value(std::numeric_limits<std::int64_t>::min()), text("Zoë 'x' \\ \"y\""),
       Value(std::numeric_limits<std::int64_t>::max()), Value(-0.1), Value(true), blob(bytes)},
      {Value(std::int64_t{2}), text(""), Value(), Value(), Value(false), blob("")},
      {Value(std::int64_t{3}), text("\\N"), Value(), Value(1e300), Value(), Value()},
      {Value(std::int64_t{4}), text("\\."), Value(), Value(), Value(), Value()},
      {Value(std::int64_t{5}), text("a\tb\nc\rd\\te"), Value(), Value(), Value(), Value()},
      {Value(std::int64_t{6}), text("'); drop table entry; --"), Value(), Value(), Value(), Value()},
  };
  MadeRows rows("entry (id, name, size, ratio, ready, data)", 6, values.size(),
                [&](std::size_t row, Arena&, std::span<Value> cells) {
                  std::ranges::copy(values[row], cells.begin());
                });
  const auto inserted = sql->perform(
      Exec{{"insert into entry (id, name, size, ratio, ready, data) values (?, ?, ?, ?, ?, ?)", {}, &rows}});
  ASSERT_TRUE(inserted->ok()) << inserted->why();
  EXPECT_EQ(inserted->value(), 6);
  const auto read = many("select id, name, size, ratio, ready, data from entry order by id");
  ASSERT_TRUE(read->ok()) << read->why();
  ASSERT_EQ(read->value().rows(), values.size());
  const auto cell = [&](std::size_t row, std::size_t column) { return read->value().cell(row, column); };
  for (std::size_t row = 0; row < values.size(); ++row) {
    EXPECT_EQ(cell(row, 0).integer(), values[row][0].integer());
    EXPECT_EQ(cell(row, 1).text(), values[row][1].text());
    for (const std::size_t column : {2U, 3U, 5U})
      EXPECT_EQ(cell(row, column).is_null(), values[row][column].is_null()) << row << ' ' << column;
  }
  EXPECT_EQ(cell(0, 2).integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(cell(0, 3).real(), -0.1);
  EXPECT_TRUE(cell(0, 4).boolean());
  EXPECT_EQ(cell(0, 5).text(), bytes);
  EXPECT_EQ(cell(1, 5).text(), "");
  EXPECT_EQ(cell(2, 3).real(), 1e300);
}

TEST_P(SqlBulk, TakesAsManyAsThereAre) {
  EXPECT_EQ(insert(numbered(20'000))->value(), 20'000);
  EXPECT_EQ(insert(numbered(0))->value(), 0);
  EXPECT_EQ(insert(numbered(1, 20'001))->value(), 1);
  EXPECT_EQ(count(), 20'001);
}

TEST_P(SqlBulk, InsertsAllOrNone) {
  ASSERT_EQ(insert(numbered(1, 4000))->value(), 1);
  const auto again = insert(numbered(5000));
  EXPECT_EQ(again->fault(), FaultKind::kConflict);
  EXPECT_NE(again->why(), "");
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(insert(numbered(100))->value(), 100);
}

TEST_P(SqlBulk, CallsAMistakeInternal) {
  MadeRows rows = numbered(3);
  for (const std::string_view statement :
       {"insert into missing (id, name) values (?, ?)", "insert into entry (id, missing) values (?, ?)",
        "insert into entry (id) values (?)"})
    EXPECT_EQ(sql->perform(Exec{{statement, {}, &rows}})->fault(), FaultKind::kInternal) << statement;
  EXPECT_EQ(count(), 0);
}

TEST_P(SqlBulk, IsPartOfItsTransaction) {
  {
    flow::Transaction tx(*request, 0);
    EXPECT_EQ(insert(numbered(1000), &tx)->value(), 1000);  // the first statement
    EXPECT_EQ(exec("delete from entry where id > 990", {}, &tx)->value(), 10);
    EXPECT_EQ(insert(numbered(500, 5000), &tx)->value(), 500);
    EXPECT_EQ(count(&tx), 1490);
    const auto committed = sql->perform(Commit{}, {.transaction = &tx});
    EXPECT_TRUE(committed->ok()) << committed->why();
  }
  EXPECT_EQ(count(), 1490);
  {
    flow::Transaction tx(*request, 0);
    EXPECT_EQ(insert(numbered(1000, 10'000), &tx)->value(), 1000);
  }
  EXPECT_EQ(count(), 1490);
  {
    flow::Transaction tx(*request, 0);
    EXPECT_TRUE(exec("insert into entry (id, name) values (0, 'zero')", {}, &tx)->ok());
    EXPECT_EQ(insert(numbered(1000), &tx)->fault(), FaultKind::kConflict);
  }
  EXPECT_EQ(count(), 1490);
}

TEST_P(SqlBulk, RunsBesideOtherStatements) {
  std::vector<std::unique_ptr<testing::Performed<Exec>>> started;
  std::vector<MadeRows> rows;
  rows.reserve(20);
  std::vector<std::array<Value, 2>> values(20);
  std::vector<std::string> names;
  names.reserve(20);
  for (std::int64_t i = 0; i < 20; ++i) {
    rows.push_back(numbered(300, 1000 * (i + 1)));
    started.push_back(sql->start(Exec{{kText, {}, &rows.back()}}));
    names.push_back("alone" + std::to_string(i));
    values[static_cast<std::size_t>(i)] = {Value(i), text(names.back())};
    started.push_back(sql->start(Exec{{kText, values[static_cast<std::size_t>(i)]}}));
  }
  const auto all_ended = [&] {
    return std::ranges::all_of(started, [](const auto& one) { return one->ended(); });
  };
  ASSERT_TRUE(sql->run_until(all_ended));
  for (const auto& one : started)
    EXPECT_TRUE(one->ok()) << one->why();
  EXPECT_EQ(count(), 20 * 301);
}

TEST_P(SqlBulk, OneThatIsGivenUpLeavesAllOrNothing) {
  constexpr std::size_t kCount = 50'000;
  for (const bool lets_go : {false, true}) {
    {
      MadeRows rows = numbered(kCount);
      const auto started = sql->start(Exec{{kText, {}, &rows}});
      // Before it has begun, or in the middle; its rows are gone then.
      EXPECT_TRUE(sql->run_until([&] { return started->ended() || rows.read() > 5000; }));
      lets_go ? started->let_go() : started->cancel();
    }
    const std::int64_t left = count();
    EXPECT_TRUE(left == 0 || left == static_cast<std::int64_t>(kCount)) << left;
    EXPECT_TRUE(exec("delete from entry")->ok());
  }
  EXPECT_EQ(insert(numbered(10))->value(), 10);
}

}  // namespace
}  // namespace conformance
}  // namespace zerver::effects
