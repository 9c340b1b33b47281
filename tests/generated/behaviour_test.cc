// What zerver-compile made of behaviour.flow, run over a simulated worker.

#include "behaviour.flow.h"
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::testing {
namespace {

using behaviour::v1::package;

constexpr const char* kId = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
constexpr const char* kIdOfNothing = "f81d4fae-7dec-11d0-a765-00a0c91e6b00";

class Behaviour : public ::testing::Test {
 protected:
  ReqTest service{package()};
  FakeAdapter& db = service.fake("behaviour.v1.db");

  static FakeReply todo(std::string_view title, bool done = false) {
    return FakeReply::rows({"id", "title", "done", "due"}, {{String::borrowed(kId), String::borrowed(title),
                                                             std::int64_t{done}, flow::Value()}});
  }
  static FakeReply single(flow::Value value) { return FakeReply::rows({"x"}, {{value}}); }
  ResponseText get(const std::string& target) { return service.send({.target = target}); }
  ResponseText post(const std::string& target, std::string body) {
    return service.send({Method::kPost, target, std::move(body)});
  }
};

// --- Steps ---

TEST_F(Behaviour, AFlowWithoutEffectsAnswersAtOnce) {
  const ResponseText response = get("/hello/w%C3%B6rld");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(response.body, "hello w\xC3\xB6rld");
}

TEST_F(Behaviour, ADecisionBecomesItsAnswer) {
  EXPECT_EQ(get("/hello/nobody").status, 429);
  EXPECT_EQ(
      get("/hello/nobody").body,
      R"({"type":"urn:zerver:error:behaviour.v1.OverQuota","title":"Over quota","status":429,"left":0})");
  EXPECT_EQ(get("/hello/teapot").status, 418);
  EXPECT_EQ(get("/hello/teapot").body, "short and stout");
}

TEST_F(Behaviour, AStepThatBreaksItsWordIsNamedInTheLogOnly) {
  EXPECT_EQ(get("/hello/forgetful").status, 500);
  EXPECT_EQ(get("/hello/clumsy").status, 500);
  ASSERT_EQ(service.log().size(), 2U);
  EXPECT_NE(service.log()[0].find(R"("why":"it went on without writing slot `greeting`")"), std::string::npos)
      << service.log()[0];
  EXPECT_NE(service.log()[0].find(R"("step":"greet","at":"behaviour.flow:)"), std::string::npos)
      << service.log()[0];
  EXPECT_NE(service.log()[1].find(R"("why":"dropped it")"), std::string::npos) << service.log()[1];
}

TEST_F(Behaviour, AnOptionalSlotIsSeenAsSetOrUnset) {
  EXPECT_EQ(get("/admitted").status, 204);
  EXPECT_EQ(service.send({.target = "/admitted", .headers = {{"X-Left", "3"}}}).status, 204);
  EXPECT_EQ(service.send({.target = "/admitted", .headers = {{"X-Left", "0"}}}).status, 429);
  EXPECT_EQ(service.send({.target = "/admitted", .headers = {{"X-Left", "many"}}}).status, 400);
}

// A request never sees what an earlier one left in its slots, whatever was in its memory.
TEST_F(Behaviour, SlotsAreClearBetweenRequests) {
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(service.send({.target = "/admitted", .headers = {{"X-Left", "0"}}}).status, 429);
    EXPECT_EQ(get("/admitted").status, 204) << "the 0 of the request before must not be seen";
  }
}

TEST_F(Behaviour, AnAnswerHasTheContentTypeThatItsHeaderSays) {
  EXPECT_EQ(get("/typed/fixed").content_type, "application/vnd.fixed+json");
  EXPECT_EQ(get("/typed/fixed").body, R"({"a":1})");
  EXPECT_EQ(get("/typed/value").content_type, "application/vnd.value+json");
  EXPECT_EQ(get("/typed/value").body, R"("value")");
  EXPECT_EQ(get("/typed/hal+json").content_type, "application/hal+json");
  const ResponseText refused = get("/typed/a%0D%0AX-Forged:%20yes");
  EXPECT_EQ(refused.status, 500);
  EXPECT_TRUE(refused.headers.empty());
}

// --- When there is no time ---

TEST_F(Behaviour, AnOverloadedFlowAnswersWithoutItsEffects) {
  const auto busy = [&](const char* target) {
    return service.send({.target = target, .headers = {}, .overloaded = true});
  };
  const std::string path = std::string("/degraded/") + kId;
  const ResponseText less = busy((path + "?size=7").c_str());
  EXPECT_EQ(less.status, 200);
  EXPECT_EQ(less.body, std::string(R"({"id":")") + kId + R"(","size":7})");
  const ResponseText refused = busy(path.c_str());
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "7");
  EXPECT_EQ(busy((path + "?size=many").c_str()).status, 422);
  EXPECT_EQ(busy("/degraded/7").status, 422);
  EXPECT_TRUE(db.asked().empty());
  db.answer("load", todo("tea"));
  EXPECT_EQ(get(path).body, R"({"title":"tea"})");
}

TEST_F(Behaviour, AFlowWithoutOverloadRunsAsEver) {
  EXPECT_EQ(service.send({.target = "/admitted", .overloaded = true}).status, 204);
}

// --- What comes in ---

TEST_F(Behaviour, AValidBodyIsReadAndWritten) {
  EXPECT_EQ(
      post("/checked", R"({"title":"milk","tags":["a"],"urgency":"high","class":"x","unknown":1})").body,
      R"({"title":"milk","effort":1,"urgency":"high","class":"x","tags":["a"]})");
}

struct Refusal {
  std::string body, pointer, why;
};

class BehaviourBody : public Behaviour, public ::testing::WithParamInterface<Refusal> {};

TEST_P(BehaviourBody, IsRefusedWithThePlaceThatIsWrong) {
  const ResponseText response = post("/checked", GetParam().body);
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find(GetParam().why), std::string::npos) << response.body;
  const std::string pointer = GetParam().pointer.empty() ? "" : "\"pointer\":\"" + GetParam().pointer + "\"";
  EXPECT_NE(response.body.find(pointer), std::string::npos) << response.body;
}

INSTANTIATE_TEST_SUITE_P(
    Traits, BehaviourBody,
    ::testing::Values(Refusal{R"({"title":"","tags":[]})", "/title", "must have 1 to 5 characters"},
                      Refusal{R"({"title":"abcdef","tags":[]})", "/title", "must have 1 to 5 characters"},
                      Refusal{R"({"title":"a","effort":11,"tags":[]})", "/effort", "must be from 0 to 10"},
                      Refusal{R"({"title":"a","class":"A1","tags":[]})", "/class", "must match [a-z]+"},
                      Refusal{R"({"title":"a","urgency":"soon","tags":[]})", "/urgency", "none of the names"},
                      Refusal{R"({"title":"a","tags":["b",1]})", "/tags/1", ""},
                      Refusal{R"({"title":"a"})", "", "tags"},
                      Refusal{R"({"title":"a","tags":[],"title":"b"})", "/title", ""},
                      Refusal{R"([])", "", ""}, Refusal{R"({"title")", "", ""}, Refusal{"", "", ""}));

TEST_F(Behaviour, AScalarIsCheckedWhereverItComesFrom) {
  EXPECT_EQ(get("/sized").body, R"({"size":20,"fixed":"yes"})");
  EXPECT_EQ(get("/sized?size=100").body, R"({"size":100,"fixed":"yes"})");
  const ResponseText response = get("/sized?size=101");
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("must be from 1 to 100"), std::string::npos) << response.body;
}

TEST_F(Behaviour, ArithmeticIsCheckedAndConditionsChoose) {
  EXPECT_EQ(get("/computed?int=4").body, R"({"small":8})");
  EXPECT_EQ(get("/computed?int=6").body, R"({"large":12})");
  EXPECT_EQ(get("/computed?int=2147483647").status, 500) << "the product is out of range";
}

// --- Effects ---

TEST_F(Behaviour, AnEffectFillsItsSlotAndFailsAsDeclared) {
  db.answer("insert", todo("milk"));
  const std::string target = std::string("/todos/") + kId;
  const ResponseText created = post(target, R"({"title":"milk","tags":[]})");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.header("Location"), target);
  EXPECT_EQ(created.body, R"({"id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6","title":"milk","done":false})");
}

TEST_F(Behaviour, EveryKindOfFailureBecomesItsError) {
  const std::string target = std::string("/todos/") + kId;
  db.answer("insert", FakeReply::fault(FaultKind::kConflict));
  db.answer("insert", FakeReply::fault(FaultKind::kUnavailable));
  db.answer("insert", FakeReply::silence());
  EXPECT_EQ(post(target, R"({"title":"a","tags":[]})").status, 409);
  const ResponseText busy = post(target, R"({"title":"a","tags":[]})");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.header("Retry-After"), "1");
  EXPECT_EQ(post(target, R"({"title":"a","tags":[]})").status, 503) << "the timeout of 50 ms, mapped to Busy";
}

TEST_F(Behaviour, ANeededStepRunsAndThenItsContinuation) {
  EXPECT_EQ(get(std::string("/choice/") + kIdOfNothing).status, 200);
  EXPECT_TRUE(db.asked().empty());
  db.answer("load", todo("plain"));
  EXPECT_EQ(get(std::string("/choice/") + kId).status, 200);
  ASSERT_EQ(db.asked().size(), 1U);
  EXPECT_EQ(db.asked()[0].step, "load");
}

TEST_F(Behaviour, AnInsertedChainRunsBeforeTheRest) {
  db.answer("load", todo("other"));
  db.answer("touch", FakeReply::value(std::int64_t{1}));
  EXPECT_EQ(get(std::string("/choice/") + kId).status, 200);
  ASSERT_EQ(db.asked().size(), 2U);
  EXPECT_EQ(db.asked()[1].step, "touch");
}

TEST_F(Behaviour, AReplacingChainIsTheRest) {
  db.answer("load", todo("other", true));
  EXPECT_EQ(get(std::string("/choice/") + kId).status, 410);
}

TEST_F(Behaviour, AGroupGoesOnWithoutWhatIsOptional) {
  const std::string target = std::string("/surveyed/") + kId;
  db.answer("survey", single(std::int64_t{3}));
  db.answer("survey", FakeReply::fault(FaultKind::kUnavailable));
  EXPECT_EQ(get(target).body, R"({"open":3,"last":"none"})");
}

TEST_F(Behaviour, AGroupFailsWithWhatIsRequired) {
  db.answer("survey", FakeReply::fault(FaultKind::kMissing));
  EXPECT_EQ(get(std::string("/surveyed/") + kId).status, 404);
}

TEST_F(Behaviour, ParallelStepsAllFinish) {
  db.answer("count_open", single(std::int64_t{3}).after(Duration::from_milliseconds(20)));
  db.answer("count_closed", single(std::int64_t{4}));
  EXPECT_EQ(get(std::string("/both/") + kId).body, R"({"open":3,"closed":4})");
  ASSERT_EQ(db.asked().size(), 2U);
  EXPECT_EQ(db.asked()[0].at, db.asked()[1].at);
}

TEST_F(Behaviour, ARescuedErrorIsNotTheAnswer) {
  const std::string target = std::string("/rescued/") + kId;
  db.answer("load", todo("milk"));
  EXPECT_EQ(get(target).body, R"({"found":true,"title":"milk"})");
  ReqTest other(package());
  other.fake("behaviour.v1.db").answer("load", FakeReply::fault(FaultKind::kMissing));
  EXPECT_EQ(other.send({.target = target}).body, R"({"found":false})");
  ReqTest busy(package());
  busy.fake("behaviour.v1.db").answer("load", FakeReply::fault(FaultKind::kUnavailable));
  EXPECT_EQ(busy.send({.target = target}).status, 503) << "only NotFound is rescued";
}

TEST_F(Behaviour, TheDeadlineEndsAFlow) {
  db.answer("load", FakeReply::fault(FaultKind::kUnavailable).after(Duration::from_milliseconds(40)));
  EXPECT_EQ(get(std::string("/rescued/") + kId).status, 503);
  EXPECT_EQ(db.asked().size(), 2U) << "one retry";
}

// Answers with what it was asked.
class EchoingBank final : public behaviour::v1::BankAdapter {
 public:
  void charge(const ChargeArguments& arguments, flow::Reply<String> reply) override {
    const behaviour::v1::Order& order = arguments.order;
    receipt = std::to_string(order.amount) + " " + std::string(order.currency.view()) + " to " +
              std::string(order.to.name.view()) + (order.note ? " with a note" : "");
    reply.succeed(String::borrowed(receipt));
  }
  void cancel(flow::Operation&) noexcept override {}

  std::string receipt;
};

TEST_F(Behaviour, AnObjectBecomesTheStructThatAnEffectTakes) {
  EchoingBank bank;
  service.set_adapter("behaviour.v1.billing", bank);
  EXPECT_EQ(post("/charged?amount=5", "").body, R"({"receipt":"5 EUR to shop"})");
}

// --- Answers ---

TEST_F(Behaviour, AnAnswerOfConstantsIsValidJson) {
  const ResponseText response = get("/fixed");
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(
      response.body,
      R"({"message":"a \"quoted\" line\n","x-count":3,"ratio":0.5,"ready":true,"none":null,"inner":{"list":["a","b"]}})");
}

// --- Routes ---

TEST_F(Behaviour, RoutesAnswerByPathAndMethod) {
  EXPECT_EQ(get("/files/a/b.txt").body, "a/b.txt");
  EXPECT_EQ(get("/files").body, "");
  EXPECT_EQ(get("/%66iles/a").body, "a") << "encoded, but the same path";
  EXPECT_EQ(post("/flow/v1/slugged", "").body, "by slug");
  EXPECT_FALSE(get("/hello/a/b").found);
  EXPECT_FALSE(get("/hello/").found);
  EXPECT_EQ(get("/hello/%zz").status, 400);
  const ResponseText other = service.send({.method = Method::kPut, .target = "/hello/x"});
  EXPECT_FALSE(other.found);
  EXPECT_EQ(other.allowed, flow::MethodSet::of(Method::kGet, Method::kHead));
  EXPECT_EQ(service.send({.method = Method::kHead, .target = "/hello/x"}).status, 200);
}

// --- Values ---

TEST(BehaviourTypes, ADesignatedInitialiserMayLeaveFieldsOut) {
  const behaviour::v1::Todo todo{.title = String("sleep")};
  EXPECT_EQ(todo.id, behaviour::v1::TodoId());
  EXPECT_FALSE(todo.done);
  EXPECT_EQ(todo.due, std::nullopt);
  const behaviour::v1::NewTodo draft{.class_ = String("chore")};
  EXPECT_EQ(draft.title, "");
  EXPECT_EQ(draft.effort, 1);
  EXPECT_TRUE(draft.tags.empty());
}

TEST(BehaviourPackage, SaysWhatItHas) {
  ASSERT_EQ(package().flows.size(), 16U);
  EXPECT_EQ(package().flows[0].path, "/hello/{name}");
  ASSERT_EQ(package().targets.size(), 2U);
  EXPECT_EQ(package().targets[0].adapter, "zerver.sql");
  EXPECT_EQ(package().targets[0].in_flight, 64U);
}

}  // namespace
}  // namespace zerver::testing
