#include "join_model.h"

#include "join_storm.h"

#include <gtest/gtest.h>

namespace zerver::flow::test {
namespace {

TEST(JoinModel, AgreesWithAReferenceThatCountsNothing) {
  const JoinModelResult result = run_join_model(1, 200'000);
  EXPECT_EQ(result.disagreement, "");
  EXPECT_GT(result.joins, 10'000U);
}

TEST(JoinState, IsDecidedOnceByMembersOnFourThreads) {
  const JoinStormResult result = run_join_storm(50'000);
  EXPECT_EQ(result.resumed, 50'000U);
  EXPECT_GT(result.late, 0U);
  EXPECT_EQ(result.wrong, 0U);
}

}  // namespace
}  // namespace zerver::flow::test
