#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/row_codec.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  static constexpr zerver::flow::RowField kFields[] = {{"key"}, {"note"}, {"colour", false}};
  return row.has(kFields) && row.field(0, out.key) && row.field(1, out.note) && row.field(2, out.colour);
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
  for (const char* const name : {"note", "key"})
    rows.add_column(name);
  rows.add_cell(Value());
  rows.add_cell(Value(std::int64_t{7}));
  const Result<Line> line = read<Line>();
  ASSERT_TRUE(line);
  EXPECT_EQ(line->key.value, 7);
  EXPECT_EQ(line->colour, Colour::kRed);
}

// --- Layouts ---

constexpr std::string_view kColumns[] = {"colour", "key", "note"};
constexpr std::uint16_t kFields[] = {1, 2, 0};
constexpr RowLayout kLayout{kColumns, kFields};

// Counts how often a name is asked for.
class CountedRows final : public RowSource {
 public:
  explicit CountedRows(const RowSet& rows) noexcept : rows_(&rows) {}
  std::size_t columns() const noexcept override { return rows_->columns(); }
  std::size_t rows() const noexcept override { return rows_->rows(); }
  std::string_view column(std::size_t index) const noexcept override {
    ++names;
    return rows_->column(index);
  }
  Value cell(std::size_t row, std::size_t column) const override { return rows_->cell(row, column); }

  mutable int names = 0;

 private:
  const RowSet* rows_;
};

class RowLayouts : public RowCodec {
 protected:
  // Lines with the keys 1, 2 and so on, in columns of that order.
  void fill(std::initializer_list<std::string_view> columns, std::int64_t count) {
    for (const std::string_view column : columns)
      rows.add_column(column);
    for (std::int64_t key = 1; key <= count; ++key) {
      for (const std::string_view column : columns)
        rows.add_cell(column == "key"      ? Value(key)
                      : column == "colour" ? Value(String("blue"))
                                           : Value(String("text")));
    }
  }
  Result<List<Line>> lines() { return read_rows<List<Line>>(rows, arena, reader, kLayout); }
  void expect_lines(std::size_t count) {
    const Result<List<Line>> read = lines();
    ASSERT_TRUE(read) << read.error().why.view();
    ASSERT_EQ(read->size(), count);
    for (std::size_t index = 0; index < count; ++index) {
      EXPECT_EQ((*read)[index].key.value, static_cast<std::int64_t>(index + 1));
      EXPECT_EQ((*read)[index].note, "text");
      EXPECT_EQ((*read)[index].colour, Colour::kBlue);
    }
  }
};

TEST_F(RowLayouts, AskForNamesOnceForAllRows) {
  fill({"colour", "key", "note"}, 100);
  const CountedRows counted(rows);
  ASSERT_TRUE((read_rows<List<Line>>(counted, arena, reader, kLayout)));
  EXPECT_EQ(counted.names, 3);
}

TEST_F(RowLayouts, OfRowsThatNobodyKnewBeforeAreFoundOnce) {
  fill({"key", "note", "colour"}, 100);
  const CountedRows counted(rows);
  ASSERT_TRUE((read_rows<List<Line>>(counted, arena, reader)));
  EXPECT_EQ(counted.names, 3);
}

TEST_F(RowLayouts, ReadColumnsByTheirPosition) {
  fill({"colour", "key", "note"}, 2);
  expect_lines(2);
}

// As behind a migration: never the wrong column.
TEST_F(RowLayouts, AreNotUsedForColumnsInAnotherOrder) {
  fill({"key", "colour", "note"}, 2);
  expect_lines(2);
}

TEST_F(RowLayouts, AreNotUsedWhereThereIsAFurtherColumn) {
  fill({"added", "colour", "key", "note"}, 2);
  expect_lines(2);
}

TEST_F(RowLayouts, AreNotUsedWhereAColumnHasGone) {
  fill({"colour", "note"}, 1);
  EXPECT_EQ(lines().error().why, "the row has no column `key`");
  EXPECT_EQ(lines().error().kind, FaultKind::kInternal);
}

// --- Lists ---

class RowLists : public RowCodec {
 protected:
  template <class T> std::vector<T> list(std::string_view text) {
    rows.clear();
    rows.add_column("x");
    rows.add_cell(Value(String::borrowed(text)));
    const Result<List<T>> read = read_array<T>(rows, arena, reader);
    if (!read) {
      ADD_FAILURE() << read.error().why.view();
      return {};
    }
    return std::vector<T>(read->begin(), read->end());
  }
  std::string why_not(std::string_view text) {
    rows.clear();
    rows.add_column("x");
    rows.add_cell(Value(String::borrowed(text)));
    const Result<List<std::int64_t>> read = read_array<std::int64_t>(rows, arena, reader);
    return read ? "nothing" : std::string(read.error().why.view());
  }
};

TEST_F(RowLists, AreReadAsPostgresqlWritesThem) {
  EXPECT_EQ(list<std::int64_t>("{1,-2,3}"), (std::vector<std::int64_t>{1, -2, 3}));
  EXPECT_TRUE(list<std::int64_t>("{}").empty());
  EXPECT_EQ(list<bool>("{t,f}"), (std::vector<bool>{true, false}));
  EXPECT_EQ(list<double>("{0.5,1e300}"), (std::vector<double>{0.5, 1e300}));
  EXPECT_EQ(list<Decimal>("{1.50}"), (std::vector<Decimal>{{150, 2}}));
  EXPECT_EQ(list<Colour>("{blue,red}"), (std::vector<Colour>{Colour::kBlue, Colour::kRed}));
  EXPECT_EQ(list<String>(R"({a,"b c","","NULL","\"\\{,}"})"),
            (std::vector<String>{"a", "b c", "", "NULL", R"("\{,})"}));
  EXPECT_EQ(list<std::optional<double>>("{1,NULL}"), (std::vector<std::optional<double>>{1, std::nullopt}));
}

TEST_F(RowLists, AreReadAsJson) {
  EXPECT_EQ(list<std::int64_t>("[1, -2]"), (std::vector<std::int64_t>{1, -2}));
  EXPECT_EQ(list<String>(R"(["a", "b\n"])"), (std::vector<String>{"a", "b\n"}));
}

TEST_F(RowLists, SayWhatIsWrongWithThem) {
  EXPECT_EQ(why_not("{1,x}"), "the row's column `x` is no i64");
  EXPECT_EQ(why_not("{1,NULL}"), "the row's column `x` is no i64");
  EXPECT_EQ(why_not("{{1},{2}}"), "the row's column `x` is no list of one dimension");
  for (const std::string_view broken :
       {"{", "{1", "{1,", "{1,}", "{,1}", "{1}2", "{\"1", "{\"1\\", "{1\"2\"}"})
    EXPECT_EQ(why_not(broken), "the row's column `x` is no list of one dimension") << broken;
  EXPECT_EQ(why_not("[1"), "the row's column `x` is no list of such values");
  EXPECT_EQ(why_not("[0:1]={1,2}"), "the row's column `x` is no list of such values");
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
  EXPECT_EQ(single<Json>(Value(std::int64_t{-5}))->view(),
            "-5");  // as a column of type `json` of SQLite keeps it
  EXPECT_EQ(single<Json>(Value(1.5))->view(), "1.5");
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
