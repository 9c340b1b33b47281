// What zerver-compile makes of hooks and `parallel`, run over a simulated worker: every way out of a block.

#include "blocks_fixture.h"

#include <string>

namespace zerver::testing {
namespace {

// --- on error ---

TEST_F(Blocks, AHookRunsForItsErrorsAndTheErrorGoesOn) {
  third.answer("put", fault(FaultKind::kConflict));
  const ResponseText response = get("/hooked?id=4");
  EXPECT_EQ(response.status, 409);
  EXPECT_NE(response.body.find(R"("id":4)"), std::string::npos) << "the fields travel: " << response.body;
  EXPECT_EQ(asked(left), Steps{"note_left"});
  EXPECT_EQ(asked(right), Steps{}) << "one hook takes an error, not those below it too";
}

TEST_F(Blocks, AHookThatAnswersEndsTheFlow) {
  third.answer("put", fault(FaultKind::kUnavailable));
  EXPECT_EQ(get("/hooked?id=4").status, 202);
}

TEST_F(Blocks, AHookWithoutNamesTakesTheRest) {
  third.answer("put", fault(FaultKind::kRejected));
  EXPECT_EQ(get("/hooked?id=4").status, 402);
  EXPECT_EQ(asked(right), Steps{"note_right"});
  EXPECT_EQ(get("/hooked?id=four").status, 400) << "wherever in the block the hook stands";
  EXPECT_EQ(asked(right).size(), 2U);
}

TEST_F(Blocks, NoHookRunsWhenNothingFails) {
  third.answer("put", value(7));
  EXPECT_EQ(get("/hooked?id=4").body, "7");
  EXPECT_EQ(asked(left), Steps{});
  EXPECT_EQ(asked(right), Steps{});
}

TEST_F(Blocks, AnErrorOfAHookTakesThePlaceOfTheFirst) {
  ReqTest other(blocks::v1::package());
  other.fake("blocks.v1.third").answer("put", fault(FaultKind::kConflict));
  other.fake("blocks.v1.left").answer("note_left", fault(FaultKind::kUnavailable));
  EXPECT_EQ(other.send({.target = "/hooked?id=4"}).status, 503);
  EXPECT_TRUE(other.fake("blocks.v1.right").asked().empty()) << "its own block's hooks do not see it";
}

TEST_F(Blocks, ARescueComesBeforeTheHook) {
  third.answer("put", fault(FaultKind::kRejected));
  EXPECT_EQ(get("/nested?id=4").status, 204);
  EXPECT_EQ(asked(left), Steps{});
  EXPECT_EQ(asked(third), (Steps{"put", "note_outer"}));
}

TEST_F(Blocks, BehindTheHookARescueAroundTheBlockTakesTheError) {
  third.answer("put", fault(FaultKind::kConflict));
  EXPECT_EQ(get("/nested?id=4").body, R"({"rescued":true})");
  EXPECT_EQ(asked(left), Steps{"note_left"});
  EXPECT_EQ(asked(right), Steps{}) << "a rescued error leaves no block";
}

TEST_F(Blocks, HooksRunFromTheInsideOut) {
  third.answer("put", fault(FaultKind::kUnavailable));
  EXPECT_EQ(get("/nested?id=4").status, 503);
  ASSERT_EQ(asked(left), Steps{"note_left"});
  ASSERT_EQ(asked(right), Steps{"note_right"});
}

TEST_F(Blocks, AFlowWithoutEffectsHasHooksToo) {
  EXPECT_EQ(get("/pure?id=3").body, R"({"b":4})");
  EXPECT_EQ(get("/pure?id=2").status, 204);
}

// --- on cancel ---

TEST_F(Blocks, WhereTheClientLeavesHooksRunFromTheInsideOutAndThenTheFlowEnds) {
  left.answer("get_a", FakeReply::silence());
  flow::Exchange& exchange = service.begin({.target = "/cancelled?id=1"});
  service.loop().run_for(ms(10));
  exchange.cancel();
  EXPECT_EQ(left.cancelled(), 1U);
  service.loop().run();
  ASSERT_TRUE(service.finished());
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(asked(left), (Steps{"get_a", "note_left"}));
  EXPECT_EQ(asked(right), Steps{"note_right"});
  EXPECT_EQ(asked(third), Steps{}) << "being cancelled is no error";
}

TEST_F(Blocks, TheDeadlineCancelsAndWhatHooksDoIsNotBoundByIt) {
  ReqTest slow(blocks::v1::package());
  slow.fake("blocks.v1.left").answer("get_slowly", FakeReply::silence());
  slow.fake("blocks.v1.left").answer("note_left", FakeReply::nothing().after(ms(40)));
  slow.fake("blocks.v1.right").answer("note_right", FakeReply::nothing().after(ms(40)));
  EXPECT_EQ(slow.send({.target = "/expired?id=1"}).status, 504);
  EXPECT_EQ(slow.fake("blocks.v1.left").asked().size(), 2U);
  EXPECT_EQ(slow.fake("blocks.v1.right").asked().size(), 1U);
}

TEST_F(Blocks, AHookThatFailsDoesNotKeepTheOthersFromRunning) {
  ReqTest broken(blocks::v1::package());
  broken.fake("blocks.v1.left").answer("get_a", FakeReply::silence());
  broken.fake("blocks.v1.left").answer("note_left", fault(FaultKind::kUnavailable));
  broken.fake("blocks.v1.right").answer("note_right", FakeReply::nothing());
  flow::Exchange& exchange = broken.begin({.target = "/cancelled?id=1"});
  broken.loop().run_for(ms(10));
  exchange.cancel();
  broken.loop().run();
  EXPECT_EQ(broken.take().status, 504);
  EXPECT_EQ(broken.fake("blocks.v1.right").asked().size(), 1U);
  ASSERT_EQ(broken.log().size(), 1U);
  EXPECT_NE(broken.log()[0].find(R"("error":"blocks.v1.Busy","why":"while the request was given up")"),
            std::string::npos);
}

TEST_F(Blocks, AHookThatNeverEndsIsBounded) {
  flow::WorkerLimits limits;
  limits.cleanup = ms(30);
  ReqTest bounded(blocks::v1::package(), 1, limits);
  bounded.fake("blocks.v1.left").answer("get_a", FakeReply::silence());
  bounded.fake("blocks.v1.left").answer("note_left", FakeReply::silence());
  bounded.fake("blocks.v1.right").answer("note_right", FakeReply::nothing());
  flow::Exchange& exchange = bounded.begin({.target = "/cancelled?id=1"});
  bounded.loop().run_for(ms(10));
  exchange.cancel();
  bounded.loop().run_for(ms(29));
  EXPECT_FALSE(bounded.finished());
  bounded.loop().run_for(ms(2));
  ASSERT_TRUE(bounded.finished());
  EXPECT_EQ(bounded.take().status, 504);
  EXPECT_EQ(bounded.fake("blocks.v1.left").cancelled(), 2U);
}

TEST_F(Blocks, WhatIsNotCancelledRunsNoHook) {
  left.answer("get_a", fault(FaultKind::kMissing));
  EXPECT_EQ(get("/cancelled?id=1").body, R"({"gone":true})");
  EXPECT_EQ(asked(left), Steps{"get_a"});
  EXPECT_EQ(asked(right), Steps{});
}

// --- parallel ---

TEST_F(Blocks, BranchesOfSeveralStepsRunSideBySide) {
  left.answer("get_a", value(3).after(ms(20)));
  right.answer("get_c", value(5).after(ms(15)));
  right.answer("get_b_of_c", value(4).after(ms(15)));
  const TimePoint begin = service.loop().now();
  EXPECT_EQ(get("/parallel?id=1").body, R"({"sum":7})");
  EXPECT_EQ(service.loop().now() - begin, ms(30)) << "the longer of 20 and 15 + 15";
  EXPECT_EQ(get("/parallel?id=-2").body, R"({"sum":2})") << "a branch that waits for nothing";
}

TEST_F(Blocks, AllBranchesAreWaitedForAndTheFirstInTheTextDecides) {
  left.answer("get_a", fault(FaultKind::kMissing).after(ms(40)));
  right.answer("get_c", fault(FaultKind::kUnavailable).after(ms(10)));
  const TimePoint begin = service.loop().now();
  EXPECT_EQ(get("/parallel?id=1").status, 404);
  EXPECT_EQ(service.loop().now() - begin, ms(40));
  EXPECT_EQ(asked(right), Steps{"get_c"}) << "the failed branch has gone no further";
}

TEST_F(Blocks, AStepThatFailsInABranchFailsTheBlock) {
  left.answer("get_a", value(13));
  right.answer("get_c", value(5));
  right.answer("get_b_of_c", value(4));
  const ResponseText response = get("/parallel?id=1");
  EXPECT_EQ(response.status, 418);
  EXPECT_NE(response.body.find(R"("id":13)"), std::string::npos) << response.body;
}

TEST_F(Blocks, AnErrorOfABranchIsRescuedAroundTheBlock) {
  left.answer("get_a", value(1).after(ms(10)));
  third.answer("put", fault(FaultKind::kConflict));
  EXPECT_EQ(get("/rescued?id=1").body, R"({"rescued":true})");
  EXPECT_EQ(asked(right), Steps{"note_right"}) << "the branch's own hook ran before";
}

TEST_F(Blocks, AnExceptionInABranchIsAnswered500AndTheOtherOneEnds) {
  left.answer("get_a", value(13));
  third.answer("put", value(1).after(ms(10)));
  EXPECT_EQ(get("/rescued?id=1").status, 500);
  ASSERT_EQ(service.log().size(), 1U);
  EXPECT_NE(service.log()[0].find(R"("why":"thirteen")"), std::string::npos) << service.log()[0];
  EXPECT_NE(service.log()[0].find(R"("step":"throw_up","at":"blocks.flow:)"), std::string::npos)
      << service.log()[0];
}

TEST_F(Blocks, ACancelledRequestEndsInEveryBranch) {
  left.answer("get_a", FakeReply::silence());
  third.answer("put", FakeReply::silence());
  flow::Exchange& exchange = service.begin({.target = "/rescued?id=1"});
  service.loop().run_for(ms(10));
  exchange.cancel();
  service.loop().run();
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(asked(left), (Steps{"get_a", "note_left"}));
  EXPECT_EQ(left.cancelled() + third.cancelled(), 2U);
}

TEST_F(Blocks, BranchesNest) {
  left.answer("get_a", value(1).after(ms(10)));
  right.answer("get_c2", value(0).after(ms(10)));
  right.answer("get_b", value(2).after(ms(10)));
  third.answer("put", value(3));
  EXPECT_EQ(get("/deep?id=1").body, R"({"sum":3,"c":3})");
  ReqTest other(blocks::v1::package());
  other.fake("blocks.v1.left").answer("get_a", value(1));
  other.fake("blocks.v1.right").answer("get_c2", fault(FaultKind::kMissing));
  other.fake("blocks.v1.third").answer("put", value(3));
  EXPECT_EQ(other.send({.target = "/deep?id=1"}).status, 404);
}

}  // namespace
}  // namespace zerver::testing
