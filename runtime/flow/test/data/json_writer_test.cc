#include <zerver/core/list.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/json_reader.h>
#include <zerver/flow/data/json_writer.h>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace zerver::flow {
namespace {

template <class T> std::string written(const T& value) {
  OutputBuffer out;
  JsonWriter writer(out);
  write_json(writer, value);
  return std::string(out.view());
}

TEST(JsonWriter, WritesEveryType) {
  EXPECT_EQ(written(true), "true");
  EXPECT_EQ(written(std::int32_t{-5}), "-5");
  EXPECT_EQ(written(std::uint32_t{5}), "5");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(written(String("a")), R"("a")");
  EXPECT_EQ(written(Bytes::borrowed(std::string_view("\0\xFF", 2))), R"("AP8=")");
  EXPECT_EQ(written(Json::borrowed("[1]")), "[1]");
  EXPECT_EQ(written(*Uuid::parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")),
            R"("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")");
  EXPECT_EQ(written(Timestamp{1}), R"("1970-01-01T00:00:00.000001Z")");
  EXPECT_EQ(written(Duration::from_milliseconds(250)), R"("PT0.25S")");
  EXPECT_EQ(written(Decimal{150, 2}), R"("1.50")");
  EXPECT_EQ(written(std::optional<bool>()), "null");
  EXPECT_EQ(written(std::optional<bool>(false)), "false");
}

TEST(JsonWriter, WritesTheShortestNumberThatReadsBack) {
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(1e300), "1e+300");
  EXPECT_EQ(written(100000.0), "100000");
  EXPECT_EQ(written(-999999999999999.0), "-999999999999999");
  EXPECT_EQ(written(1e15), "1e+15");
  EXPECT_EQ(written(0.00001), "0.00001");
  EXPECT_EQ(written(-0.000012345678901234567), "-0.000012345678901234568");
  EXPECT_EQ(written(-1.2345678901234567e-300), "-1.2345678901234568e-300");
  EXPECT_EQ(written(0.0), "0");
  EXPECT_EQ(written(-0.0), "-0.0");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWriter, EscapesWhatMustBe) {
  EXPECT_EQ(written(String::borrowed("a\"\\\b\f\n\r\t\x01\x1F/")), R"("a\"\\\b\f\n\r\t\u0001\u001f/")");
  EXPECT_EQ(written(String("\xC3\xA4\xF0\x9F\x98\x80\x7F")), "\"\xC3\xA4\xF0\x9F\x98\x80\x7F\"");
  EXPECT_EQ(written(String()), R"("")");
}

TEST(JsonWriter, ReplacesWhatIsNoUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(written(String::borrowed("a\xFFz")), "\"a" + replacement + "z\"");
  EXPECT_EQ(written(String::borrowed("\xC3\n\xC3\xA4\xE2\x82")),
            "\"" + replacement + "\\n\xC3\xA4" + replacement + replacement + "\"");
}

TEST(JsonWriter, PutsTheCommas) {
  const Map<std::int32_t>::Entry entries[] = {{"a", 1}, {"b\"", 2}};
  EXPECT_EQ(written(Map<std::int32_t>::borrowed(entries)), R"({"a":1,"b\"":2})");
  EXPECT_EQ(written(Map<std::int32_t>()), "{}");
  const std::int32_t numbers[] = {1, 2, 3};
  EXPECT_EQ(written(List<std::int32_t>::borrowed(numbers)), "[1,2,3]");
  const List<std::int32_t> lists[] = {List<std::int32_t>::borrowed(numbers), {}};
  EXPECT_EQ(written(List<List<std::int32_t>>::borrowed(lists)), "[[1,2,3],[]]");
}

TEST(JsonWriter, EncodesBytesOfEveryLength) {
  EXPECT_EQ(written(Bytes::borrowed("")), R"("")");
  EXPECT_EQ(written(Bytes::borrowed("f")), R"("Zg==")");
  EXPECT_EQ(written(Bytes::borrowed("fo")), R"("Zm8=")");
  EXPECT_EQ(written(Bytes::borrowed("foo")), R"("Zm9v")");
  EXPECT_EQ(written(Bytes::borrowed("foobar")), R"("Zm9vYmFy")");
}

TEST(JsonReader, ReadsOnlyTheOneTextOfEachBytes) {
  JsonReader reader;
  Arena arena;
  EXPECT_EQ(read_json_text<Bytes>(reader, R"("Zm9vYmE=")", 0, arena)->view(), "fooba");
  for (const char* const text : {R"("Zm9=")", R"("Zh==")", R"("Zg=")", R"("Zg")", R"("Z===")",
                                 R"("Zg==Zg==")", R"("Z g=")", R"("Zg-_")"})
    EXPECT_FALSE(read_json_text<Bytes>(reader, text, 0, arena)) << text;
}

}  // namespace
}  // namespace zerver::flow
