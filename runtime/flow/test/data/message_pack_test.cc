#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/flow/data/json_codec.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}
std::string bytes(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    result += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return result;
}

template <class T> std::string packed(const T& value) {
  OutputBuffer out;
  JsonWriter writer(out, Format::kMessagePack);
  write_json(writer, value);
  return std::string(out.view());
}

class MessagePackTest : public ::testing::Test {
 protected:
  template <class T> Result<T> read(std::string_view text) {
    return read_document<T>(reader, {.text = text, .format = Format::kMessagePack}, arena);
  }
  template <class T> Result<T> read_hex(std::string_view text) {
    kept = bytes(text);
    return read<T>(kept);
  }
  // `pointer: why` of what is wrong.
  template <class T> std::string problem(std::string_view text) {
    const Result<T> result = read_hex<T>(text);
    if (result) return "nothing";
    EXPECT_EQ(result.error().kind, FaultKind::kInvalid);
    return std::string(result.error().pointer.view()) + ": " + std::string(result.error().why.view());
  }
  template <class T> void expect_same(const T& value) {
    const std::string text = packed(value);
    const Result<T> back = read<T>(text);
    ASSERT_TRUE(back) << hex(text) << ' ' << back.error().why;
    EXPECT_TRUE(*back == value) << hex(text);
  }

  JsonReader reader;
  Arena arena;
  std::string kept;
};

// The examples are those of the specification.
TEST_F(MessagePackTest, WritesTheFewestBytes) {
  EXPECT_EQ(hex(packed(std::optional<bool>())), "c0");
  EXPECT_EQ(hex(packed(false)), "c2");
  EXPECT_EQ(hex(packed(true)), "c3");
  EXPECT_EQ(hex(packed(std::int32_t{0})), "00");
  EXPECT_EQ(hex(packed(std::int32_t{127})), "7f");
  EXPECT_EQ(hex(packed(std::int32_t{128})), "cc80");
  EXPECT_EQ(hex(packed(std::int32_t{255})), "ccff");
  EXPECT_EQ(hex(packed(std::int32_t{256})), "cd0100");
  EXPECT_EQ(hex(packed(std::uint32_t{65536})), "ce00010000");
  EXPECT_EQ(hex(packed(std::int64_t{4294967296})), "cf0000000100000000");
  EXPECT_EQ(hex(packed(std::numeric_limits<std::uint64_t>::max())), "cfffffffffffffffff");
  EXPECT_EQ(hex(packed(std::int32_t{-1})), "ff");
  EXPECT_EQ(hex(packed(std::int32_t{-32})), "e0");
  EXPECT_EQ(hex(packed(std::int32_t{-33})), "d0df");
  EXPECT_EQ(hex(packed(std::int32_t{-128})), "d080");
  EXPECT_EQ(hex(packed(std::int32_t{-129})), "d1ff7f");
  EXPECT_EQ(hex(packed(std::int64_t{-32769})), "d2ffff7fff");
  EXPECT_EQ(hex(packed(std::numeric_limits<std::int64_t>::min())), "d38000000000000000");
  EXPECT_EQ(hex(packed(1.5)), "cb3ff8000000000000");
  EXPECT_EQ(hex(packed(String("a"))), "a161");
  EXPECT_EQ(hex(packed(Bytes::borrowed(std::string_view("\0\xFF", 2)))), "c40200ff");
  for (const auto& [size, head] : {std::pair(0U, "a0"),
                                   {31U, "bf"},
                                   {32U, "d920"},
                                   {255U, "d9ff"},
                                   {256U, "da0100"},
                                   {65535U, "daffff"},
                                   {65536U, "db00010000"}}) {
    const std::string text(size, 'x');
    EXPECT_EQ(hex(packed(String::borrowed(text)).substr(0, std::string_view(head).size() / 2)), head);
  }
  for (const auto& [size, head] :
       {std::pair(0U, "90"), {15U, "9f"}, {16U, "dc0010"}, {65535U, "dcffff"}, {65536U, "dd00010000"}}) {
    const std::vector<std::uint32_t> items(size);
    const std::string text = packed(List<std::uint32_t>::borrowed(items));
    EXPECT_EQ(hex(text.substr(0, std::string_view(head).size() / 2)), head);
    EXPECT_EQ(text.size(), std::string_view(head).size() / 2 + size);
  }
}

TEST_F(MessagePackTest, WritesTimesInTheThreeFormsOfTheExtension) {
  EXPECT_EQ(hex(packed(Timestamp{1'000'000})), "d6ff00000001");
  EXPECT_EQ(hex(packed(Timestamp{1})), "d7ff00000fa000000000");
  EXPECT_EQ(hex(packed(Timestamp{4'294'967'296'000'000})), "d7ff0000000100000000");
  EXPECT_EQ(hex(packed(Timestamp{-1})), "c70cff3b9ac618ffffffffffffffff");
  for (const std::int64_t time :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'700'000'000'123'456},
        Timestamp::kMinSeconds * 1'000'000, Timestamp::kMaxSeconds * 1'000'000 + 999'999})
    expect_same(Timestamp{time});
}

TEST_F(MessagePackTest, WhatJsonHasAsTextIsThatText) {
  EXPECT_EQ(packed(Decimal{150, 2}),
            "\xA4"
            "1.50");
  EXPECT_EQ(packed(Duration::from_milliseconds(250)), "\xA7PT0.25S");
  EXPECT_EQ(packed(*Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")),
            "\xD9\x24"
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
  EXPECT_EQ(hex(packed(std::numeric_limits<double>::infinity())), "c0");
}

TEST_F(MessagePackTest, ReadsWhatItWrites) {
  expect_same(true);
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{-1}, std::int64_t{-33},
        std::int64_t{-40000}, std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()})
    expect_same(number);
  expect_same(std::numeric_limits<std::uint64_t>::max());
  expect_same(0.1);
  expect_same(String("a\"\n\xC3\xA4"));
  expect_same(Bytes::borrowed("\x01\xFF"));
  expect_same(*Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
  expect_same(Duration::from_milliseconds(-250));
  expect_same(Decimal{-150, 2});
  expect_same(std::optional<std::int32_t>(7));
  expect_same(std::optional<std::int32_t>());
  const std::int32_t numbers[] = {1, 2, 3};
  const List<std::int32_t> lists[] = {List<std::int32_t>::borrowed(numbers), {}};
  expect_same(List<List<std::int32_t>>::borrowed(lists));
  const Map<std::int32_t>::Entry entries[] = {{"a", 1}, {"b\"", 2}};
  expect_same(Map<std::int32_t>::borrowed(entries));
}

// Others need not write the shortest form.
TEST_F(MessagePackTest, ReadsEveryForm) {
  for (const char* const one : {"01", "cc01", "cd0001", "ce00000001", "cf0000000000000001", "d001", "d10001",
                                "d200000001", "d30000000000000001"})
    EXPECT_EQ(*read_hex<std::uint64_t>(one), 1U) << one;
  EXPECT_EQ(*read_hex<double>("ca3fc00000"), 1.5);
  EXPECT_EQ(*read_hex<double>("07"), 7.0);
  EXPECT_EQ(*read_hex<double>("ff"), -1.0);
  for (const char* const text : {"a161", "d90161", "da000161", "db0000000161"})
    EXPECT_EQ(*read_hex<String>(text), "a") << text;
  for (const char* const binary : {"c401ff", "c50001ff", "c600000001ff"})
    EXPECT_EQ(read_hex<Bytes>(binary)->view(), "\xFF") << binary;
  for (const char* const list : {"9101", "dc000101", "dd0000000101"})
    EXPECT_EQ((*read_hex<List<std::int32_t>>(list))[0], 1) << list;
  for (const char* const map : {"81a16101", "de0001a16101", "df00000001a16101"})
    EXPECT_EQ(*read_hex<Map<std::int32_t>>(map)->find("a"), 1) << map;
  EXPECT_EQ(*read<Timestamp>("\xB4"
                             "1970-01-01T00:00:01Z"),
            Timestamp{1'000'000});
  EXPECT_EQ(*read_hex<Timestamp>("c704ff00000001"), Timestamp{1'000'000});
}

TEST_F(MessagePackTest, ReadsAnythingAsJson) {
  EXPECT_EQ(
      read_hex<Json>("85a16193c0c3ffa162cb3ff8000000000000a163c4020001a164d6ff00000001a165a122")->view(),
      R"({"a":[null,true,-1],"b":1.5,"c":"AAE=","d":"1970-01-01T00:00:01Z","e":"\""})");
  EXPECT_EQ(problem<Json>("d40500"), ": the MessagePack has an extension that JSON has nothing for");
  EXPECT_EQ(problem<Json>("91d6ffff"), ": the MessagePack is cut off");
}

TEST_F(MessagePackTest, WritesJsonThatIsThereAlready) {
  const auto repacked = [](std::string_view json) { return hex(packed(Json::borrowed(json))); };
  EXPECT_EQ(repacked("null"), "c0");
  EXPECT_EQ(repacked(" [ ] "), "90");
  EXPECT_EQ(repacked(R"({"a" : [1, -2, 1.5, true, "x:y"], "b":{}})"),
            "82a1619501fecb3ff8000000000000c3a3783a79a16280");
  EXPECT_EQ(repacked("18446744073709551615"), "cfffffffffffffffff");
  EXPECT_EQ(repacked("18446744073709551616"), "cb43f0000000000000");
  EXPECT_EQ(repacked(R"("\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00")"), "ae225c2f080c0a0d09c3a4f09f9880");
  for (const char* const broken : {"[", "]", "{\"a\":}", "\"a", "\"\\", "\"\\u12\"", "nul", "1x", "{]"}) {
    // Nobody may hand such text over; what matters is that nothing is read behind its end.
    try {
      static_cast<void>(packed(Json::borrowed(broken)));
    } catch (const std::invalid_argument&) {
    }
  }
}

// Whoever writes by hand need not say how much there will be.
TEST_F(MessagePackTest, SizesThatAreNotToldAreCounted) {
  const auto written = [](auto write) {
    OutputBuffer out;
    out.append('x');
    JsonWriter writer(out, Format::kMessagePack);
    write(writer);
    return hex(out.view().substr(1));
  };
  EXPECT_EQ(written([](JsonWriter& out) {
              out.begin_object();
              out.key("a");
              out.begin_array();
              for (int i = 0; i < 20; ++i) {
                out.element();
                out.begin_object(1);
                out.key("b");
                out.begin_array();
                out.end_array();
                out.end_object();
              }
              out.end_array();
              out.escaped_key("c");
              out.begin_array(1);
              out.element();
              out.integer(std::uint64_t{1});
              out.end_array();
              out.end_object();
            }),
            [] {
              std::string text = "82a161dc0014";
              for (int i = 0; i < 20; ++i)
                text += "81a16290";
              return text + "a1639101";
            }());
  EXPECT_EQ(written([](JsonWriter& out) {
              out.begin_object(1, std::optional<int>(), true, std::optional<int>(3));
              out.end_object();
            }),
            "83");
}

TEST_F(MessagePackTest, TextThatIsNoUtf8IsRepaired) {
  EXPECT_EQ(hex(packed(String::borrowed("a\xFFz"))), "a561efbfbd7a");
}

TEST_F(MessagePackTest, SaysWhereAndWhy) {
  EXPECT_EQ(problem<bool>("01"), ": the MessagePack must be true or false");
  EXPECT_EQ(problem<std::int32_t>("ce80000000"), ": the MessagePack is out of range");
  EXPECT_EQ(problem<std::uint32_t>("ff"), ": the MessagePack is out of range");
  EXPECT_EQ(problem<std::int64_t>("cf8000000000000000"), ": the MessagePack is out of range");
  EXPECT_EQ(problem<std::uint64_t>("d0ff"), ": the MessagePack is out of range");
  EXPECT_EQ(problem<std::uint64_t>("cb3ff0000000000000"), ": the MessagePack must be an integer");
  EXPECT_EQ(problem<double>("a131"), ": the MessagePack must be a number");
  EXPECT_EQ(problem<double>("cb7ff8000000000000"), ": the MessagePack must be a finite number");
  EXPECT_EQ(problem<double>("ca7f800000"), ": the MessagePack must be a finite number");
  EXPECT_EQ(problem<String>("c0"), ": the MessagePack must be a string");
  EXPECT_EQ(problem<String>("c40161"), ": the MessagePack must be a string");
  EXPECT_EQ(problem<Bytes>("a161"), ": the MessagePack must be binary");
  EXPECT_EQ(problem<Uuid>("a161"), ": the MessagePack must be a UUID");
  EXPECT_EQ(problem<Timestamp>("01"), ": the MessagePack must be a timestamp, or a time as in RFC 3339");
  EXPECT_EQ(problem<Timestamp>("d600"
                               "00000001"),
            ": the MessagePack must be a timestamp, or a time as in RFC 3339");
  EXPECT_EQ(problem<Timestamp>("d5ff0001"),
            ": the MessagePack must be a timestamp, or a time as in RFC 3339");
  // A thousand million nanoseconds, and behind the year 9999.
  EXPECT_EQ(problem<Timestamp>("c70cff3b9aca000000000000000001").substr(0, 21), ": the MessagePack mus");
  EXPECT_EQ(problem<Timestamp>("c70cff000000007fffffffffffffff").substr(0, 21), ": the MessagePack mus");
  EXPECT_EQ(problem<List<bool>>("92c390"), "/1: /1 must be true or false");
  EXPECT_EQ(problem<List<bool>>("80"), ": the MessagePack must be an array");
  EXPECT_EQ(problem<Map<bool>>("90"), ": the MessagePack must be an object");
  EXPECT_EQ(problem<Map<List<bool>>>("81a5612f627e6392c301"), "/a~1b~0c/1: /a~1b~0c/1 must be true or false");
  EXPECT_EQ(problem<Map<bool>>("83a161c3a162c3a161c2"), ": the MessagePack has a field twice");
}

TEST_F(MessagePackTest, RefusesWhatIsHostile) {
  EXPECT_EQ(problem<Json>(""), ": the MessagePack is empty");
  EXPECT_EQ(problem<Json>("c1"), ": the MessagePack is not well-formed");
  EXPECT_EQ(problem<Json>("91c1"), ": the MessagePack is not well-formed");
  EXPECT_EQ(problem<Json>("c0c0"), ": the MessagePack has more behind its end");
  EXPECT_EQ(problem<Json>("a1ff"), ": the MessagePack is no UTF-8");
  EXPECT_EQ(problem<Json>("8101c0"), ": the MessagePack has a field whose name is no string");
  EXPECT_EQ(problem<Json>("82a161c0c0c0"), ": the MessagePack has a field whose name is no string");
  EXPECT_EQ(problem<Json>("8190c0"), ": the MessagePack has a field whose name is no string");
  // Four thousand million elements, fields, characters and bytes that are not there.
  for (const char* const announced :
       {"ddffffffff0000000000", "dfffffffff0000000000", "dbffffffff0000000000", "c6ffffffff0000000000",
        "c9ffffffff0000000000", "dcffff", "deffff", "daffff"})
    EXPECT_EQ(problem<Json>(announced), ": the MessagePack is cut off") << announced;
  for (const char* const whole :
       {"cf0000000000000001", "cb3ff8000000000000", "da000161", "c50001ff", "d6ff00000001", "c704ff00000001",
        "dc000101", "df00000001a16101", "93010203", "82a16101a16202"}) {
    const std::string text = bytes(whole);
    EXPECT_TRUE(read<Json>(text)) << whole;
    for (std::size_t size = 1; size < text.size(); ++size)
      EXPECT_FALSE(read<Json>(std::string_view(text).substr(0, size))) << whole << ' ' << size;
  }
}

// As deep as JSON may be.
TEST_F(MessagePackTest, BoundsTheDepth) {
  JsonReader shallow(4);
  const auto parse = [&](std::string_view text, Format format) {
    return shallow.parse({.text = text, .format = format}, arena) != nullptr;
  };
  const auto nested = [](std::size_t depth, std::string_view begin, std::string_view middle,
                         std::string_view end) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i)
      text += begin;
    text += middle;
    for (std::size_t i = 0; i < depth; ++i)
      text += end;
    return text;
  };
  for (std::size_t depth = 0; depth < 7; ++depth) {
    for (const bool is_empty : {false, true}) {
      EXPECT_EQ(parse(nested(depth, "\x91", is_empty ? "\x90" : "\x01", ""), Format::kMessagePack),
                parse(nested(depth, "[", is_empty ? "[]" : "1", "]"), Format::kJson))
          << depth;
      EXPECT_EQ(parse(nested(depth, "\x81\xA1x", is_empty ? "\x80" : "\x01", ""), Format::kMessagePack),
                parse(nested(depth, "{\"x\":", is_empty ? "{}" : "1", "}"), Format::kJson))
          << depth;
    }
  }
  const std::string deep(100'000, '\x91');
  EXPECT_FALSE(parse(deep, Format::kMessagePack));
  EXPECT_EQ(shallow.fault().why, "the MessagePack is nested too deep");
}

TEST_F(MessagePackTest, BoundsTheSize) {
  const std::string large(JsonReader::kMaxText + 1, '\xC0');
  EXPECT_EQ(reader.parse({.text = large, .format = Format::kMessagePack}, arena), nullptr);
  EXPECT_EQ(reader.fault().why, "the MessagePack is too large");
}

TEST_F(MessagePackTest, TextsOfADocumentThatStaysAreNotCopied) {
  const std::string text = bytes("82a161a3616263a162c4020102");
  const Document document{.text = text, .format = Format::kMessagePack, .stays = true};
  const JsonValue* const root = reader.parse(document, arena);
  ASSERT_NE(root, nullptr);
  JsonObject fields(*root);
  ASSERT_TRUE(fields.next());
  String word;
  ASSERT_TRUE(fields.value().read(word));
  EXPECT_EQ(word.data(), text.data() + 4);
  ASSERT_TRUE(fields.next());
  Bytes binary;
  ASSERT_TRUE(fields.value().read(binary));
  EXPECT_EQ(binary.view().data(), text.data() + 11);
  // JSON's are unescaped into memory that the next text takes.
  const std::string json = R"("abc")";
  ASSERT_TRUE(reader.parse({.text = json, .stays = true}, arena)->read(word));
  static_cast<void>(reader.parse("\"xyz\"", 0, arena));
  EXPECT_EQ(word, "abc");
}

TEST_F(MessagePackTest, FormatsTakeTurns) {
  EXPECT_EQ(*read_hex<std::int32_t>("07"), 7);
  EXPECT_EQ(*read_json_text<std::int32_t>(reader, "8", 0, arena), 8);
  EXPECT_FALSE(read_hex<std::int32_t>("c1"));
  EXPECT_EQ(reader.parse("x", 0, arena), nullptr);
  EXPECT_EQ(reader.fault().why, "the JSON is not well-formed");
  EXPECT_EQ(*read_hex<std::int32_t>("09"), 9);
}

}  // namespace
}  // namespace zerver::flow
