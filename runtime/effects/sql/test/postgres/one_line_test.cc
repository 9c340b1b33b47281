#include "postgres/protocol/one_line.h"

#include <gtest/gtest.h>

namespace zerver::effects::postgres {
namespace {

TEST(OneLine, MakesOneOfIndentedLines) {
  EXPECT_EQ(one_line("connection refused\n\tIs the server running?\n"),
            "connection refused Is the server running?");
}

TEST(OneLine, LeavesTextAloneAndNothingOfNothing) {
  EXPECT_EQ(one_line("duplicate key"), "duplicate key");
  EXPECT_EQ(one_line(" \n\t "), "");
  EXPECT_EQ(one_line(""), "");
}

}  // namespace
}  // namespace zerver::effects::postgres
