#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/row_codec.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace rows_of_a_user {

struct Key {
  using scalar_type = std::int64_t;
  std::int64_t value;
};

enum class Colour : std::uint8_t { kRed, kBlue };
bool from_string(std::string_view name, Colour& out) noexcept {
  out = name == "red" ? Colour::kRed : Colour::kBlue;
  return name == "red" || name == "blue";
}
std::string_view to_string(Colour colour) noexcept { return colour == Colour::kRed ? "red" : "blue"; }

struct Line {
  Key key;
  std::optional<zerver::String> note;
  Colour colour = Colour::kRed;
};
bool read_row(zerver::flow::RowReader& row, Line& out) {
  return row.column("key", out.key) && row.column("note", out.note) && row.column("colour", out.colour);
}

}  // namespace rows_of_a_user

namespace zerver::flow {
namespace {

using rows_of_a_user::Colour;
using rows_of_a_user::Line;

class RowCodec : public ::testing::Test {
 protected:
  template <class T> Result<T> read() { return read_rows<T>(rows, arena, reader); }
  // One row of one column.
  template <class T> Result<T> single(const Value& value) {
    rows.clear();
    rows.add_column("x");
    rows.add_cell(value);
    return read<T>();
  }
  template <class T> std::string why(const Value& value) {
    const Result<T> result = single<T>(value);
    if (result) return "nothing";
    EXPECT_EQ(result.error().kind, FaultKind::kInternal);
    return std::string(result.error().why.view());
  }
  void add_line(std::int64_t key, const Value& note) {
    rows.add_cell(note);
    rows.add_cell(Value(String("blue")));
    rows.add_cell(Value(key));
  }

  RowSet rows;
  Arena arena;
  JsonReader reader;
};

TEST_F(RowCodec, ReadsColumnsByName) {
  for (const char* const name : {"note", "colour", "key"})
    rows.add_column(name);
  add_line(7, Value(String("hi")));
  const Result<Line> line = read<Line>();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->key.value, 7);
  EXPECT_EQ(line->note, "hi");
  EXPECT_EQ(line->colour, Colour::kBlue);

  add_line(8, Value());
  EXPECT_EQ(read<Line>().error().why, "there is more than one row");
  EXPECT_EQ(read<std::optional<Line>>().error().kind, FaultKind::kInternal);
  const Result<List<Line>> lines = read<List<Line>>();
  ASSERT_TRUE(lines);
  EXPECT_EQ((*lines)[1].note, std::nullopt);
}

TEST_F(RowCodec, TellsNoRowFromAnEmptyOne) {
  rows.add_column("x");
  EXPECT_EQ(read<String>().error().kind, FaultKind::kMissing);
  EXPECT_EQ(*read<std::optional<String>>(), std::nullopt);
  EXPECT_TRUE(read<List<String>>()->empty());
  rows.add_cell(Value());
  EXPECT_EQ(read<String>().error().kind, FaultKind::kInternal);
  EXPECT_EQ(*read<std::optional<String>>(), std::nullopt);
}

TEST_F(RowCodec, LeavesWhatNoColumnFills) {
  rows.add_column("x");
  rows.add_cell(Value(std::int64_t{7}));
  RowReader row(rows, 0, arena, reader);
  std::int64_t number = 5;
  EXPECT_TRUE(row.column_if_any("y", number));
  EXPECT_EQ(number, 5);
  EXPECT_TRUE(row.column_if_any("x", number));
  EXPECT_EQ(number, 7);
  String text;
  EXPECT_FALSE(row.column_if_any("x", text));
  EXPECT_EQ(row.fault().why, "the row's column `x` is no text");
}

TEST_F(RowCodec, ReadsEveryType) {
  EXPECT_TRUE(*single<bool>(Value(std::int64_t{1})));
  EXPECT_FALSE(*single<bool>(Value(false)));
  EXPECT_EQ(*single<std::int32_t>(Value(-5)), -5);
  EXPECT_EQ(*single<std::uint32_t>(Value(std::int64_t{5})), 5U);
  EXPECT_EQ(*single<std::int64_t>(Value(String("12"))), 12);
  EXPECT_EQ(*single<std::uint64_t>(to_value(arena, ~std::uint64_t{0})), ~std::uint64_t{0});
  EXPECT_EQ(*single<double>(Value(1.5)), 1.5);
  EXPECT_EQ(*single<double>(Value(std::int64_t{2})), 2.0);
  EXPECT_EQ(*single<String>(Value(String("x"))), "x");
  EXPECT_EQ(single<Bytes>(Value(Bytes::borrowed("b")))->view(), "b");
  EXPECT_EQ(single<Json>(Value(String("[1]")))->view(), "[1]");
  EXPECT_EQ(*single<Decimal>(Value(std::int64_t{3})), (Decimal{3, 0}));
  EXPECT_EQ(*single<Decimal>(Value(12.75)), (Decimal{1275, 2}));
}

// What to_value makes of a value reads back as the same.
TEST_F(RowCodec, ReadsWhatWasBound) {
  const Uuid uuid = *Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
  EXPECT_EQ(*single<Uuid>(to_value(arena, uuid)), uuid);
  EXPECT_EQ(*single<Timestamp>(to_value(arena, Timestamp{1'500'000})), Timestamp{1'500'000});
  EXPECT_EQ(to_value(arena, Timestamp{}).text(), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(*single<Duration>(to_value(arena, Duration{1})), Duration{1});
  EXPECT_EQ(*single<Decimal>(to_value(arena, Decimal{150, 2})), (Decimal{150, 2}));
  EXPECT_EQ(*single<std::uint64_t>(to_value(arena, std::uint64_t{7})), 7U);
  EXPECT_EQ(*single<std::uint32_t>(to_value(arena, std::uint32_t{7})), 7U);
  EXPECT_EQ(*single<std::int32_t>(to_value(arena, std::int32_t{-7})), -7);
  EXPECT_EQ(*single<bool>(to_value(arena, true)), true);
  EXPECT_EQ(*single<double>(to_value(arena, 0.1)), 0.1);
  EXPECT_EQ(single<Json>(to_value(arena, Json()))->view(), "null");
  EXPECT_EQ(single<Bytes>(to_value(arena, Bytes::borrowed("x")))->view(), "x");
  EXPECT_EQ(*single<Colour>(to_value(arena, Colour::kBlue)), Colour::kBlue);
  EXPECT_EQ(single<rows_of_a_user::Key>(to_value(arena, rows_of_a_user::Key{9}))->value, 9);
  EXPECT_TRUE(to_value(arena, std::optional<String>()).is_null());
  EXPECT_EQ(to_value(arena, std::optional<String>(String("x"))).text(), "x");
}

TEST_F(RowCodec, NamesTheColumnThatDoesNotFit) {
  EXPECT_EQ(why<bool>(Value(std::int64_t{2})), "the row's column `x` is not true or false");
  EXPECT_EQ(why<std::int32_t>(Value(std::int64_t{1} << 40)), "the row's column `x` is no i32");
  EXPECT_EQ(why<std::uint32_t>(Value(std::int64_t{-1})), "the row's column `x` is no u32");
  EXPECT_EQ(why<std::int64_t>(Value(1.5)), "the row's column `x` is no i64");
  EXPECT_EQ(why<std::uint64_t>(Value(String("-1"))), "the row's column `x` is no u64");
  EXPECT_EQ(why<double>(Value(String("x"))), "the row's column `x` is no number");
  EXPECT_EQ(why<String>(Value()), "the row's column `x` is no text");
  EXPECT_EQ(why<String>(Value(String("\xFF"))), "the row's column `x` is no UTF-8");
  EXPECT_EQ(why<Bytes>(Value(1.5)), "the row's column `x` is no blob");
  EXPECT_EQ(why<Json>(Value(String("{"))), "the row's column `x` is no JSON");
  EXPECT_EQ(why<Uuid>(Value(String("{"))), "the row's column `x` is no uuid");
  EXPECT_EQ(why<Timestamp>(Value(String("{"))), "the row's column `x` is no RFC 3339 time");
  EXPECT_EQ(why<Duration>(Value(String("{"))), "the row's column `x` is no ISO 8601 duration");
  EXPECT_EQ(why<Decimal>(Value(1e300)), "the row's column `x` is no decimal");
  EXPECT_EQ(why<Colour>(Value(String("green"))), "the row's column `x` is none of the enum's names");
  EXPECT_EQ(why<Line>(Value(1.5)), "the row has no column `key`");
  rows.clear();
  rows.add_column("x");
  rows.add_column("y");
  rows.add_cell(Value(1.0));
  rows.add_cell(Value(2.0));
  EXPECT_EQ(read<double>().error().why, "the row has more than one column, and one value is wanted");
}

TEST_F(RowCodec, SaysSoWhenTheArenaIsFull) {
  Arena full(16);
  rows.add_column("x");
  rows.add_cell(Value());
  EXPECT_EQ(read_rows<String>(rows, full, reader).error().why, "the row does not fit, and the arena is full");
}

}  // namespace
}  // namespace zerver::flow
