// The same document with msgpack-cxx, as it is used by hand.
#define MSGPACK_NO_BOOST
#include <benchmark/benchmark.h>
#include <msgpack.hpp>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr std::size_t kLines = 40;

struct Line {
  std::string sku, title;
  std::uint32_t count = 0;
  std::int64_t cents = 0;
  double weight = 0;
  bool gift = false;
  std::optional<std::string> note;
  MSGPACK_DEFINE_MAP(sku, title, count, cents, weight, gift, note)
};
struct Address {
  std::string name, street, city, zip, country;
  MSGPACK_DEFINE_MAP(name, street, city, zip, country)
};
struct Order {
  std::string id, placed;
  Address to;
  std::vector<Line> lines;
  std::map<std::string, std::string> tags;
  std::int64_t total = 0;
  MSGPACK_DEFINE_MAP(id, placed, to, lines, tags, total)
};

Order make_order() {
  Order order{.id = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
              .placed = "2026-03-04T05:06:07.890123Z",
              .to = {"Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB"},
              .lines = {},
              .tags = {{"channel", "web"}, {"campaign", "spring"}, {"segment", "b2c"}},
              .total = 123'456};
  for (std::size_t i = 0; i < kLines; ++i) {
    order.lines.push_back({"SKU-00417-XL", "Woollen socks, grey, long", static_cast<std::uint32_t>(1 + i % 3),
                           static_cast<std::int64_t>(995 + 100 * i), 0.25 + static_cast<double>(i) / 8,
                           i % 4 == 0,
                           i % 8 == 0 ? std::optional<std::string>("as a present, please") : std::nullopt});
  }
  return order;
}

void encode_msgpack_cxx(benchmark::State& state) {
  const Order order = make_order();
  msgpack::sbuffer out;
  for (auto _ : state) {
    out.clear();
    msgpack::pack(out, order);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}

void decode_msgpack_cxx(benchmark::State& state) {
  msgpack::sbuffer text;
  msgpack::pack(text, make_order());
  for (auto _ : state) {
    const msgpack::object_handle handle = msgpack::unpack(text.data(), text.size());
    const auto order = handle.get().as<Order>();
    if (order.lines.size() != kLines) std::abort();
    benchmark::DoNotOptimize(order.total);
  }
}

BENCHMARK(encode_msgpack_cxx);
BENCHMARK(decode_msgpack_cxx);

}  // namespace
