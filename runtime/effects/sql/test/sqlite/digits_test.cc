// Numbers that a column of SQLite would not keep.
#include "sqlite/digits.h"

#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/data/row_set.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::sqlite {
namespace {

flow::Value text(std::string_view value) { return flow::Value(String::borrowed(value)); }

TEST(Digits, AreThoseOfMarkedParameters) {
  using Positions = std::vector<std::size_t>;
  EXPECT_EQ(marked_parameters("insert into t values (?, ?)"), Positions());
  EXPECT_EQ(marked_parameters("insert into t values (?, ?/*digits*/, '?/*digits*/', ?/*digits*/)"),
            (Positions{1, 2}));
}

// Against SQLite itself: what it calls equal to the text, as a number that is read again.
TEST(Digits, AreKeptWhereSqliteKeepsThem) {
  Connection connection;
  ASSERT_EQ(connection.open(":memory:", false), "");
  ASSERT_EQ(connection.execute("create table t (n numeric)"), "");
  const auto read_again = [&](std::string_view number) {
    EXPECT_EQ(connection.execute("delete from t; insert into t values ('" + std::string(number) + "')"), "");
    flow::RowSet rows;
    bool needs_writer = false;
    const Outcome outcome =
        connection.run("select cast(n as text) from t", {}, Wanted::kRows, rows, {}, needs_writer);
    EXPECT_FALSE(outcome.failed) << outcome.why;
    return std::string(rows.cell(0, 0).text());
  };
  for (const std::string_view kept : {"0", "-1", "1.5", "0.1", "123456789.012345", "-0.000123456789012345",
                                      "9223372036854775807", "-9223372036854775808", "999999999999999.0"}) {
    EXPECT_TRUE(keeps_digits(text(kept))) << kept;
    if (kept != "-0.000123456789012345" && !kept.ends_with(".0")) {
      EXPECT_EQ(read_again(kept), kept);
    }
  }
  for (const std::string_view lost :
       {"12345678901234567.89", "18446744073709551615", "0.1234567890123456789", "-9223372036854775809"}) {
    EXPECT_FALSE(keeps_digits(text(lost))) << lost;
    EXPECT_NE(read_again(lost), lost);
  }
  EXPECT_TRUE(keeps_digits(flow::Value()));
}

TEST(Digits, ThatWouldBeLostAreAConflict) {
  Connection connection;
  ASSERT_EQ(connection.open(":memory:", false), "");
  ASSERT_EQ(connection.execute("create table t (n numeric, s text)"), "");
  flow::RowSet rows;
  const auto insert = [&](std::string_view number) {
    const flow::Value values[] = {text(number), text(number)};
    bool needs_writer = false;
    return connection.run("insert into t (n, s) values (?/*digits*/, ?)", values, Wanted::kCount, rows, {},
                          needs_writer);
  };
  EXPECT_FALSE(insert("12345678901234.5").failed);
  const Outcome refused = insert("12345678901234567.89");
  EXPECT_TRUE(refused.failed);
  EXPECT_EQ(refused.kind, FaultKind::kConflict);

  flow::RowSet values;
  values.add_column({});
  values.add_column({});
  for (const std::string_view number : {"1.5", "18446744073709551615"}) {
    values.add_cell(text(number));
    values.add_cell(text(number));
  }
  EXPECT_EQ(connection.insert("insert into t (s, n) values (?, ?/*digits*/)", values, 0, rows, {}).kind,
            FaultKind::kConflict);
  bool needs_writer = false;
  EXPECT_FALSE(connection.run("select count(*) from t", {}, Wanted::kRows, rows, {}, needs_writer).failed);
  EXPECT_EQ(rows.cell(0, 0).integer(), 1);
}

}  // namespace
}  // namespace zerver::effects::sqlite
