#include <zerver/core/time.h>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace zerver {
namespace {

std::string written(Timestamp time) {
  char out[Timestamp::kMaxText];
  return std::string(out, time.write(out));
}

std::string sortable(Timestamp time) {
  char out[Timestamp::kMaxText];
  return std::string(out, time.write_sortable(out));
}

std::string written(Duration span) {
  char out[Duration::kMaxText];
  return std::string(out, span.write(out));
}

TEST(Timestamp, KeepsItsText) {
  for (const char* const text :
       {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59.500000Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.000001Z", "2026-11-20T10:13:18Z",
        "1900-03-01T00:00:00Z", "2000-02-29T12:00:00Z"}) {
    const auto time = Timestamp::parse(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(written(*time), text);
  }
  EXPECT_EQ(Timestamp::parse("1970-01-01T00:00:01Z")->microseconds, 1'000'000);
}

TEST(Timestamp, AcceptsWhatRfc3339Does) {
  EXPECT_EQ(written(*Timestamp::parse("1990-12-31t15:59:60-08:00")), "1991-01-01T00:00:00Z");
  EXPECT_EQ(written(*Timestamp::parse("1937-01-01 12:00:27.87+00:20")), "1937-01-01T11:40:27.870000Z");
  EXPECT_EQ(written(*Timestamp::parse("2020-01-01T00:00:00.1234567z")), "2020-01-01T00:00:00.123456Z");
}

TEST(Timestamp, RefusesWhatIsNone) {
  for (const char* const text : {"",
                                 "2020",
                                 "2020-01-01",
                                 "2020-13-01T00:00:00Z",
                                 "2020-00-01T00:00:00Z",
                                 "2021-02-29T00:00:00Z",
                                 "1900-02-29T00:00:00Z",
                                 "2020-01-01T24:00:00Z",
                                 "2020-01-01T00:60:00Z",
                                 "2020-01-01T00:00:61Z",
                                 "2020-01-01T00:00:00",
                                 "2020-01-01T00:00:00.Z",
                                 "2020-01-01T00:00:00+0100",
                                 "2020-01-01T00:00:00+25:00",
                                 "2020-01-01T00:00:00Zx",
                                 "20-01-01T00:00:00Z",
                                 "2020-1-01T00:00:00Z",
                                 "2020-01-01x00:00:00Z",
                                 "9999-12-31T23:59:59-01:00",
                                 "0000-01-01T00:00:00+01:00",
                                 "2020-01-01T00:00:0",
                                 "2020-01-01T00:00:00+01:0"}) {
    EXPECT_FALSE(Timestamp::parse(text)) << text;
  }
}

TEST(Timestamp, HasATextWhoseOrderIsThatOfTimes) {
  const Timestamp whole = *Timestamp::parse("2026-11-20T10:00:00Z");
  const Timestamp later = *Timestamp::parse("2026-11-20T10:00:00.5Z");
  EXPECT_EQ(sortable(whole), "2026-11-20T10:00:00.000000Z");
  EXPECT_LT(sortable(whole), sortable(later));
}

TEST(Timestamp, StaysWithinItsYears) {
  EXPECT_EQ(written(Timestamp{std::numeric_limits<std::int64_t>::max()}).substr(0, 19),
            "9999-12-31T23:59:59");
  EXPECT_EQ(written(Timestamp{std::numeric_limits<std::int64_t>::min()}).substr(0, 19),
            "0000-01-01T00:00:00");
}

TEST(Timestamp, MovesByDurations) {
  EXPECT_EQ(Timestamp{1'000} + Duration::from_microseconds(5), Timestamp{1'005});
  EXPECT_EQ(Timestamp{1'000} - Duration{1}, Timestamp{999});
  EXPECT_EQ(Timestamp{1'000} - Timestamp{400}, Duration::from_microseconds(600));
}

TEST(Duration, KeepsItsText) {
  for (const char* const text :
       {"PT0S", "PT0.25S", "PT1H", "PT1M", "PT1H1M1.000000001S", "-PT2S", "PT100H"}) {
    const auto span = Duration::parse(text);
    ASSERT_TRUE(span) << text;
    EXPECT_EQ(written(*span), text);
  }
  EXPECT_EQ(written(Duration{std::numeric_limits<std::int64_t>::min()}), "-PT2562047H47M16.854775808S");
}

TEST(Duration, AcceptsWeeksAndDays) {
  EXPECT_EQ(Duration::parse("P1W"), Duration::from_seconds(604'800));
  EXPECT_EQ(Duration::parse("P1DT1H"), Duration::from_seconds(90'000));
  EXPECT_EQ(Duration::parse("P2D"), Duration::from_seconds(172'800));
}

TEST(Duration, RefusesWhatIsNone) {
  for (const char* const text : {"",
                                 "P",
                                 "PT",
                                 "P1",
                                 "1S",
                                 "PT1",
                                 "P1Y",
                                 "P1M",
                                 "PT1D",
                                 "P1S",
                                 "PT1S1H",
                                 "PT1.5H",
                                 "PT.5S",
                                 "PT1S1S",
                                 "P1DT",
                                 "PT1.S",
                                 "PT99999999999999999999S",
                                 "PT9999999999999H",
                                 "PT-1S",
                                 "PTS"}) {
    EXPECT_FALSE(Duration::parse(text)) << text;
  }
}

}  // namespace
}  // namespace zerver
