// Rows into structs: a thousand with eight columns, where the columns are known when the program is compiled,
// where they are in another order than that, and where nothing is known of them.
#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/row_codec.h>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

struct Item {
  std::int64_t id = 0;
  String name;
  String description;
  std::int64_t price = 0;
  std::int64_t stock = 0;
  bool is_listed = false;
  double weight = 0;
  std::int64_t owner = 0;
};

[[maybe_unused]] bool read_row(RowReader& row, Item& out) {
  static constexpr RowField kFields[] = {{"id"},    {"name"},      {"description"}, {"price"},
                                         {"stock"}, {"is_listed"}, {"weight"},      {"owner"}};
  return row.has(kFields) && row.field(0, out.id) && row.field(1, out.name) &&
         row.field(2, out.description) && row.field(3, out.price) && row.field(4, out.stock) &&
         row.field(5, out.is_listed) && row.field(6, out.weight) && row.field(7, out.owner);
}

constexpr std::string_view kColumns[] = {"id",    "name",      "description", "price",
                                         "stock", "is_listed", "weight",      "owner"};
constexpr std::string_view kOtherColumns[] = {"owner", "id",    "name",      "description",
                                              "price", "stock", "is_listed", "weight"};
constexpr std::uint16_t kFields[] = {0, 1, 2, 3, 4, 5, 6, 7};
constexpr RowLayout kLayout{kColumns, kFields};

void fill(RowSet& rows, std::span<const std::string_view> columns) {
  for (const std::string_view column : columns)
    rows.add_column(column);
  for (std::int64_t row = 0; row < 1000; ++row) {
    for (const std::string_view column : columns) {
      if (column == "name" || column == "description") {
        rows.add_cell(Value(String("a text of a row")));
      } else if (column == "weight") {
        rows.add_cell(Value(0.5));
      } else if (column == "is_listed") {
        rows.add_cell(Value(true));
      } else {
        rows.add_cell(Value(row));
      }
    }
  }
}

void read(benchmark::State& state, std::span<const std::string_view> columns, const RowLayout& layout) {
  RowSet rows;
  fill(rows, columns);
  JsonReader json_reader;
  Arena arena(std::size_t{1} << 24);
  for (auto _ : state) {
    const Result<List<Item>> items = read_rows<List<Item>>(rows, arena, json_reader, layout);
    if (!items) return state.SkipWithError("the rows cannot be read");
    benchmark::DoNotOptimize(items->begin());
    arena.reset();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}

void known_columns(benchmark::State& state) { read(state, kColumns, kLayout); }
void other_columns(benchmark::State& state) { read(state, kOtherColumns, kLayout); }
void unknown_columns(benchmark::State& state) { read(state, kColumns, {}); }

BENCHMARK(known_columns);
BENCHMARK(other_columns);
BENCHMARK(unknown_columns);

}  // namespace
}  // namespace zerver::flow

BENCHMARK_MAIN();
