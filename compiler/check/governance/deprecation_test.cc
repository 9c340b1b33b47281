#include "compiler/check/governance/deprecation.h"

#include <gtest/gtest.h>

namespace zc::check {
namespace {

TEST(Deprecation, ADateIsAMonthOrADay) {
  EXPECT_TRUE(is_date("2026-01"));
  EXPECT_TRUE(is_date("2026-12-31"));
  EXPECT_TRUE(is_date("2024-02-29"));
  EXPECT_TRUE(is_date("2000-02-29"));
}

TEST(Deprecation, WhatNoCalendarHasIsNoDate) {
  for (const llvm::StringRef text :
       {"", "2026", "2026-00", "2026-13", "2026-1", "2026-01-", "2026-01-00", "2026-04-31", "2026-02-29",
        "1900-02-29", "2026/01/01", "26-01-01", "2026-01-01T00:00:00Z"}) {
    EXPECT_FALSE(is_date(text)) << text.str();
  }
}

}  // namespace
}  // namespace zc::check
