#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/json_reader.h>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <string_view>

namespace zerver::flow {
namespace {

class JsonReaderTest : public ::testing::Test {
 protected:
  template <class T> Result<T> read(std::string_view text) {
    return read_json_text<T>(reader, text, 0, arena);
  }
  // `pointer: why` of what is wrong.
  template <class T> std::string problem(std::string_view text) {
    const Result<T> result = read<T>(text);
    if (result) return "nothing";
    EXPECT_EQ(result.error().kind, FaultKind::kInvalid);
    return std::string(result.error().pointer.view()) + ": " + std::string(result.error().why.view());
  }

  JsonReader reader;
  Arena arena;
};

TEST_F(JsonReaderTest, ReadsEveryType) {
  EXPECT_EQ(*read<bool>("true"), true);
  EXPECT_EQ(*read<std::int32_t>("-2147483648"), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(*read<std::uint32_t>("4294967295"), std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(*read<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*read<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*read<double>("-1.5e3"), -1500.0);
  EXPECT_EQ(*read<double>("7"), 7.0);
  EXPECT_EQ(*read<String>(R"("a\u00e4\n\ud83d\ude00")"), "a\xC3\xA4\n\xF0\x9F\x98\x80");
  EXPECT_EQ(read<Bytes>(R"("AP8=")")->view(), std::string_view("\0\xFF", 2));
  EXPECT_EQ(*read<Uuid>(R"("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")"),
            *Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
  EXPECT_EQ(*read<Timestamp>(R"("1970-01-01T00:00:01Z")"), Timestamp{1'000'000});
  EXPECT_EQ(*read<Duration>(R"("PT0.25S")"), Duration::from_milliseconds(250));
  EXPECT_EQ(*read<Decimal>(R"("1.50")"), (Decimal{150, 2}));
  EXPECT_EQ(*read<std::optional<bool>>("null"), std::nullopt);
  EXPECT_EQ(*read<std::optional<bool>>("false"), false);
}

TEST_F(JsonReaderTest, KeepsJsonAsJson) {
  EXPECT_EQ(read<Json>(R"( {"a" : [1, -2, 18446744073709551615, 1.5, "x\"", true, null, {}, []]} )")->view(),
            R"({"a":[1,-2,18446744073709551615,1.5,"x\"",true,null,{},[]]})");
}

TEST_F(JsonReaderTest, ARealNumberMayBeLargerThanAnyInteger) {
  EXPECT_EQ(*read<double>("18446744073709551616"), 18446744073709551616.0);
  EXPECT_EQ(*read<double>("-9223372036854775809"), -9223372036854775808.0);
  EXPECT_EQ(*read<double>("100000000000000000000000000000"), 1e29);
  EXPECT_EQ(*read<double>("18446744073709551616.5"), 18446744073709551616.0);
  EXPECT_EQ(*read<double>("18446744073709551616e-1"), 1844674407370955161.6);
  const auto list = read<List<double>>("[ 1,18446744073709551616 , -99999999999999999999,2]");
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)[1], 18446744073709551616.0);
  EXPECT_EQ((*list)[2], -1e20);
  EXPECT_EQ((*list)[3], 2.0);
  // What stands in a text stays what it is, also beside such a number.
  const auto map =
      read<Map<Json>>(R"({"n18446744073709551616":"\"18446744073709551616","x":18446744073709551616})");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->find("n18446744073709551616")->view(), R"("\"18446744073709551616")");
  EXPECT_EQ(map->find("x")->view(), "18446744073709551616");
  EXPECT_EQ(problem<double>("1" + std::string(400, '0')),
            ": the JSON has a number that is malformed or too large");
}

TEST_F(JsonReaderTest, ReadsListsAndMaps) {
  const auto list = read<List<std::optional<std::int32_t>>>("[1,null,3]");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[1], std::nullopt);
  const auto map = read<Map<List<String>>>(R"({"a":["x"],"b":[]})");
  ASSERT_TRUE(map);
  EXPECT_EQ((*map->find("a"))[0], "x");
  EXPECT_TRUE(map->find("b")->empty());
}

TEST_F(JsonReaderTest, SaysWhereAndWhy) {
  EXPECT_EQ(problem<bool>("1"), ": the JSON must be true or false");
  EXPECT_EQ(problem<std::int32_t>("2147483648"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint32_t>("4294967296"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint32_t>("-1"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::int64_t>("9223372036854775808"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::int64_t>("18446744073709551616"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::int64_t>("-9223372036854775809"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint64_t>("-1"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint64_t>("18446744073709551616"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint64_t>("-18446744073709551616"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint32_t>("18446744073709551616"), ": the JSON is out of range");
  EXPECT_EQ(problem<std::uint64_t>("1.0"), ": the JSON must be an integer");
  EXPECT_EQ(problem<std::int64_t>("1.0"), ": the JSON must be an integer");
  EXPECT_EQ(problem<std::uint64_t>("\"1\""), ": the JSON must be an integer");
  EXPECT_EQ(problem<double>("\"1\""), ": the JSON must be a number");
  EXPECT_EQ(problem<String>("null"), ": the JSON must be a string");
  EXPECT_EQ(problem<Bytes>("\"a\""), ": the JSON must be base64");
  EXPECT_EQ(problem<Uuid>("\"a\""), ": the JSON must be a UUID");
  EXPECT_EQ(problem<Timestamp>("\"a\""), ": the JSON must be a time as in RFC 3339");
  EXPECT_EQ(problem<Duration>("\"a\""), ": the JSON must be a duration as in ISO 8601");
  EXPECT_EQ(problem<Decimal>("1.5"), ": the JSON must be a string");
  EXPECT_EQ(problem<Decimal>("\"x\""), ": the JSON must be a decimal number in a string");
  EXPECT_EQ(problem<List<bool>>("[true,[]]"), "/1: /1 must be true or false");
  EXPECT_EQ(problem<List<bool>>("{}"), ": the JSON must be an array");
  EXPECT_EQ(problem<Map<bool>>("[]"), ": the JSON must be an object");
  EXPECT_EQ(problem<Map<List<bool>>>(R"({"a/b~c":[true,1]})"),
            "/a~1b~0c/1: /a~1b~0c/1 must be true or false");
  EXPECT_EQ(problem<Map<bool>>(R"({"a":true,"b":true,"a":false})"), ": the JSON has a field twice");
}

TEST_F(JsonReaderTest, RefusesWhatIsNoJson) {
  EXPECT_EQ(problem<Json>(""), ": the JSON is empty");
  EXPECT_EQ(problem<Json>("  "), ": the JSON is empty");
  EXPECT_EQ(problem<Json>("\"\xFF\""), ": the JSON is no UTF-8");
  EXPECT_EQ(problem<Json>("1e999"), ": the JSON has a number that is malformed or too large");
  EXPECT_EQ(problem<Json>("01"), ": the JSON has a number that is malformed or too large");
  EXPECT_EQ(problem<Json>("\"a"), ": the JSON has a malformed string");
  EXPECT_EQ(problem<Json>("\"\\x\""), ": the JSON has a malformed string");
  for (const char* const text : {"{", "[1,]", "{\"a\"}", "tru", "1 2", "{\"a\":1,}", "[1}", "'a'"})
    EXPECT_EQ(problem<Json>(text).substr(0, 10), ": the JSON") << text;
}

TEST_F(JsonReaderTest, BoundsTheDepth) {
  JsonReader shallow(4);
  EXPECT_NE(shallow.parse("[[[1]]]", 0, arena), nullptr);
  EXPECT_EQ(shallow.parse("[[[[1]]]]", 0, arena), nullptr);
  EXPECT_EQ(shallow.fault().why, "the JSON is nested too deep");
  const std::string deep(100'000, '[');
  EXPECT_EQ(reader.parse(deep, 0, arena), nullptr);
}

TEST_F(JsonReaderTest, BoundsTheSize) {
  const std::string large(JsonReader::kMaxText + 1, ' ');
  EXPECT_EQ(reader.parse(large, 0, arena), nullptr);
  EXPECT_EQ(reader.fault().why, "the JSON is too large");
}

TEST_F(JsonReaderTest, ReadsInPlaceWhatHasRoomBehindIt) {
  std::string text = "[1,2]";
  const std::size_t size = text.size();
  text.resize(size + 64, '\x7F');
  const auto list =
      read_json_text<List<std::int32_t>>(reader, std::string_view(text).substr(0, size), 64, arena);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->size(), 2U);
}

TEST_F(JsonReaderTest, SaysSoWhenTheArenaIsFull) {
  Arena small(Arena::kFirstBlock);
  const std::string text = "\"" + std::string(10'000, 'x') + "\"";
  EXPECT_THROW(static_cast<void>(read_json_text<String>(reader, text, 0, small)), ArenaFull);
}

TEST_F(JsonReaderTest, CanBeUsedAgainAfterAFault) {
  EXPECT_FALSE(read<bool>("1"));
  EXPECT_TRUE(read<bool>("true"));
  EXPECT_TRUE(reader.fault().why.empty());
}

}  // namespace
}  // namespace zerver::flow
