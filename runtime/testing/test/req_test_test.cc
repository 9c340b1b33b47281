#include <zerver/flow/call/call.h>
#include <zerver/flow/call/defaults.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/testing/matchers.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <stdexcept>

namespace zerver::testing {
namespace {

// A package of one flow, that asks its one target for a number.
constexpr flow::CallSite kAsk{.step = "ask", .target = 0, .operation = 3};

flow::FlowTask run(flow::Exchange& exchange) {
  flow::JsonCall<std::int64_t> call(exchange, kAsk, nullptr);
  const Result<std::int64_t>& number = co_await call;
  if (!number) {
    flow::answer_fault(exchange, number.error());
    co_return;
  }
  flow::answer_header(exchange, "x-query", exchange.request.query);
  flow::answer_json(exchange, 200, *number);
}

flow::Handled handle(flow::Exchange& exchange, flow::RouteMatch& match) {
  match.found = exchange.request.path == "/";
  if (!match.found) return flow::Handled::kNow;
  return run(exchange).handled();
}

constexpr flow::TargetInfo kTargets[] = {{.name = "p.t", .adapter = "p.a", .configure = nullptr}};
constexpr flow::PackageInfo kPackage{.name = "p", .flows = {}, .targets = kTargets, .handle = handle};

TEST(ReqTest, RunsAFlow) {
  ReqTest service(kPackage);
  service.fake("p.t").answer("ask", FakeReply::json("42").after(Duration::from_milliseconds(5)));
  const ResponseText response = service.send({.target = "/?a=1"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "42");
  EXPECT_EQ(response.header("x-query"), "a=1");
  EXPECT_EQ(response.header("x-other"), "");
  ASSERT_EQ(service.fake("p.t").asked().size(), 1U);
  EXPECT_EQ(service.fake("p.t").asked()[0].operation, 3);
  EXPECT_EQ(service.loop().now(), TimePoint{5'000'000});
}

TEST(ReqTest, SaysWhenNoFlowIsThere) {
  ReqTest service(kPackage);
  EXPECT_FALSE(service.send({.target = "/other"}).found);
}

TEST(ReqTest, NamesTheStepThatTheTestSaysNothingAbout) {
  ReqTest service(kPackage);
  const ResponseText response = service.send({});
  EXPECT_THAT(response, IsProblem(500, "zerver.testing.Unscripted"));
  EXPECT_THAT(response, HasJson("detail", R"("p.t.ask")"));
  // The next request has nothing to do with it.
  service.fake("p.t").answer("ask", FakeReply::json("42"));
  EXPECT_EQ(service.send({}).status, 200);
}

// A flow that goes on without the result.
flow::FlowTask run_regardless(flow::Exchange& exchange) {
  flow::JsonCall<std::int64_t> call(exchange, kAsk, nullptr);
  const Result<std::int64_t>& number = co_await call;
  flow::answer_json(exchange, 200, number ? *number : 0);
}

TEST(ReqTest, LetsNoFlowPassThatMakesDoWithoutAnAnswer) {
  static constexpr flow::PackageInfo kRegardless{
      .name = "r",
      .flows = {},
      .targets = kTargets,
      .handle = [](flow::Exchange& exchange, flow::RouteMatch& match) {
        match.found = true;
        return run_regardless(exchange).handled();
      }};
  ReqTest service(kRegardless);
  EXPECT_THAT(service.send({}), IsProblem(500, "zerver.testing.Unscripted"));
  service.fake("p.t").answer("ask", FakeReply::fault(FaultKind::kMissing));
  EXPECT_EQ(service.send({}).status, 200);
}

TEST(ReqTest, TellsAFlowThatWaitsForEver) {
  static constexpr flow::PackageInfo kStuck{
      .name = "p", .flows = {}, .targets = {}, .handle = [](flow::Exchange&, flow::RouteMatch& match) {
        match.found = true;
        return flow::Handled::kLater;
      }};
  EXPECT_EQ(ReqTest(kStuck).send({}).status, 0);
}

// Neither the step's policy nor a deadline says how long.
TEST(ReqTest, EndsSilenceWithTheDefaultTimeout) {
  ReqTest service(kPackage);
  service.fake("p.t").answer("ask", FakeReply::silence());
  EXPECT_EQ(service.send({}).status, 500);
  EXPECT_EQ(service.loop().now(), TimePoint{} + flow::defaults::timeout_of("p.a"));
  EXPECT_EQ(service.in_flight("p.t").count(), 0U);
}

TEST(ReqTest, RefusesATypingMistakeInATargetsName) {
  ReqTest service(kPackage);
  EXPECT_THROW(service.fake("p.x"), std::invalid_argument);
}

TEST(ReqTest, RejectsAReplyThatIsNoJson) {
  ReqTest service(kPackage);
  service.fake("p.t").answer("ask", FakeReply::json("forty-two"));
  EXPECT_EQ(service.send({}).status, 500);
  EXPECT_NE(service.log().at(0).find(R"("kind":"invalid","why":"the JSON is not well-formed")"),
            std::string::npos)
      << service.log().at(0);
}

// An operation without a result.
flow::FlowTask run_quietly(flow::Exchange& exchange) {
  flow::ValueCall<void> call(exchange, kAsk, nullptr);
  const Result<void>& done = co_await call;
  if (!done) {
    flow::answer_fault(exchange, done.error());
    co_return;
  }
  flow::answer(exchange, 204);
}

TEST(ReqTest, RunsOperationsWithoutAResult) {
  static constexpr flow::PackageInfo kQuiet{.name = "q",
                                            .flows = {},
                                            .targets = kTargets,
                                            .handle = [](flow::Exchange& exchange, flow::RouteMatch& match) {
                                              match.found = true;
                                              return run_quietly(exchange).handled();
                                            }};
  ReqTest service(kQuiet);
  service.fake("p.t").answer("ask", FakeReply::nothing());
  service.fake("p.t").answer("ask", FakeReply::fault(FaultKind::kTimeout));
  EXPECT_EQ(service.send({}).status, 204);
  EXPECT_EQ(service.send({}).status, 500);
}

// Answers from within start().
class Immediate final : public flow::Adapter {
 public:
  void start(flow::Operation& operation) override {
    const std::string_view json = "7";
    operation.complete(&json);
  }
  void cancel(flow::Operation&) noexcept override {}
};

// Throws before it has answered, or behind that.
class Throwing final : public flow::Adapter {
 public:
  explicit Throwing(bool answers) noexcept : answers_(answers) {}
  void start(flow::Operation& operation) override {
    const std::string_view json = "7";
    if (answers_) operation.complete(&json);
    throw std::runtime_error("broken adapter");
  }
  void cancel(flow::Operation&) noexcept override {}

 private:
  bool answers_;
};

TEST(ReqTest, SurvivesAnAdapterThatThrows) {
  for (const bool answers : {false, true}) {
    Throwing throwing(answers);
    ReqTest service(kPackage);
    service.set_adapter("p.t", throwing);
    EXPECT_EQ(service.send({}).status, answers ? 200 : 500);
    EXPECT_EQ(service.log().front(), "broken adapter");
    EXPECT_EQ(service.in_flight("p.t").count(), 0U);
  }
}

TEST(ReqTest, TakesAnyAdapter) {
  Immediate immediate;
  ReqTest service(kPackage);
  service.set_adapter("p.t", immediate);
  service.begin({});
  EXPECT_TRUE(service.finished());
  EXPECT_EQ(service.take().body, "7");
}

TEST(ReqTest, HasAnArenaAsSmallAsItIsTold) {
  ReqTest service(kPackage, 1, {.arena_bytes = 64});
  EXPECT_THROW(service.begin({}), ArenaFull);
}

}  // namespace
}  // namespace zerver::testing
