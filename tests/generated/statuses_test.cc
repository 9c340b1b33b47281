// Errors that stand for statuses, as generated code raises and retries them.

#include "statuses.flow.h"
#include <zerver/testing/matchers.h>
#include <zerver/testing/req_test.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace zerver::testing {
namespace {

class Statuses : public ::testing::Test {
 protected:
  Statuses()
      : test_(::statuses::package()), pay_(test_.fake("statuses.pay")), more_(test_.fake("statuses.more")) {}

  ResponseText hold() { return test_.send({Method::kPost, "/hold?cents=7"}); }
  static FakeReply status(std::uint16_t status, FaultKind kind, Duration retry_after = {}) {
    return FakeReply::status(status, kind, "no", retry_after);
  }

  ReqTest test_;
  FakeAdapter& pay_;
  FakeAdapter& more_;
};

TEST_F(Statuses, GoBeforeKinds) {
  pay_.answer("reserve", status(402, FaultKind::kRejected));
  pay_.answer("reserve", status(403, FaultKind::kRejected));
  pay_.answer("reserve", status(409, FaultKind::kRejected));
  pay_.answer("reserve", FakeReply::fault(FaultKind::kRejected));
  EXPECT_THAT(hold(), IsProblem(402, "statuses.Declined"));
  EXPECT_THAT(hold(), IsProblem(402, "statuses.Declined"));
  EXPECT_THAT(hold(), IsProblem(409, "statuses.Taken"));
  EXPECT_THAT(hold(), IsProblem(402, "statuses.Declined"));
}

TEST_F(Statuses, AreRetriedWhenTheirErrorIs) {
  pay_.answer("reserve", status(423, FaultKind::kRejected));
  pay_.answer("reserve", status(503, FaultKind::kUnavailable));
  pay_.answer("reserve", FakeReply::json("\"h1\""));
  EXPECT_THAT(hold(), HasStatus(201));
  EXPECT_EQ(pay_.asked().size(), 3U);
}

TEST_F(Statuses, AreNotRetriedWhenTheirErrorIsNot) {
  pay_.answer("reserve", status(429, FaultKind::kUnavailable));
  EXPECT_THAT(hold(), IsProblem(409, "statuses.Taken"));
  EXPECT_EQ(pay_.asked().size(), 1U);
}

TEST_F(Statuses, AreAskedAgainNotBeforeTheyWantToBe) {
  pay_.answer("reserve", status(503, FaultKind::kUnavailable, Duration::from_milliseconds(700)));
  pay_.answer("reserve", FakeReply::json("\"h1\""));
  EXPECT_THAT(hold(), HasStatus(201));
  ASSERT_EQ(pay_.asked().size(), 2U);
  EXPECT_GE((pay_.asked()[1].at - pay_.asked()[0].at).nanoseconds,
            Duration::from_milliseconds(700).nanoseconds);
}

TEST_F(Statuses, ThatWantToBeAskedBehindTheDeadlineAreNotAskedAgain) {
  pay_.answer("reserve", status(503, FaultKind::kUnavailable, Duration::from_seconds(3)));
  EXPECT_THAT(hold(), IsProblem(503, "statuses.Busy"));
  EXPECT_EQ(pay_.asked().size(), 1U);
}

TEST_F(Statuses, OfAGroupAreThoseOfTheMemberThatMadeItFail) {
  pay_.answer("both", FakeReply::json("\"l\""));
  more_.answer("both", status(409, FaultKind::kRejected));
  EXPECT_THAT(test_.send({Method::kGet, "/pair?cents=7"}), HasStatus(200));
  more_.answer("both", status(404, FaultKind::kMissing));
  EXPECT_THAT(test_.send({Method::kGet, "/pair?cents=7"}), IsProblem(402, "statuses.Declined"));
}

class AnsweredFields : public Statuses {
 protected:
  ResponseText charge(std::uint16_t status, std::string json) {
    pay_.answer("charge", FakeReply::document(status, FaultKind::kRejected, std::move(json)));
    return test_.send({Method::kPost, "/charge?cents=7"});
  }
};

TEST_F(AnsweredFields, AreThoseOfTheErrorByTheirNames) {
  const ResponseText full =
      charge(402, R"({"limit":{"cents":5,"unit":"month"},"try":1,"advice":"later","cents":99,"other":[]})");
  EXPECT_THAT(full, IsProblem(402, "statuses.Short"));
  // What the step reads goes before what is answered.
  EXPECT_THAT(full.body, ::testing::HasSubstr(R"("cents":7,"limit":{"cents":5,"unit":"month"},"try":1,)"
                                              R"("advice":"later")"));
}

TEST_F(AnsweredFields, MayBeLeftOutWhenTheyHaveADefaultOrAreOptional) {
  for (const char* const json : {R"({"limit":{"cents":5,"unit":"day"}})",
                                 R"({"try":"often","advice":7,"limit":{"cents":5,"unit":"day"}})"}) {
    const ResponseText answer = charge(403, json);
    EXPECT_THAT(answer, IsProblem(402, "statuses.Short")) << json;
    EXPECT_THAT(answer.body, ::testing::HasSubstr(R"("try":3)")) << json;
    EXPECT_THAT(answer.body, ::testing::Not(::testing::HasSubstr("advice"))) << json;
  }
}

TEST_F(AnsweredFields, ThatAreRequiredAndWrongMakeItUnavailable) {
  for (const char* const json :
       {"", "{", "[]", "{}", R"({"limit":null})", R"({"limit":{"cents":5}})",
        R"({"limit":{"cents":"5","unit":"day"}})", R"({"limit":{"cents":5,"unit":"year"}})"}) {
    const std::size_t before = pay_.asked().size();
    EXPECT_THAT(charge(402, json), IsProblem(503, "statuses.Busy")) << json;
    // The status is that of an answer, whatever came with it: nothing is tried again.
    EXPECT_EQ(pay_.asked().size(), before + 1) << json;
  }
}

TEST_F(AnsweredFields, OfAnErrorForKindsAreThereWhenThereWasAnAnswer) {
  EXPECT_THAT(charge(410, R"({"since":5})").body, ::testing::HasSubstr(R"("since":5)"));
  EXPECT_THAT(charge(410, "").body, ::testing::Not(::testing::HasSubstr("since")));
  EXPECT_THAT(charge(451, R"({"since":5})").body, ::testing::HasSubstr(R"("since":5)"));
}

}  // namespace
}  // namespace zerver::testing
