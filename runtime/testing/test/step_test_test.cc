#include "shop.flow.h"
#include <zerver/testing/matchers.h>
#include <zerver/testing/step_test.h>

#include <gtest/gtest.h>

namespace zerver::testing {
namespace {

using ::testing::AllOf;
using ::testing::Not;

TEST(StepTest, RunsOneStepOverSeededSlots) {
  using Kind = shop::check::Decision::Kind;
  StepTest<shop::check::View> cheap;
  EXPECT_THAT(cheap.seed("cents", std::int64_t{100}).run_step(), Decided(Kind::kProceed));
  StepTest<shop::check::View> dear;
  EXPECT_THAT(dear.seed("cents", std::int64_t{2'000'000}).run_step(), Decided(Kind::kFailDeclined));
}

TEST(StepTest, ShowsWhatTheStepHasWritten) {
  using Kind = shop::quote::Decision::Kind;
  StepTest<shop::quote::View> step;
  step.seed("cents", std::int64_t{250});
  const auto result = step.run_step();
  EXPECT_THAT(result, AllOf(Decided(Kind::kProceed), Slot("label", R"("250 cents")"), SlotUnset("note")));
  EXPECT_EQ(result.slot<String>("label"), "250 cents");
  EXPECT_THAT(result, Not(Slot("label", R"("251 cents")")));
}

TEST(StepTest, ReadsOptionalSlotsWhenTheyAreSeeded) {
  StepTest<shop::quote::View> step;
  step.seed("cents", std::int64_t{250}).seed("note", String("gift"));
  EXPECT_THAT(step.run_step(), AllOf(Slot("label", R"("250 cents, gift")"), Slot("note", R"("gift!")")));
}

TEST(StepTest, RefusesAMissingSlotAndAWrongType) {
  StepTest<shop::check::View> missing;
  EXPECT_THROW(static_cast<void>(missing.run_step()), std::invalid_argument);
  StepTest<shop::check::View> wrong;
  EXPECT_THROW(static_cast<void>(wrong.seed("cents", 100).run_step()), std::invalid_argument);
}

TEST(StepTest, RefusesToShowWhatIsNotThere) {
  StepTest<shop::quote::View> step;
  step.seed("cents", std::int64_t{1});
  const auto result = step.run_step();
  EXPECT_THROW(static_cast<void>(result.slot<String>("nothing")), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(result.slot<std::int64_t>("label")), std::invalid_argument);
}

TEST(StepTest, LimitsTheMemoryOfTheStep) {
  StepTest<shop::quote::View> step(4);
  step.seed("cents", std::int64_t{250});
  EXPECT_THROW(static_cast<void>(step.run_step()), ArenaFull);
}

TEST(Matchers, KnowResponses) {
  ReqTest test(shop::package());
  const ResponseText quoted = test.send({.target = "/quotes?cents=250"});
  EXPECT_THAT(quoted, AllOf(HasStatus(200), JsonBody(R"({ "note": "none", "label" : "250 cents" })"),
                            HasJson("label", R"("250 cents")")));
  EXPECT_THAT(quoted, Not(JsonBody("{}")));
  EXPECT_THAT(quoted, Not(IsProblem(200, "shop.Declined")));
  const ResponseText declined = test.send({.target = "/quotes?cents=2000000"});
  EXPECT_THAT(declined, IsProblem(402, "shop.Declined"));
  EXPECT_THAT(declined, Not(IsProblem(402, "shop.Down")));
  EXPECT_THAT(declined, Not(IsProblem(400, "shop.Declined")));
  EXPECT_THAT(test.send({.target = "/quotes"}), IsProblem(400, "zerver.Invalid"));
}

}  // namespace
}  // namespace zerver::testing
