#include "compiler/check/flows/schedule.h"

#include <gtest/gtest.h>

namespace zc::check {
namespace {

TEST(Schedule, AcceptsCrontabFields) {
  for (const char* schedule :
       {"0 3 * * *", "*/5 * * * *", "0-30/10 8-17 1,15 jan-mar MON", "59 23 31 12 7"}) {
    EXPECT_FALSE(check_schedule(schedule)) << schedule;
  }
}

TEST(Schedule, RefusesTheRest) {
  for (const char* schedule :
       {"", "0 3 * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *",
        "5/2 * * * *", "30-10 * * * *", "a * * * *", ", * * * *"}) {
    EXPECT_TRUE(check_schedule(schedule)) << schedule;
  }
}

}  // namespace
}  // namespace zc::check
