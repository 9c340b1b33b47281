#include <zerver/jobs/cron_times.h>
#include <zerver/jobs/time_zone.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::jobs {
namespace {

using flow::CronSchedule;

constexpr std::uint32_t kEveryHour = (1U << 24) - 1;
constexpr std::uint32_t kEveryDay = 0xFFFFFFFE;
constexpr std::uint16_t kEveryMonth = 0x1FFE;
constexpr std::uint8_t kEveryWeekday = 0x7F;

CronSchedule daily(unsigned hour, unsigned minute) {
  return {.minutes = std::uint64_t{1} << minute,
          .hours = 1U << hour,
          .days = kEveryDay,
          .months = kEveryMonth,
          .weekdays = kEveryWeekday};
}

std::string big_endian(std::uint64_t value, int size) {
  std::string text;
  for (int i = size - 1; i >= 0; --i)
    text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

// A file without a table, but for one type.
std::string file_of(std::string_view footer, std::int32_t offset = 0) {
  const auto header = [](int types, int letters) {
    std::string text = "TZif2" + std::string(15, '\0');
    for (const int count : {0, 0, 0, 0, types, letters})
      text += big_endian(static_cast<std::uint64_t>(count), 4);
    return text;
  };
  return header(0, 0) + header(1, 4) + big_endian(static_cast<std::uint32_t>(offset), 4) +
         std::string("\0\0", 2) + std::string("CET\0", 4) + "\n" + std::string(footer) + "\n";
}
TimeZone zone_of(std::string_view footer) {
  const std::optional<TimeZone> zone = TimeZone::parse(file_of(footer));
  EXPECT_TRUE(zone) << footer;
  return zone.value_or(TimeZone());
}
TimeZone berlin() { return zone_of("CET-1CEST,M3.5.0,M10.5.0/3"); }

Timestamp at(std::string_view text) { return Timestamp::parse(text).value(); }
std::string text_of(Timestamp time) {
  std::string text(Timestamp::kMaxText, '\0');
  text.resize(time.write(text.data()));
  return text;
}
// The first ones behind a time.
std::vector<std::string> times(const CronTimes& cron, std::string_view after, int count) {
  std::vector<std::string> found;
  Timestamp time = at(after);
  for (int i = 0; i < count; ++i) {
    const std::optional<Timestamp> next = cron.next(time);
    if (!next) break;
    found.push_back(text_of(*next));
    time = *next;
  }
  return found;
}
using Texts = std::vector<std::string>;

// --- Fields ---

TEST(CronTimes, AreBehindATime) {
  const CronTimes cron(daily(3, 0), {});
  EXPECT_EQ(times(cron, "2026-01-01T02:59:59.999999Z", 2),
            (Texts{"2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z"}));
  EXPECT_EQ(times(cron, "2026-01-01T03:00:00Z", 1), Texts{"2026-01-02T03:00:00Z"});
  EXPECT_EQ(times(cron, "2026-01-01T03:00:00.000001Z", 1), Texts{"2026-01-02T03:00:00Z"});
}

TEST(CronTimes, HaveSeconds) {
  CronSchedule schedule = daily(3, 0);
  schedule.seconds = 1U | std::uint64_t{1} << 30;
  EXPECT_EQ(times(CronTimes(schedule, {}), "2026-01-01T03:00:00Z", 2),
            (Texts{"2026-01-01T03:00:30Z", "2026-01-02T03:00:00Z"}));
}

TEST(CronTimes, GoOverTheEndsOfMonthsAndYears) {
  CronSchedule schedule = daily(23, 59);
  schedule.days = 1U << 31;
  EXPECT_EQ(times(CronTimes(schedule, {}), "2026-10-31T23:59:00Z", 2),
            (Texts{"2026-12-31T23:59:00Z", "2027-01-31T23:59:00Z"}));
}

TEST(CronTimes, FindARareDay) {
  CronSchedule schedule = daily(0, 0);
  schedule.days = 1U << 29;
  schedule.months = 1U << 2;
  EXPECT_EQ(times(CronTimes(schedule, {}), "2096-03-01T00:00:00Z", 1), Texts{"2104-02-29T00:00:00Z"});
  schedule.days = 1U << 30;
  EXPECT_EQ(CronTimes(schedule, {}).next(at("2026-01-01T00:00:00Z")), std::nullopt);
}

TEST(CronTimes, TakeOneOfTwoKindsOfDays) {
  CronSchedule schedule = daily(0, 0);
  schedule.days = 1U << 13;
  schedule.weekdays = 1U << 5;
  schedule.either_day = true;
  EXPECT_EQ(times(CronTimes(schedule, {}), "2026-02-06T00:00:00Z", 3),
            (Texts{"2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z", "2026-02-27T00:00:00Z"}));
  schedule.either_day = false;
  EXPECT_EQ(times(CronTimes(schedule, {}), "2026-02-06T00:00:00Z", 2),
            (Texts{"2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"}));
}

// --- Clocks that are set ---

TEST(CronTimes, AreLocal) {
  EXPECT_EQ(times(CronTimes(daily(3, 0), berlin()), "2026-01-01T00:00:00Z", 1),
            Texts{"2026-01-01T02:00:00Z"});
  EXPECT_EQ(times(CronTimes(daily(3, 0), berlin()), "2026-07-01T00:00:00Z", 1),
            Texts{"2026-07-01T01:00:00Z"});
}

// 2026-03-29 in Berlin: from 2:00 to 3:00.
TEST(CronTimes, RunWhenTheClocksHaveJumpedOverThem) {
  const CronTimes cron(daily(2, 30), berlin());
  const Texts expected = {"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"};
  EXPECT_EQ(times(cron, "2026-03-27T12:00:00Z", 3), expected);
  EXPECT_EQ(times(cron, "2026-03-29T00:59:59.5Z", 1), Texts{"2026-03-29T01:00:00Z"});
  EXPECT_EQ(times(cron, "2026-03-29T01:00:00Z", 1), Texts{"2026-03-30T00:30:00Z"});
}

TEST(CronTimes, RunOnceForTwoThatTheClocksJumpOver) {
  CronSchedule schedule = daily(2, 0);
  schedule.minutes = 1U | std::uint64_t{1} << 30;
  schedule.hours = 1U << 2 | 1U << 3;
  EXPECT_EQ(times(CronTimes(schedule, berlin()), "2026-03-28T23:00:00Z", 3),
            (Texts{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:00:00Z"}));
}

// 2026-10-25 in Berlin: from 3:00 to 2:00.
TEST(CronTimes, RunOnceWhereTheClocksRepeatThem) {
  const CronTimes cron(daily(2, 30), berlin());
  const Texts expected = {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"};
  EXPECT_EQ(times(cron, "2026-10-23T12:00:00Z", 3), expected);
}

TEST(CronTimes, GoOnAsTimeDoesWhenTheyAreForEveryHour) {
  CronSchedule schedule = daily(0, 30);
  schedule.hours = kEveryHour;
  const CronTimes cron(schedule, berlin());
  EXPECT_EQ(times(cron, "2026-10-24T23:30:00Z", 3),
            (Texts{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}));
  EXPECT_EQ(times(cron, "2026-03-28T23:30:00Z", 3),
            (Texts{"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"}));
}

// --- The database ---

TEST(TimeZones, AreReadFromTheirRules) {
  const auto offset = [](std::string_view footer, std::string_view when) {
    return zone_of(footer).offset_at(at(when).microseconds / 1'000'000);
  };
  EXPECT_EQ(offset("CET-1CEST,M3.5.0,M10.5.0/3", "2060-07-01T00:00:00Z"), 7200);
  EXPECT_EQ(offset("CET-1CEST,M3.5.0,M10.5.0/3", "2060-12-01T00:00:00Z"), 3600);
  EXPECT_EQ(offset("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z"), -18'000);
  EXPECT_EQ(offset("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z"), -14'400);
  EXPECT_EQ(offset("<+0545>-5:45", "2026-03-08T07:00:00Z"), 20'700);
  // The south, where summer is at the turn of the year.
  EXPECT_EQ(offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01T00:00:00Z"), 39'600);
  EXPECT_EQ(offset("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z"), 36'000);
  // Ireland, whose winter is the exception; a rule of the evening before; a day of the year.
  EXPECT_EQ(offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z"), 0);
  EXPECT_EQ(offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z"), 3600);
  EXPECT_EQ(offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z"), -3600);
  EXPECT_EQ(offset("XXX0YYY,J60,J300", "2028-03-01T02:00:00Z"), 3600);
  EXPECT_EQ(offset("XXX0YYY,59,J300", "2028-02-29T02:00:00Z"), 3600);
}

TEST(TimeZones, AreRefusedWhenTheyAreDamaged) {
  const std::string good = file_of("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_TRUE(TimeZone::parse(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(TimeZone::parse(std::string_view(good).substr(0, size))) << size;
  for (const char* footer : {"CET", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/3x",
                             "C-1", "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,J0,J9"})
    EXPECT_FALSE(TimeZone::parse(file_of(footer))) << footer;
}

TEST(TimeZones, HaveNamesThatAreNoPaths) {
  EXPECT_TRUE(is_zone_name("America/Argentina/Buenos_Aires"));
  for (const char* name : {"", "/etc/passwd", "../x", "Europe/", "a//b", "a b"})
    EXPECT_FALSE(is_zone_name(name)) << name;
}

}  // namespace
}  // namespace zerver::jobs
