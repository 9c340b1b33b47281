#include <zerver/core/random.h>
#include <zerver/flow/request/failure.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/trace/ring.h>
#include <zerver/trace/timeline.h>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace zerver::flow {
namespace {

constexpr std::array kSteps = {StepInfo{"load", {"shop.flow", 12}},
                               StepInfo{"auth.bearer", {"auth.flow", 3}}};
constexpr FlowInfo kShow{.name = "show",
                         .slug = "show",
                         .method = "GET",
                         .path = "/items/{id}",
                         .package = "shop",
                         .place = {"shop.flow", 30},
                         .steps = kSteps};

class Failures : public ::testing::Test {
 protected:
  struct Sent final : Exchange {
    explicit Sent(Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
  };

  void begin() {
    exchange.request.method_name = "GET";
    exchange.request.path = "/items/secret-of-mine";
    exchange.request.headers = {&parent, 1};
    exchange.set_arrival(loop.now());
    EXPECT_FALSE(exchange.begin(kShow));
    exchange.enter_step("load");
    loop.run_for(Duration::from_milliseconds(3));
  }

  const Header parent{"traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"};
  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker{
      {loop, loop.clock(), random, log},
      {.arena_bytes = 4096, .failure_lines = {.count = 1, .per = Duration::from_seconds(1), .burst = 2}}};
  Sent exchange{worker};
};

TEST_F(Failures, AreOneLineWithEverythingThatIsKnown) {
  begin();
  const FaultCause first{.step = "load",
                         .target = "shop.db",
                         .operation = "one",
                         .kind = FaultKind::kTimeout,
                         .attempt = 1,
                         .why = "no answer in time"};
  FaultCause second = first;
  second.kind = FaultKind::kUnavailable;
  second.attempt = 2;
  second.status = 502;
  second.why = "the \"other\" side";
  second.before = &first;
  Fault fault{second.kind, second.why, {}};
  fault.cause = &second;
  exchange.enter_step("auth.bearer");  // begins before the call of the other branch fails
  report_failure(exchange, {.status = 503, .error = "shop.Busy", .domain = "stock"}, fault);
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_EQ(
      log.lines[0],
      R"({"time":"1970-01-01T00:00:00.003000Z","event":"request-failed","status":503,"error":"shop.Busy",)"
      R"("domain":"stock","kind":"unavailable","why":"the \"other\" side","package":"shop","flow":"show",)"
      R"("method":"GET","route":"/items/{id}","flow_at":"shop.flow:30","step":"load","at":"shop.flow:12",)"
      R"("target":"shop.db","operation":"one","causes":[)"
      R"({"attempt":2,"kind":"unavailable","why":"the \"other\" side","status":502},)"
      R"({"attempt":1,"kind":"timeout","why":"no answer in time"}],)"
      R"("trace":"0123456789abcdef0123456789abcdef","elapsed_us":3000})");
}

TEST_F(Failures, OfTheClientAreNotLogged) {
  begin();
  report_failure(exchange, {.status = 404, .error = "shop.Missing", .domain = "shop"});
  EXPECT_TRUE(log.lines.empty());
  report_failure(exchange, {.status = 413, .why = "nobody has declared this"});
  EXPECT_EQ(log.lines.size(), 1U);
}

TEST_F(Failures, AreInTheTimelineWithTheirPlace) {
  trace::Ring ring;
  worker.set_trace(&ring);
  begin();
  report_failure(exchange, {.status = 404, .error = "shop.Missing", .domain = "shop"});
  EXPECT_EQ(trace::timeline(ring, exchange.trace_id()),
            "       0.000000 ms  #1  begin        show  GET\n"
            "       0.000000 ms  #1  step         load\n"
            "       3.000000 ms  #1  error        shop.Missing  404\n"
            "       3.000000 ms  #1  raised-at    shop.flow  line 12\n");
}

TEST_F(Failures, AreCountedWhenTheyAreTooManyForTheLog) {
  begin();
  for (int i = 0; i < 5; ++i)
    report_failure(exchange, {.status = 500});
  EXPECT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(worker.counters().unreported, 3U);
  loop.run_for(Duration::from_seconds(1));
  report_failure(exchange, {.status = 500});
  ASSERT_EQ(log.lines.size(), 3U);
  EXPECT_NE(log.lines[2].find(R"("unreported":3)"), std::string::npos);
}

TEST_F(Failures, SayWhichExceptionsAnExceptionWasMadeOf) {
  begin();
  std::uint16_t status = 0;
  try {
    try {
      throw std::out_of_range("row 7");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("the price list is broken"));
    }
  } catch (...) {
    status = report_exception(exchange);
  }
  EXPECT_EQ(status, 500);
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_NE(log.lines[0].find(R"("kind":"exception","why":"the price list is broken")"), std::string::npos);
  EXPECT_NE(log.lines[0].find(R"("causes":[{"kind":"exception","why":"row 7"}])"), std::string::npos);
}

TEST_F(Failures, OfARequestThatWasGivenUpAreSaidUnlessItsClientIsGone) {
  begin();
  answer_cancelled(exchange);
  EXPECT_EQ(exchange.response.status, 504);
  EXPECT_EQ(log.lines.size(), 1U);
  exchange.cancel();
  answer_cancelled(exchange);
  EXPECT_EQ(log.lines.size(), 1U);
}

}  // namespace
}  // namespace zerver::flow
