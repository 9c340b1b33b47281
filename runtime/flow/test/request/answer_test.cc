#include <zerver/core/random.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <stdexcept>

namespace zerver::flow {
namespace {

class Answers : public ::testing::Test {
 protected:
  struct Sent final : Exchange {
    explicit Sent(Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
  };

  // What becomes of an exception that leaves a step.
  template <class Throw> void caught(Throw&& throw_it) {
    try {
      throw_it();
    } catch (...) {
      answer_exception(exchange);
    }
  }

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker{{loop, loop.clock(), random, log}, {.arena_bytes = 4096}};
  Sent exchange{worker};
};

TEST_F(Answers, RefuseHeaderFieldsThatCouldEndEarly) {
  answer_header(exchange, "Location", "/a\tb");
  EXPECT_THROW(answer_header(exchange, "Location", "/a\r\nset-cookie: x"), std::invalid_argument);
  EXPECT_THROW(answer_header(exchange, "Location", "\x7F"), std::invalid_argument);
  for (std::size_t count = 1; count < Response::kMaxHeaders; ++count)
    answer_header(exchange, "x", "y");
  EXPECT_THROW(answer_header(exchange, "x", "y"), std::length_error);
}

TEST_F(Answers, ProblemsReplaceWhatWasBegun) {
  answer_header(exchange, "Location", "/a");
  exchange.body_buffer().append("begun");
  answer_problem(exchange, 404, "nothing here");
  EXPECT_TRUE(exchange.response.headers().empty());
  EXPECT_EQ(exchange.response.body,
            R"({"type":"about:blank","title":"Not Found","status":404,"detail":"nothing here"})");
}

TEST_F(Answers, ProblemsHaveTheirStatusesNames) {
  for (const auto& [status, title] : {std::pair<std::uint16_t, std::string>{400, "Bad Request"},
                                      {405, "Method Not Allowed"},
                                      {408, "Request Timeout"},
                                      {413, "Content Too Large"},
                                      {414, "URI Too Long"},
                                      {417, "Expectation Failed"},
                                      {431, "Request Header Fields Too Large"},
                                      {500, "Internal Server Error"},
                                      {501, "Not Implemented"},
                                      {503, "Service Unavailable"},
                                      {504, "Gateway Timeout"},
                                      {505, "HTTP Version Not Supported"},
                                      {599, "Error"}}) {
    answer_problem(exchange, status);
    EXPECT_NE(exchange.response.body.find("\"title\":\"" + title + "\""), std::string_view::npos);
  }
}

TEST_F(Answers, A401NamesTheScheme) {
  answer_problem(exchange, 401);
  ASSERT_EQ(exchange.response.headers().size(), 1U);
  EXPECT_EQ(exchange.response.headers()[0].name, "WWW-Authenticate");
  EXPECT_EQ(exchange.response.headers()[0].value, "Bearer");
}

TEST_F(Answers, ExceptionsAreForTheLogOnly) {
  exchange.enter_step("juggle");
  exchange.request.method_name = "GET";
  exchange.request.path = "/x";
  caught([] { throw std::runtime_error("dropped it"); });
  EXPECT_EQ(exchange.response.status, 500);
  EXPECT_NE(log.lines.back().find(R"("step":"juggle")"), std::string::npos) << log.lines.back();
  EXPECT_NE(log.lines.back().find(R"("why":"dropped it")"), std::string::npos) << log.lines.back();
  caught([] { throw 7; });
  EXPECT_EQ(exchange.response.status, 500);
  EXPECT_NE(log.lines.back().find(R"("why":"an exception that is no std::exception")"), std::string::npos)
      << log.lines.back();
}

TEST_F(Answers, AFullArenaIsAnsweredWith503) {
  caught([&] { exchange.arena().allocate(10'000); });
  EXPECT_EQ(exchange.response.status, 503);
  EXPECT_EQ(exchange.response.body, R"({"type":"about:blank","title":"Service Unavailable","status":503})");
  // And nothing is left even to say what else went wrong.
  while (exchange.arena().try_allocate(1, 1) != nullptr) {
  }
  caught([] { throw std::runtime_error("dropped it"); });
  EXPECT_EQ(exchange.response.status, 500);
  EXPECT_EQ(exchange.response.body, R"({"type":"about:blank","title":"Internal Server Error","status":500})");
}

TEST_F(Answers, AreForgottenByAReset) {
  answer(exchange, Answer{418, "text/plain", "short and stout"});
  EXPECT_EQ(exchange.response.status, 418);
  exchange.reset();
  EXPECT_EQ(exchange.response.status, 200);
  EXPECT_TRUE(exchange.response.body.empty());
  EXPECT_EQ(exchange.deadline(), TimePoint::never());
}

}  // namespace
}  // namespace zerver::flow
