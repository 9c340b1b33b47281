// The package of handmade.flow, written by hand and generated: both behave like this.
#include "handmade.flow.h"
#include <zerver/core/uuid.h>
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <string>

namespace zerver::testing {
namespace {

constexpr const char* kId = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";

// The fakes of the package's targets, with answers to begin with.
class Handmade : public ::testing::Test {
 protected:
  ReqTest service{handmade::v1::package()};
  FakeAdapter& db = service.fake("handmade.v1.db");
  FakeAdapter& random = service.fake("zerver.random");

  static FakeReply todo(std::string_view title, bool done = false) {
    return FakeReply::rows({"id", "title", "done", "due"}, {{String::borrowed(kId), String::borrowed(title),
                                                             std::int64_t{done}, flow::Value()}});
  }
  static FakeReply single(flow::Value value) { return FakeReply::rows({"x"}, {{value}}); }
  static RequestText show() { return {.target = std::string("/todos/") + kId}; }
  static RequestText create(std::string body) { return {Method::kPost, "/todos", std::move(body)}; }
};

// --- A flow without effects ---

TEST_F(Handmade, AnswersStraightAway) {
  const ResponseText response = service.send({.target = "/hello/w%C3%B6rld"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(response.body, "hello w\xC3\xB6rld");
}

TEST_F(Handmade, RefusesAPathParameterThatIsNoUtf8) {
  const ResponseText response = service.send({.target = "/hello/%FF"});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"type":"urn:zerver:error:handmade.v1.BadInput","title":"Bad input","status":400,)"
            R"("detail":"the path parameter `name` must be UTF-8"})");
}

TEST_F(Handmade, LetsAStepFail) {
  const ResponseText response = service.send({.target = "/hello/nobody"});
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(
      response.body,
      R"({"type":"urn:zerver:error:handmade.v1.OverQuota","title":"Over quota","status":429,"left":0})");
}

TEST_F(Handmade, LetsAStepAnswerByItself) {
  const ResponseText response = service.send({.target = "/hello/teapot"});
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.body, "short and stout");
}

TEST_F(Handmade, NoticesASlotThatWasNotWritten) {
  EXPECT_EQ(service.send({.target = "/hello/forgetful"}).status, 500);
  ASSERT_EQ(service.log().size(), 1U);
  EXPECT_NE(service.log().front().find(R"("step":"greet")"), std::string::npos) << service.log().front();
  EXPECT_NE(service.log().front().find(R"("why":"it went on without writing slot `greeting`")"),
            std::string::npos)
      << service.log().front();
}

TEST_F(Handmade, KeepsAnExceptionToItself) {
  const ResponseText response = service.send({.target = "/hello/clumsy"});
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.body.find("dropped"), std::string::npos);
  ASSERT_EQ(service.log().size(), 1U);
  EXPECT_NE(service.log().front().find(R"("kind":"exception","why":"dropped it")"), std::string::npos)
      << service.log().front();
}

TEST_F(Handmade, SaysWhatAPathAllows) {
  const ResponseText other = service.send({.method = Method::kPut, .target = "/todos"});
  EXPECT_FALSE(other.found);
  EXPECT_TRUE(other.allowed.contains(Method::kPost));
  EXPECT_FALSE(other.allowed.contains(Method::kGet));
  EXPECT_TRUE(service.send({.target = "/nothing"}).allowed.empty());
  EXPECT_EQ(service.send({.target = "/hello/%zz"}).status, 400);
}

// --- Effects ---

TEST_F(Handmade, CreatesATodo) {
  random.answer("new_id", FakeReply::value(*Uuid::parse(kId)));
  db.answer("insert", todo("tea"));
  const ResponseText response = service.send(create(R"({"title":"tea","tags":[],"urgency":"high"})"));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.header("Location"), std::string("/todos/") + kId);
  EXPECT_EQ(response.body, std::string(R"({"id":")") + kId + R"(","title":"tea","done":false})");
  EXPECT_EQ(service.in_flight("handmade.v1.db").count(), 0U);
}

TEST_F(Handmade, NamesTheFieldThatIsWrong) {
  const auto detail = [&](std::string body) { return service.send(create(std::move(body))).body; };
  EXPECT_EQ(detail(R"({"title":"","tags":[]})"),
            R"({"type":"urn:zerver:error:handmade.v1.BadInput","title":"Bad input","status":400,)"
            R"("detail":"/title must have 1 to 200 characters","pointer":"/title"})");
  EXPECT_NE(detail(R"({"title":"x","tags":["a",7]})").find(R"("pointer":"/tags/1")"), std::string::npos);
  EXPECT_NE(detail(R"({"tags":[]})").find(R"("detail":"/title is missing")"), std::string::npos);
  EXPECT_NE(detail(R"({"title":"x","title":"y","tags":[]})").find("/title is there twice"),
            std::string::npos);
  EXPECT_NE(detail(R"({"title":"x","tags":[],"effort":11})").find("/effort must be from 0 to 10"),
            std::string::npos);
  EXPECT_NE(detail(R"({"title":"x","tags":[],"urgency":"never"})").find(R"("pointer":"/urgency")"),
            std::string::npos);
  EXPECT_NE(detail("").find("the JSON is empty"), std::string::npos);
  EXPECT_NE(detail("[]").find("the JSON must be an object"), std::string::npos);
  EXPECT_TRUE(db.asked().empty());
}

TEST_F(Handmade, ReadsAnOptionalHeader) {
  RequestText request = create(R"({"title":"tea","tags":[]})");
  request.headers = {{"X-Left", "0"}};
  EXPECT_EQ(service.send(request).status, 429);
  request.headers = {{"X-Left", "many"}};
  EXPECT_EQ(service.send(request).status, 400);
}

TEST_F(Handmade, MapsFaultsToErrors) {
  random.answer("new_id", FakeReply::value(Uuid{}));
  db.answer("insert", FakeReply::fault(FaultKind::kConflict));
  EXPECT_EQ(service.send(create(R"({"title":"tea","tags":[]})")).status, 409);
}

TEST_F(Handmade, SaysWhenToComeAgain) {
  random.answer("new_id", FakeReply::value(Uuid{}));
  db.answer("insert", FakeReply::silence());
  const ResponseText response = service.send(create(R"({"title":"tea","tags":[]})"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.header("Retry-After"), "1");
  EXPECT_EQ(service.loop().now(), TimePoint{50'000'000});
  EXPECT_EQ(db.cancelled(), 1U);
}

TEST_F(Handmade, AnswersAFaultThatNothingCoversWith500) {
  random.answer("new_id", FakeReply::value(Uuid{}));
  db.answer("insert", FakeReply::rows({"id", "title", "done", "due"},
                                      {{std::int64_t{1}, String("tea"), false, flow::Value()}}));
  EXPECT_EQ(service.send(create(R"({"title":"tea","tags":[]})")).status, 500);
  ASSERT_EQ(service.log().size(), 1U);
  EXPECT_NE(service.log().front().find(R"("kind":"internal","why":"the row's column `id` is no uuid")"),
            std::string::npos)
      << service.log().front();
  EXPECT_NE(service.log().front().find(R"("step":"insert")"), std::string::npos) << service.log().front();
}

// --- Need, insert, replace, all ---

TEST_F(Handmade, PerformsWhatAStepNeeds) {
  db.answer("load", todo("tea"));
  db.answer("survey", single(std::int64_t{3}));
  db.answer("survey", single(String("milk")));
  const ResponseText response = service.send(show());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, std::string(R"({"id":")") + kId + R"(","open":3,"last":"milk"})");
}

TEST_F(Handmade, RepeatsWhatItsPolicySays) {
  db.answer("load", FakeReply::fault(FaultKind::kUnavailable));
  db.answer("load", todo("tea"));
  db.answer("survey", single(std::int64_t{0}));
  EXPECT_EQ(service.send(show()).status, 200);
  EXPECT_EQ(db.asked()[1].attempt, 2U);
  EXPECT_EQ(service.worker().counters().retries, 1U);
}

TEST_F(Handmade, DoesNotRepeatWhatItsPolicyDoesNotSay) {
  db.answer("load", FakeReply::rows({"id", "title", "done", "due"}, {}));
  const ResponseText response = service.send(show());
  EXPECT_EQ(response.status, 404);
  EXPECT_NE(response.body.find(std::string(R"("id":")") + kId), std::string::npos);
  EXPECT_EQ(db.asked().size(), 1U);
}

TEST_F(Handmade, GivesUpAfterTheLastRetry) {
  db.answer("load", FakeReply::silence());
  EXPECT_EQ(service.send(show()).status, 503);
  EXPECT_EQ(db.asked().size(), 2U);
  EXPECT_LE(service.loop().now(),
            TimePoint{105'000'000} + async::TimerWheel::kTick + async::TimerWheel::kTick);
}

TEST_F(Handmade, InsertsAChain) {
  db.answer("load", todo("count me"));
  db.answer("touch", FakeReply::value(std::int64_t{1}));
  db.answer("survey", single(std::int64_t{3}));
  EXPECT_EQ(service.send(show()).status, 200);
  EXPECT_EQ(db.asked()[1].step, "touch");
}

TEST_F(Handmade, ReplacesWhatIsLeft) {
  db.answer("load", todo("tea", true));
  EXPECT_EQ(service.send(show()).status, 410);
  EXPECT_EQ(db.asked().size(), 1U);
}

TEST_F(Handmade, GoesOnWithoutAnOptionalEffect) {
  db.answer("load", todo("tea"));
  db.answer("survey", single(std::int64_t{3}));
  db.answer("survey", FakeReply::fault(FaultKind::kUnavailable));
  EXPECT_EQ(service.send(show()).body, std::string(R"({"id":")") + kId + R"(","open":3,"last":""})");
}

TEST_F(Handmade, WaitsForTheWholeGroup) {
  db.answer("load", todo("tea"));
  db.answer("survey", single(std::int64_t{3}).after(Duration::from_milliseconds(30)));
  db.answer("survey", single(String("milk")).after(Duration::from_milliseconds(40)));
  EXPECT_EQ(service.send(show()).status, 200);
  EXPECT_EQ(service.loop().now(), TimePoint{40'000'000});
}

TEST_F(Handmade, FailsWhenARequiredEffectOfAGroupDoes) {
  db.answer("load", todo("tea"));
  db.answer("survey", FakeReply::rows({"x"}, {}));
  db.answer("survey", single(String("milk")));
  EXPECT_EQ(service.send(show()).status, 404);
}

// --- The trace ---

TEST_F(Handmade, LeavesATimeline) {
  db.answer("load", FakeReply::fault(FaultKind::kUnavailable).after(Duration::from_milliseconds(2)));
  db.answer("load", todo("tea"));
  db.answer("survey", single(std::int64_t{3}));
  db.answer("survey", single(String("milk")).after(Duration::from_milliseconds(1)));
  EXPECT_EQ(service.send(show()).status, 200);
  const std::string timeline = service.timeline();
  std::string events;
  for (std::size_t line = 0; line < timeline.size(); line = timeline.find('\n', line) + 1) {
    const std::size_t kind = timeline.find("#1  ", line) + 4;
    events += timeline.substr(kind, timeline.find(' ', kind) - kind) + ' ';
  }
  EXPECT_EQ(events,
            "begin step step step attempt fail wait attempt complete step step attempt complete "
            "attempt complete resume end ")
      << timeline;
}

TEST_F(Handmade, RecordsThatItsClientLeft) {
  db.answer("load", FakeReply::silence());
  flow::Exchange& exchange = service.begin(show());
  service.loop().run_for(Duration::from_milliseconds(7));
  exchange.cancel();
  EXPECT_NE(service.timeline().find("       7.000000 ms  #1  cancel\n"
                                    "       7.000000 ms  #1  give-up      load  attempt 1\n"
                                    "       7.000000 ms  #1  end          show  504\n"),
            std::string::npos)
      << service.timeline();
}

// --- Deadlines and cancellation ---

TEST_F(Handmade, StopsAtItsDeadline) {
  db.answer("load", todo("tea").after(Duration::from_milliseconds(49)));
  random.answer("new_id", FakeReply::silence());
  const ResponseText response = service.send(create(R"({"title":"tea","tags":[]})"));
  EXPECT_EQ(response.status, 504);
  EXPECT_EQ(service.loop().now(), TimePoint{500'000'000});
  EXPECT_EQ(random.cancelled(), 1U);
}

TEST_F(Handmade, EndsAtOnceWhenItsClientLeaves) {
  db.answer("load", FakeReply::silence());
  flow::Exchange& exchange = service.begin(show());
  service.loop().run_ready();
  EXPECT_FALSE(service.finished());
  EXPECT_EQ(service.in_flight("handmade.v1.db").count(), 1U);
  exchange.cancel();
  EXPECT_TRUE(service.finished());
  EXPECT_EQ(service.in_flight("handmade.v1.db").count(), 0U);
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(db.cancelled(), 1U);
}

TEST_F(Handmade, CancelsAWholeGroup) {
  db.answer("load", todo("tea"));
  db.answer("survey", FakeReply::silence());
  flow::Exchange& exchange = service.begin(show());
  service.loop().run_ready();
  exchange.cancel();
  EXPECT_TRUE(service.finished());
  EXPECT_EQ(db.cancelled(), 2U);
}

TEST_F(Handmade, StartsNothingForAClientThatHasLeft) {
  db.answer("load", todo("tea"));
  random.answer("new_id", FakeReply::value(Uuid{}).after(Duration::from_milliseconds(1)));
  flow::Exchange& exchange = service.begin(create(R"({"title":"tea","tags":[]})"));
  exchange.cancel();
  EXPECT_EQ(service.take().status, 504);
  EXPECT_TRUE(db.asked().empty());
}

TEST_F(Handmade, RefusesWhatIsTooMuchInFlight) {
  while (service.in_flight("handmade.v1.db").try_enter()) {
  }
  EXPECT_EQ(service.send(show()).status, 503);
  EXPECT_TRUE(db.asked().empty());
  EXPECT_EQ(service.worker().counters().refused, 2U);
}

}  // namespace
}  // namespace zerver::testing
