// The wire format against the examples of its specification, and against what nobody should send.
#include <zerver/core/random.h>
#include <zerver/flow/rpc/protobuf_codec.h>

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace zerver::flow {
namespace {

enum class Colour : std::uint8_t { kNone, kRed };
std::int32_t protobuf_number(Colour colour) noexcept { return colour == Colour::kRed ? 7 : 0; }
bool from_protobuf(std::int32_t number, Colour& out) noexcept {
  out = number == 7 ? Colour::kRed : Colour::kNone;
  return number == 7 || number == 0;
}

struct Inner {
  std::int64_t a = 0;
  List<std::int32_t> b{};
  friend bool operator==(const Inner&, const Inner&) = default;
};
void write_protobuf(ProtobufWriter& out, const Inner& value) {
  write_field(out, 1, value.a);
  write_field(out, 2, value.b);
}
bool read_protobuf(ProtobufReader& in, Inner& out) {
  bool has_b = false;
  while (in.next()) {
    if (in.number() == 1 && !read_field(in, out.a)) return false;
    if (in.number() == 2 && !read_field(in, out.b, has_b)) return false;
  }
  return in.is_well();
}

template <ProtobufForm form = ProtobufForm::kPlain, class T>
std::string written(const T& value, std::uint32_t number = 1) {
  OutputBuffer out;
  ProtobufWriter writer(out);
  write_field<form>(writer, number, value);
  return std::string(out.view());
}

// The field 1 of a message; why it cannot be read, or nothing.
template <ProtobufForm form = ProtobufForm::kPlain, class T>
std::string read(std::string_view message, T& out, Arena& arena) {
  ProtobufReader::Context context{arena};
  ProtobufReader in(message, context);
  [[maybe_unused]] bool has = false;
  while (in.next()) {
    if (in.number() != 1) continue;
    if constexpr (requires { read_field<form>(in, out, has); }) {
      if (!read_field<form>(in, out, has)) break;
    } else if constexpr (requires { read_field(in, out, has); }) {
      if (!read_field(in, out, has)) break;
    } else {
      if (!read_field<form>(in, out)) break;
    }
  }
  return std::string(context.why);
}

template <ProtobufForm form = ProtobufForm::kPlain, class T> void expect_round_trip(const T& value) {
  Arena arena;
  T back{};
  EXPECT_EQ(read<form>(written<form>(value), back, arena), "");
  EXPECT_EQ(back, value);
}

using namespace std::string_literals;

TEST(ProtobufCodec, WritesTheExamplesOfTheSpecification) {
  EXPECT_EQ(written(std::int32_t{150}), "\x08\x96\x01"s);
  EXPECT_EQ(written(String::borrowed("testing"), 2), "\x12\x07testing"s);
  EXPECT_EQ(written(std::int32_t{-2}), "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  EXPECT_EQ(written<ProtobufForm::kSigned>(std::int32_t{-2}), "\x08\x03"s);
  EXPECT_EQ(written<ProtobufForm::kSigned>(std::numeric_limits<std::int32_t>::max()),
            "\x08\xfe\xff\xff\xff\x0f"s);
  constexpr std::array<std::int32_t, 3> kPacked = {3, 270, 86942};
  EXPECT_EQ(written(List<std::int32_t>::borrowed(kPacked), 6), "\x32\x06\x03\x8e\x02\x9e\xa7\x05"s);
  EXPECT_EQ(written(Inner{.a = 150, .b = {}}, 3), "\x1a\x03\x08\x96\x01"s);
}

TEST(ProtobufCodec, LeavesOutZerosButInOptionals) {
  EXPECT_EQ(written(std::int64_t{0}), "");
  EXPECT_EQ(written(false), "");
  EXPECT_EQ(written(0.0), "");
  EXPECT_EQ(written(String()), "");
  EXPECT_EQ(written(Uuid()), "");
  EXPECT_EQ(written(Colour::kNone), "");
  EXPECT_EQ(written(List<bool>()), "");
  EXPECT_EQ(written(-0.0).size(), 9U);
  EXPECT_EQ(written(std::optional(std::int64_t{0})), "\x08\x00"s);
  EXPECT_EQ(written(std::optional<std::int64_t>()), "");
  EXPECT_EQ(written(Timestamp()), "\x0a\x00"s);  // a message is there or not
}

TEST(ProtobufCodec, ReadsWhatItWrites) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{127}, std::int64_t{128},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    expect_round_trip(number);
    expect_round_trip<ProtobufForm::kSigned>(number);
    expect_round_trip<ProtobufForm::kFixed>(number);
    expect_round_trip(static_cast<std::int32_t>(number));
    expect_round_trip<ProtobufForm::kSigned>(static_cast<std::int32_t>(number));
    expect_round_trip<ProtobufForm::kFixed>(static_cast<std::int32_t>(number));
    expect_round_trip(static_cast<std::uint32_t>(number));
    expect_round_trip(static_cast<std::uint64_t>(number));
    expect_round_trip(Timestamp{number / 1'000'000});
    expect_round_trip(Duration{number / 2});
    expect_round_trip(static_cast<double>(number));
    expect_round_trip<ProtobufForm::kFloat>(static_cast<double>(static_cast<float>(number)));
    expect_round_trip(std::optional(number));
  }
  expect_round_trip(true);
  expect_round_trip(Colour::kRed);
  expect_round_trip(*Decimal::parse("-12.50"));
  expect_round_trip(*Uuid::parse("c0ffee00-1234-4678-9abc-def012345678"));
  expect_round_trip(String::borrowed("gr\xc3\xbc\xc3\x9f"));
  expect_round_trip(Bytes::borrowed("\xff\x00z"));
  const std::string large(100'000, 'x');
  expect_round_trip(String::borrowed(large));
}

TEST(ProtobufCodec, LengthsOfNestedMessagesAreWrittenInAsManyBytesAsTheyNeed) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 127U, 128U, 8'191U, 8'192U, 16'383U, 16'384U}) {
    const std::vector<std::int32_t> numbers(size, 1);
    expect_round_trip(Inner{.a = 5, .b = List<std::int32_t>::borrowed(numbers)});
  }
}

TEST(ProtobufCodec, PackedAndUnpackedNumbersMayMix) {
  Arena arena;
  List<std::int32_t> list;
  EXPECT_EQ(read("\x08\x01\x0a\x02\x02\x03\x10\x09\x0a\x00\x08\x04"s, list, arena), "");
  ASSERT_EQ(list.size(), 4U);
  for (std::size_t i = 0; i < list.size(); ++i)
    EXPECT_EQ(list[i], static_cast<std::int32_t>(i) + 1);
}

TEST(ProtobufCodec, PartsOfAMessageAreOneMessage) {
  Arena arena;
  Inner inner;
  EXPECT_EQ(read("\x0a\x04\x08\x01\x10\x05\x0a\x05\x08\x02\x12\x01\x06"s, inner, arena), "");
  EXPECT_EQ(inner.a, 2);
  ASSERT_EQ(inner.b.size(), 2U);
  EXPECT_EQ(inner.b[0], 5);
  EXPECT_EQ(inner.b[1], 6);
}

TEST(ProtobufCodec, TheLastValueOfAMapsKeyCounts) {
  Arena arena;
  Map<std::int32_t> map;
  EXPECT_EQ(read("\x0a\x05\x0a\x01"
                 "a\x10\x01\x0a\x05\x0a\x01"
                 "b\x10\x02\x0a\x05\x0a\x01"
                 "a\x10\x03"s,
                 map, arena),
            "");
  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(*map.find("a"), 3);
  EXPECT_EQ(*map.find("b"), 2);
  // Neither key nor value need be there.
  Map<String> texts;
  EXPECT_EQ(read("\x0a\x00"s, texts, arena), "");
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(*texts.find(""), "");
}

TEST(ProtobufCodec, UnknownFieldsAndGroupsAreSkipped) {
  Arena arena;
  std::int32_t number = 0;
  EXPECT_EQ(read("\x10\x01\x1a\x01x\x21"
                 "12345678\x2d"
                 "1234\x33\x3b\x08\x63\x3c\x34\x08\x05"s,
                 number, arena),
            "");
  EXPECT_EQ(number, 5);
}

TEST(ProtobufCodec, RefusesWhatIsMalformed) {
  Arena arena;
  std::int32_t number = 0;
  String text;
  Colour colour{};
  Uuid uuid;
  Timestamp time;
  Duration span;
  List<double> reals;
  EXPECT_EQ(read("\x08"s, number, arena), "is cut off");
  EXPECT_EQ(read("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s, number, arena), "is cut off");
  EXPECT_EQ(read("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s, number, arena), "is cut off");
  EXPECT_EQ(read("\x00\x01"s, number, arena), "has a malformed field");
  EXPECT_EQ(read("\x0c"s, number, arena), "has a wire type that there is not");
  EXPECT_EQ(read("\x0e"s, number, arena), "has a wire type that there is not");
  EXPECT_EQ(read("\x13\x1c"s, number, arena), "has a malformed field");
  EXPECT_EQ(read("\x13"s, number, arena), "is cut off");
  EXPECT_EQ(read("\x0a\x01x"s, number, arena), "is of another type");
  EXPECT_EQ(read("\x0a\x05xyz"s, text, arena), "is cut off");
  EXPECT_EQ(read("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"s, text, arena), "is cut off");
  EXPECT_EQ(read("\x0a\x01\xff"s, text, arena), "is not UTF-8");
  EXPECT_EQ(read("\x08\x09"s, colour, arena), "has a number that the enum does not have");
  EXPECT_EQ(read("\x0a\x03x-y"s, uuid, arena), "is malformed text");
  EXPECT_EQ(read("\x0a\x06\x10\x80\x94\xeb\xdc\x03"s, time, arena), "is no time");
  EXPECT_EQ(read("\x0a\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s, span, arena),
            "is no duration");
  EXPECT_EQ(read("\x0a\x09"
                 "123456789"s,
                 reals, arena),
            "is cut off");
}

struct Tree {
  List<Tree> children{};
};
bool read_protobuf(ProtobufReader& in, Tree& out) {
  bool has_children = false;
  while (in.next())
    if (in.number() == 1 && !read_field(in, out.children, has_children)) return false;
  return in.is_well();
}
void write_protobuf(ProtobufWriter& out, const Tree& value) { write_field(out, 1, value.children); }

TEST(ProtobufCodec, DepthIsBounded) {
  const auto nested = [](unsigned depth) {
    std::string message;
    for (unsigned i = 0; i < depth; ++i) {
      OutputBuffer out;
      ProtobufWriter writer(out);
      writer.tag(1, WireType::kLength);
      writer.bytes(message);
      message = out.view();
    }
    return message;
  };
  Arena arena;
  Tree tree;
  EXPECT_EQ(read(nested(ProtobufReader::kMaxDepth), tree.children, arena), "");
  EXPECT_EQ(read(nested(ProtobufReader::kMaxDepth + 2), tree.children, arena), "is nested too deeply");
}

// Whatever it is: it is read within its bounds, or refused with a reason.
TEST(ProtobufCodec, ArbitraryBytesAreReadOrRefused) {
  SeededRandom random(2024);
  std::size_t refused = 0;
  std::size_t taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string message;
    for (std::uint64_t size = random.u64() % 40; size != 0; --size)
      message += static_cast<char>(random.u64() % 4 == 0 ? random.u64() : random.u64() % 24);
    Arena arena;
    ProtobufReader::Context context{arena};
    ProtobufReader in(message, context);
    Inner inner;
    if (read_protobuf(in, inner)) {
      ++taken;
      // What was understood is the same when it comes back.
      OutputBuffer out;
      ProtobufWriter writer(out);
      write_protobuf(writer, inner);
      ProtobufReader again(out.view(), context);
      Inner same;
      EXPECT_TRUE(read_protobuf(again, same));
      EXPECT_EQ(same, inner);
    } else {
      ++refused;
      EXPECT_FALSE(context.why.empty());
    }
  }
  EXPECT_GT(refused, 1'000U);
  EXPECT_GT(taken, 300U);
}

}  // namespace
}  // namespace zerver::flow
