#include "compiler/check/flows/schedule.h"

#include <gtest/gtest.h>

namespace zc::check {
namespace {

std::string error_of(llvm::StringRef text) { return read_schedule(text).error.value_or(""); }

TEST(Schedule, AcceptsCrontabFields) {
  for (const char* schedule :
       {"0 3 * * *", "*/5 * * * *", "0-30/10 8-17 1,15 jan-mar MON", "59 23 31 12 7", "*/10 0 3 * * *"})
    EXPECT_EQ(error_of(schedule), "") << schedule;
}

TEST(Schedule, RefusesTheRest) {
  for (const char* schedule :
       {"", "0 3 * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *",
        "5/2 * * * *", "30-10 * * * *", "a * * * *", ", * * * *", "60 * * * * *", "0 0 0 0 * * *"})
    EXPECT_NE(error_of(schedule), "") << schedule;
}

TEST(Schedule, RefusesWhatNeverComesUp) {
  EXPECT_EQ(error_of("0 0 31 2,4,jun *"), "its months have no such day");
  EXPECT_EQ(error_of("0 0 29 2 *"), "");
  EXPECT_EQ(error_of("0 0 31 2 mon"), "") << "Mondays do";
}

TEST(Schedule, IsBitsForValues) {
  const model::Schedule schedule = read_schedule("5,7 8-10 */15 feb fri-7").schedule;
  EXPECT_EQ(schedule.seconds, 1U);
  EXPECT_EQ(schedule.minutes, 1U << 5 | 1U << 7);
  EXPECT_EQ(schedule.hours, 7U << 8);
  EXPECT_EQ(schedule.days, 1U << 1 | 1U << 16 | 1U << 31);
  EXPECT_EQ(schedule.months, 1U << 2);
  EXPECT_EQ(schedule.weekdays, 1U << 5 | 1U << 6 | 1U);
  EXPECT_FALSE(schedule.either_day) << "`*/15` begins with a star";
  EXPECT_EQ(read_schedule("30 0 0 * * *").schedule.seconds, 1ULL << 30);
}

TEST(Schedule, TakesOneOfTwoKindsOfDays) {
  EXPECT_TRUE(read_schedule("0 0 13 * fri").schedule.either_day);
  EXPECT_FALSE(read_schedule("0 0 13 * *").schedule.either_day);
  EXPECT_FALSE(read_schedule("0 0 * * fri").schedule.either_day);
}

TEST(Schedule, KnowsNamesOfTimeZones) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+3"})
    EXPECT_TRUE(is_time_zone(name)) << name;
  for (const char* name : {"", "/etc/passwd", "../UTC", "Europe/", "Europe//Berlin", "a b"})
    EXPECT_FALSE(is_time_zone(name)) << name;
}

}  // namespace
}  // namespace zc::check
