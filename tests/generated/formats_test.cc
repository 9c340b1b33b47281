// Values that are drawn at random, through the generated codec in both formats.

#include "formats/shapes.flow.h"
#include <zerver/core/arena.h>
#include <zerver/core/random.h>
#include <zerver/flow/data/json_codec.h>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace formats::shapes {
namespace {

using zerver::flow::Format;

class Maker {
 public:
  Maker(std::uint64_t seed, zerver::Arena& arena) : random_(seed), arena_(arena) {}

  All all() {
    All value;
    value.yes = draw(2) == 0;
    value.i32 = static_cast<std::int32_t>(integer());
    value.i64 = static_cast<std::int64_t>(integer());
    value.u32 = static_cast<std::uint32_t>(integer());
    value.u64 = integer();
    value.f64 = real();
    value.money = {static_cast<std::int64_t>(integer()), static_cast<std::uint8_t>(draw(19))};
    value.text = text();
    value.data = zerver::Bytes::borrowed(text());
    value.id = zerver::Uuid::generate(random_);
    value.time = time();
    value.span = {static_cast<std::int64_t>(integer() >> 1U)};
    value.any = zerver::Json::borrowed(draw(2) == 0 ? R"({"a":[1,null,"x"]})" : "[]");
    value.colour = draw(2) == 0 ? Colour::kRed : Colour::kDeepBlue;
    value.weight = {static_cast<double>(draw(101))};
    value.note = note();
    const auto notes = arena_.make_array<Note>(draw(20));
    for (Note& each : notes)
      each = note();
    value.notes = zerver::List<Note>::borrowed(notes);
    const auto entries = arena_.make_array<zerver::Map<std::int32_t>::Entry>(draw(20));
    for (std::size_t i = 0; i < entries.size(); ++i)
      entries[i] = {arena_.text("k" + std::to_string(i)), static_cast<std::int32_t>(integer())};
    value.by_name = zerver::Map<std::int32_t>::borrowed(entries);
    if (draw(2) == 0) value.maybe = text();
    value.size = static_cast<std::uint32_t>(draw(1000));
    return value;
  }

 private:
  std::size_t draw(std::size_t below) { return static_cast<std::size_t>(random_.u64() % below); }
  // Of every length.
  std::uint64_t integer() { return random_.u64() >> draw(64); }
  double real() {
    const double any = std::bit_cast<double>(random_.u64());
    return std::isfinite(any) ? any : static_cast<double>(integer());
  }
  zerver::Timestamp time() {
    const std::int64_t seconds = static_cast<std::int64_t>(random_.u64() % 300'000'000'000) - 60'000'000'000;
    return {seconds * 1'000'000 + static_cast<std::int64_t>(draw(2) == 0 ? 0 : draw(1'000'000))};
  }
  zerver::String text() {
    static constexpr std::string_view kPieces[] = {"a",    "\"", "\\", "\n",
                                                   "\x01", "ä",  "😀", "some more text"};
    std::string result;
    for (std::size_t i = draw(6); i > 0; --i)
      result += kPieces[draw(std::size(kPieces))];
    return arena_.text(result);
  }
  Note note() {
    Note value{.title = "a title", .due = std::nullopt};
    if (draw(2) == 0) value.due = time();
    return value;
  }

  zerver::SeededRandom random_;
  zerver::Arena& arena_;
};

std::string written(const All& value, Format format) {
  zerver::OutputBuffer out;
  zerver::flow::JsonWriter writer(out, format);
  write_json(writer, value);
  return std::string(out.view());
}

TEST(Formats, AValueIsTheSameThroughBoth) {
  zerver::flow::JsonReader reader;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    zerver::Arena arena;
    const All value = Maker(seed, arena).all();
    const std::string json = written(value, Format::kJson);
    const std::string packed = written(value, Format::kMessagePack);
    const auto from_json = zerver::flow::read_document<All>(reader, {.text = json}, arena);
    ASSERT_TRUE(from_json) << seed << ' ' << from_json.error().why << '\n' << json;
    const auto from_packed = zerver::flow::read_document<All>(
        reader, {.text = packed, .format = Format::kMessagePack, .stays = true}, arena);
    ASSERT_TRUE(from_packed) << seed << ' ' << from_packed.error().why << '\n' << json;
    ASSERT_TRUE(*from_json == value) << seed << '\n' << json;
    ASSERT_TRUE(*from_packed == value) << seed << '\n' << json;
    ASSERT_EQ(written(*from_json, Format::kMessagePack), packed) << seed;
    ASSERT_EQ(written(*from_packed, Format::kJson), json) << seed;
    ASSERT_LT(packed.size(), json.size()) << seed;
  }
}

}  // namespace
}  // namespace formats::shapes
