// Every join as generated code: which slots are set, which error is raised, and when.
#include "joins.flow.h"
#include "tests/support/times.h"
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace zerver::testing {
namespace {

using zerver::test::ms;

// Members answer in the order in which they are declared.
class Joins : public ::testing::Test {
 protected:
  static FakeReply value(std::int64_t value, std::int64_t after) {
    return FakeReply::rows({"x"}, {{flow::Value(value)}}).after(ms(after));
  }
  static FakeReply fault(FaultKind kind, std::int64_t after) {
    return FakeReply::fault(kind).after(ms(after));
  }

  void answer(std::string_view step, std::initializer_list<FakeReply> replies) {
    for (const FakeReply& reply : replies)
      db.answer(step, reply);
  }
  // `200 {...}`, or the status alone; and when it came.
  std::string get(std::string_view path) {
    const TimePoint start = service.loop().now();
    const ResponseText response = service.send({.target = std::string(path)});
    took = (service.loop().now() - start).nanoseconds / 1'000'000;
    EXPECT_EQ(service.in_flight("joins.v1.db").count(), 0U);
    return std::to_string(response.status) + (response.status == 200 ? " " + response.body : "");
  }

  ReqTest service{joins::v1::package()};
  FakeAdapter& db = service.fake("joins.v1.db");
  std::int64_t took = 0;  // milliseconds
};

TEST_F(Joins, AllWaitsForAll) {
  answer("take_all", {value(1, 10), value(2, 30)});
  EXPECT_EQ(get("/all"), R"(200 {"a":1,"b":2})");
  EXPECT_EQ(took, 30);
}

TEST_F(Joins, AllGoesOnWithoutAnOptionalOneThatFailed) {
  answer("take_all", {value(1, 10), fault(FaultKind::kMissing, 30)});
  EXPECT_EQ(get("/all"), R"(200 {"a":1,"b":0})");
}

TEST_F(Joins, AllFailsWhenARequiredOneFailed) {
  answer("take_all", {fault(FaultKind::kMissing, 10), value(2, 30)});
  EXPECT_EQ(get("/all"), "404");
  EXPECT_EQ(took, 30);
}

TEST_F(Joins, AllRequiredLeavesOutWhatIsLate) {
  answer("take_required", {value(1, 20), value(2, 10), value(3, 30)});
  EXPECT_EQ(get("/all-required"), R"(200 {"a":1,"b":2,"c":0})");
  EXPECT_EQ(took, 20);
}

TEST_F(Joins, AnyTakesTheFirst) {
  answer("take_any", {value(1, 20), value(2, 10)});
  EXPECT_EQ(get("/any"), R"(200 {"a":0,"b":2})");
  EXPECT_EQ(took, 10);
}

TEST_F(Joins, AnyFailsWithTheFirst) {
  answer("take_any", {value(1, 20), fault(FaultKind::kMissing, 10)});
  EXPECT_EQ(get("/any"), "404");
}

TEST_F(Joins, FirstSuccessWaitsForOne) {
  answer("take_success", {fault(FaultKind::kMissing, 10), value(2, 20)});
  EXPECT_EQ(get("/first-success"), R"(200 {"a":0,"b":2})");
}

TEST_F(Joins, FirstSuccessFailsWithTheFirstDeclared) {
  answer("take_success", {fault(FaultKind::kMissing, 20), fault(FaultKind::kUnavailable, 10)});
  EXPECT_EQ(get("/first-success"), "404");
  EXPECT_EQ(took, 20);
}

TEST_F(Joins, RaceCancelsWhoLoses) {
  answer("take_race", {value(1, 20), value(2, 10)});
  EXPECT_EQ(get("/race"), R"(200 {"a":0,"b":2})");
  EXPECT_EQ(db.cancelled(), 1U);
}

TEST_F(Joins, QuorumWaitsForItsNumber) {
  answer("take_quorum", {value(1, 30), value(2, 10), value(3, 20)});
  EXPECT_EQ(get("/quorum"), R"(200 {"a":0,"b":2,"c":3})");
  EXPECT_EQ(took, 20);
}

TEST_F(Joins, QuorumFailsWhenItIsOutOfReach) {
  answer("take_quorum", {value(1, 30), fault(FaultKind::kUnavailable, 20), fault(FaultKind::kMissing, 10)});
  EXPECT_EQ(get("/quorum"), "503");  // the second is declared before the third
  EXPECT_EQ(took, 20);
}

TEST_F(Joins, HedgeTakesTheFasterCopy) {
  answer("take_hedged", {FakeReply::silence(), value(5, 10)});
  EXPECT_EQ(get("/hedge"), R"(200 {"a":5})");
  EXPECT_EQ(took, 30);
  EXPECT_EQ(db.cancelled(), 1U);
  EXPECT_EQ(service.worker().counters().hedges, 1U);
}

TEST_F(Joins, SequentialStartsOneBehindTheOther) {
  answer("take_in_order", {value(1, 10), value(2, 10), value(3, 10)});
  EXPECT_EQ(get("/sequential"), R"(200 {"a":1,"b":2,"c":3})");
  EXPECT_EQ(took, 30);
}

TEST_F(Joins, SequentialStopsWhereOneFailed) {
  answer("take_in_order", {value(1, 10), fault(FaultKind::kMissing, 10), value(3, 10)});
  EXPECT_EQ(get("/sequential"), "404");
  EXPECT_EQ(db.asked().size(), 2U);
}

TEST_F(Joins, ANestedGroupIsOneMember) {
  answer("take_nested", {value(1, 10), value(3, 15), value(2, 10)});
  EXPECT_EQ(get("/nested"), R"(200 {"a":0,"b":0,"c":3})");  // a has its value, but its group has lost
  EXPECT_EQ(took, 15);
}

TEST_F(Joins, ANestedGroupMayWin) {
  answer("take_nested", {value(1, 10), value(3, 30), value(2, 10)});
  EXPECT_EQ(get("/nested"), R"(200 {"a":1,"b":2,"c":0})");
  EXPECT_EQ(took, 20);
}

TEST_F(Joins, AnswerWhenTheirClientLeaves) {
  for (const char* const step : {"take_race", "take_quorum", "take_nested"})
    db.answer(step, FakeReply::silence());
  for (const char* const path : {"/race", "/quorum", "/nested"}) {
    flow::Exchange& exchange = service.begin({.target = path});
    exchange.cancel();
    EXPECT_TRUE(service.finished());
    EXPECT_EQ(service.take().status, 504);
  }
}

}  // namespace
}  // namespace zerver::testing
