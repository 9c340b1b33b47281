// The long forms: ten million operations against the reference, and ten million joins whose members end on
// four threads.
#include "join_model.h"
#include "join_storm.h"

#include <gtest/gtest.h>

namespace zerver::flow::test {
namespace {

TEST(JoinSoak, AgreesWithTheReferenceForTenMillionOperations) {
  const JoinModelResult result = run_join_model(2, 10'000'000);
  EXPECT_EQ(result.disagreement, "");
  EXPECT_GE(result.operations, 10'000'000U);
}

TEST(JoinSoak, DecidesTenMillionJoinsOnceEach) {
  const JoinStormResult result = run_join_storm(10'000'000);
  EXPECT_EQ(result.resumed, 10'000'000U);
  EXPECT_EQ(result.wrong, 0U);
}

}  // namespace
}  // namespace zerver::flow::test
