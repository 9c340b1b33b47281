// What zerver-compile makes of `each`, run over a simulated worker.

#include "blocks_fixture.h"

#include <algorithm>
#include <string>

namespace zerver::testing {
namespace {

TEST_F(Blocks, ResultsStandInTheOrderOfTheElements) {
  EXPECT_EQ(post("/loop", "[1,2,3]").body, "[2,6]") << "what a run leaves unset adds nothing";
  EXPECT_EQ(post("/loop", "[]").body, "[]");
}

TEST_F(Blocks, ARunMayAnswer) { EXPECT_EQ(post("/loop", "[1,9,3]").status, 418); }

TEST_F(Blocks, MoreElementsThanTheBoundAreRefused) {
  EXPECT_EQ(post("/loop", "[1,2,3,4]").status, 200);
  EXPECT_EQ(post("/loop", "[1,2,3,4,5]").status, 413);
  ASSERT_EQ(service.log().size(), 1U);
  EXPECT_NE(service.log()[0].find(R"("why":"5 elements, of which `each` takes 4")"), std::string::npos)
      << service.log()[0];
}

TEST_F(Blocks, SoManyRunsAreUnderWayAsTheFlowSays) {
  for (const int delay : {30, 10, 10, 10, 10, 10})
    left.answer("get_item", value(delay).after(ms(delay)));
  const TimePoint begin = service.loop().now();
  EXPECT_EQ(post("/fetch", "[1,2,3,4,5,6]").body, "[30,10,10,10,10,10]");
  const auto at = [&](std::size_t i) { return left.asked()[i].at - begin; };
  ASSERT_EQ(left.asked().size(), 6U);
  EXPECT_EQ(at(0), ms(0));
  EXPECT_EQ(at(2), ms(0)) << "three at once";
  EXPECT_EQ(at(3), ms(10)) << "the next one as soon as one has ended";
  EXPECT_EQ(at(5), ms(20));
}

TEST_F(Blocks, NoRunStartsBehindOneThatFailed) {
  left.answer("get_item", value(1).after(ms(10)));
  left.answer("get_item", fault(FaultKind::kMissing).after(ms(5)));
  left.answer("get_item", value(1).after(ms(20)));
  const TimePoint begin = service.loop().now();
  EXPECT_EQ(post("/fetch", "[1,2,3,4,5]").status, 404);
  EXPECT_EQ(left.asked().size(), 3U);
  EXPECT_EQ(service.loop().now() - begin, ms(20)) << "those under way are waited for";
}

TEST_F(Blocks, TheFirstElementThatFailedDecides) {
  left.answer("get_item", fault(FaultKind::kMissing).after(ms(20)));
  left.answer("get_item", fault(FaultKind::kUnavailable).after(ms(5)));
  EXPECT_EQ(post("/fetch", "[1,2]").status, 404);
}

TEST_F(Blocks, AnErrorOfARunIsRescuedAroundTheLoop) {
  left.answer("get_item", value(1));
  EXPECT_EQ(post("/fetch", "[1,13,2]").body, R"({"odd":true})");
}

TEST_F(Blocks, OneAnswerOfRunsSideBySideCounts) {
  left.answer("get_item", value(77).after(ms(10)));
  left.answer("get_item", value(77).after(ms(5)));
  left.answer("get_item", fault(FaultKind::kMissing).after(ms(1)));
  const ResponseText response = post("/fetch", "[1,2,3]");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, R"({"made":77})");
}

TEST_F(Blocks, AnExceptionInARunIsAnswered500) {
  left.answer("get_item", value(1));
  EXPECT_EQ(post("/fetch", "[1,14,2]").status, 500);
  EXPECT_EQ(service.log().size(), 1U);
}

TEST_F(Blocks, ACancelledRequestEndsEveryRun) {
  left.answer("get_item", FakeReply::silence());
  flow::Exchange& exchange = service.begin({Method::kPost, "/fetch", "[1,2,3,4,5]"});
  service.loop().run_for(ms(10));
  exchange.cancel();
  ASSERT_TRUE(service.finished());
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(left.asked().size(), 3U);
  EXPECT_EQ(left.cancelled(), 3U);
}

TEST_F(Blocks, ARescueInARunIsThatRunsOwn) {
  left.answer("get_item", value(5));
  left.answer("get_item", fault(FaultKind::kMissing));
  left.answer("get_item", value(6));
  EXPECT_EQ(post("/turn", "[1,2,3]").body, "[5,0,6]");
}

TEST_F(Blocks, LoopsNest) {
  for (const int number : {1, 2, 3, 4, 5})
    left.answer("get_item", value(number));
  EXPECT_EQ(post("/grid", "[[1,1],[],[1,1,1]]").body, "[3,0,12]");
}

// Runs leave nothing behind in the arena but what they made: their frames are used again.
TEST_F(Blocks, ALongLoopNeedsNoMoreThanTheRunsUnderWay) {
  flow::WorkerLimits limits;
  limits.arena_bytes = std::size_t{24} << 10;
  ReqTest small(blocks::v1::package(), 1, limits);
  small.fake("blocks.v1.left").answer("get_item", value(1).after(ms(1)));
  std::string body = "[1";
  for (int i = 1; i < 100; ++i)
    body += ",1";
  const ResponseText response = small.send({Method::kPost, "/fetch", body + "]"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(std::count(response.body.begin(), response.body.end(), '1'), 100);
}

}  // namespace
}  // namespace zerver::testing
