// Many rows into a table: from a list of structs, copied and as one JSON text that a statement takes apart,
// and from a stream of them. Prints how many milliseconds each run took: `URL ROWS RUNS`. bulk.py runs it.
#include "zerver.flow.h"
#include <zerver/core/output_buffer.h>
#include <zerver/core/time.h>
#include <zerver/effects/registry.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/struct_rows.h>
#include <zerver/testing/adapter_harness.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver {
namespace {

using Exec = SqlAdapter::ExecArguments;

struct Line {
  std::int64_t id = 0;
  String title;
  std::int64_t owner = 0;
  double price = 0;
  Timestamp at;
};

void write_json(flow::JsonWriter& json, const Line& line) {
  json.begin_object();
  json.key("id");
  flow::write_json(json, line.id);
  json.key("title");
  flow::write_json(json, line.title);
  json.key("owner");
  flow::write_json(json, line.owner);
  json.key("price");
  flow::write_json(json, line.price);
  json.key("at");
  flow::write_json(json, line.at);
  json.end_object();
}

using Rows = flow::StructRows<&Line::id, &Line::title, &Line::owner, &Line::price, &Line::at>;
using StreamedRows = flow::StructStream<&Line::id, &Line::title, &Line::owner, &Line::price, &Line::at>;

// Hands out a list some elements at a time, as a call over gRPC does.
class Parts final : public flow::Source {
 public:
  explicit Parts(List<Line> all) noexcept : all_(all) {}

  void next(Reader& reader) noexcept override {
    constexpr std::size_t kElements = 64;
    const std::span<const Line> left = all_.span().subspan(given_);
    part_ = List<Line>::borrowed(left.first(std::min(kElements, left.size())));
    given_ += part_.size();
    part_.empty() ? reader.on_end() : reader.on_part(&part_);
  }
  void close() noexcept override {}

 private:
  List<Line> all_;
  std::size_t given_ = 0;
  List<Line> part_;
};

constexpr const char* kSchema =
    "create table line (id bigint primary key, title text not null, owner bigint not null,"
    " price double precision not null, at timestamptz not null)";
constexpr std::string_view kInto = "line (id, title, owner, price, at)";
constexpr std::string_view kCopied = "insert into line (id, title, owner, price, at) values (?, ?, ?, ?, ?)";
constexpr std::string_view kPostgresJson =
    "insert into line (id, title, owner, price, at) select id, title, owner, price, at from"
    " jsonb_to_recordset(?) as line(id bigint, title text, owner bigint, price double precision, at "
    "timestamptz)";
constexpr std::string_view kSqliteJson =
    "insert into line (id, title, owner, price, at) select value ->> 'id', value ->> 'title', value ->> "
    "'owner',"
    " value ->> 'price', value ->> 'at' from json_each(?)";

class Bench {
 public:
  Bench(const std::string& url, std::size_t rows)
      : sql_(registry(), "zerver.sql", {.arguments = {{"url", url}}, .schema = kSchema}),
        json_(url.starts_with("sqlite:") ? kSqliteJson : kPostgresJson) {
    titles_.reserve(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const auto number = static_cast<std::int64_t>(row);
      titles_.push_back("line number " + std::to_string(row) + ", as people write them");
      lines_.push_back({number, String::borrowed(titles_.back()), number % 1000, static_cast<double>(row) / 8,
                        Timestamp{1'700'000'000'000'000 + number * 1'000'003}});
    }
  }
  const std::string& error() const { return sql_.error(); }

  double copy() {
    return time([&] {
      Rows rows(kInto, List<Line>::borrowed(lines_));
      return run({kCopied, {}, &rows});
    });
  }
  double stream() {
    return time([&] {
      Parts parts(List<Line>::borrowed(lines_));
      StreamedRows rows(kInto, {.source = &parts, .is_typed = true}, sql_.worker());
      return run({kCopied, {}, &rows});
    });
  }
  double json() {
    return time([&] {
      OutputBuffer text;
      flow::JsonWriter json(text);
      flow::write_json(json, List<Line>::borrowed(lines_));
      const flow::Value value = flow::Value::list(text.view());
      return run({json_, {&value, 1}});
    });
  }

 private:
  static effects::Registry& registry() {
    static effects::Registry registry;
    effects::add_standard_adapters(registry);
    return registry;
  }

  // Empty, or what is wrong.
  std::string run(const flow::Statement& statement) {
    const auto ended = sql_.perform(Exec{statement}, {.patience = Duration::from_seconds(120)});
    if (!ended->ok()) return ended->why();
    return ended->value() == static_cast<std::int64_t>(lines_.size()) ? "" : "not all rows were inserted";
  }
  template <class Work> double time(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    const std::string error = work();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
    const auto emptied =
        sql_.perform(Exec{{"delete from line", {}}}, {.patience = Duration::from_seconds(120)});
    if (error.empty() && emptied->ok()) return taken.count();
    std::cerr << error << emptied->why() << '\n';
    std::exit(1);
  }

  testing::AdapterHarness sql_;
  std::string_view json_;
  std::vector<std::string> titles_;
  std::vector<Line> lines_;
};

}  // namespace
}  // namespace zerver

int main(int count, char** arguments) {
  if (count != 4) {
    std::cerr << "usage: sql_bulk_bench URL ROWS RUNS\n";
    return 2;
  }
  zerver::Bench bench(arguments[1], std::strtoul(arguments[2], nullptr, 10));
  if (!bench.error().empty()) {
    std::cerr << bench.error() << '\n';
    return 1;
  }
  for (unsigned long run = std::strtoul(arguments[3], nullptr, 10); run > 0; --run)
    std::cout << "copy " << bench.copy() << "\nstream " << bench.stream() << "\njson " << bench.json()
              << '\n';
  return 0;
}
