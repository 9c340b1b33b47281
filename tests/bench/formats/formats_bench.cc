// Documents in and out: JSON and MessagePack through the same generated code.
#include "orders.flow.h"
#include <zerver/core/arena.h>
#include <zerver/flow/data/json_codec.h>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <string>

namespace {

using ::bench::orders::Line;
using ::bench::orders::Order;
using zerver::flow::Format;

constexpr std::size_t kLines = 40;

Order make_order(zerver::Arena& arena) {
  const auto lines = arena.make_array<Line>(kLines);
  for (std::size_t i = 0; i < kLines; ++i) {
    lines[i] = {.sku = "SKU-00417-XL",
                .title = "Woollen socks, grey, long",
                .count = static_cast<std::uint32_t>(1 + i % 3),
                .cents = static_cast<std::int64_t>(995 + 100 * i),
                .weight = 0.25 + static_cast<double>(i) / 8,
                .gift = i % 4 == 0,
                .note = i % 8 == 0 ? std::optional(zerver::String("as a present, please")) : std::nullopt};
  }
  const auto tags = arena.make_array<zerver::Map<zerver::String>::Entry>(3);
  tags[0] = {"channel", "web"};
  tags[1] = {"campaign", "spring"};
  tags[2] = {"segment", "b2c"};
  return {.id = *zerver::Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
          .placed = zerver::Timestamp{1'772'600'767'890'123},
          .to = {"Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB"},
          .lines = zerver::List<Line>::borrowed(lines),
          .tags = zerver::Map<zerver::String>::borrowed(tags),
          .total = 123'456};
}

std::string encoded(Format format) {
  zerver::Arena arena;
  zerver::OutputBuffer out;
  zerver::flow::JsonWriter writer(out, format);
  write_json(writer, make_order(arena));
  return std::string(out.view());
}

void encode(benchmark::State& state, Format format) {
  zerver::Arena arena;
  const Order order = make_order(arena);
  zerver::OutputBuffer out;
  for (auto _ : state) {
    out.clear();
    zerver::flow::JsonWriter writer(out, format);
    write_json(writer, order);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}

void decode(benchmark::State& state, Format format) {
  std::string text = encoded(format);
  const std::size_t size = text.size();
  text.resize(size + 64);
  const zerver::flow::Document document{
      .text = std::string_view(text).substr(0, size), .format = format, .readable = 64, .stays = true};
  zerver::flow::JsonReader reader;
  zerver::Arena arena;
  for (auto _ : state) {
    arena.reset();
    const auto order = zerver::flow::read_document<Order>(reader, document, arena);
    if (!order || order->lines.size() != kLines) std::abort();
    benchmark::DoNotOptimize(order->total);
  }
}

BENCHMARK_CAPTURE(encode, json, Format::kJson);
BENCHMARK_CAPTURE(encode, message_pack, Format::kMessagePack);
BENCHMARK_CAPTURE(decode, json, Format::kJson);
BENCHMARK_CAPTURE(decode, message_pack, Format::kMessagePack);

}  // namespace

BENCHMARK_MAIN();
