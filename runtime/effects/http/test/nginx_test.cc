// The adapter `http` and nginx: the same promises for HTTP/1.1, HTTP/2, and HTTP/2 over TLS.
#include "http_fixture.h"
#include "tests/support/servers/nginx_server.h"

#include <gtest/gtest.h>

namespace zerver::effects {
namespace {

struct NginxProtocol {
  const char* name;
  std::string (test::NginxServer::*url)() const;
  Arguments arguments;
  const char* version;
};

class Nginx : public ::testing::TestWithParam<NginxProtocol> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<test::NginxServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  std::unique_ptr<testing::AdapterHarness> open(std::uint32_t pool = 0) const {
    Arguments arguments = GetParam().arguments;
    arguments.emplace_back("ca", server_->ca_file());
    return open_target((server_.get()->*GetParam().url)(), arguments, pool);
  }

  static std::unique_ptr<test::NginxServer> server_;
};
std::unique_ptr<test::NginxServer> Nginx::server_;

TEST_P(Nginx, AnswersManyRequestsOneBehindTheOther) {
  const auto target = open();
  for (int i = 0; i < 50; ++i) {
    const auto performed = target->perform(get("/version"));
    ASSERT_TRUE(*performed) << i << ": " << performed->why();
    EXPECT_EQ(performed->value(), std::string("\"") + GetParam().version + "\"");
  }
  EXPECT_LE(target->system().pool()->open, 1U);
}

TEST_P(Nginx, AnswersManyRequestsSideBySide) {
  const auto target = open(4);
  std::vector<std::unique_ptr<testing::Performed<HttpAdapter::GetTextArguments>>> started;
  for (int i = 0; i < 60; ++i)
    started.push_back(
        target->start(HttpAdapter::GetTextArguments{.path = "/text", .query = {}, .headers = {}}));
  for (std::size_t i = 0; i < started.size(); i += 7)
    started[i]->cancel();
  ASSERT_TRUE(target->run_until(
      [&] { return std::ranges::all_of(started, [](const auto& each) { return each->ended(); }); }));
  for (std::size_t i = 0; i < started.size(); ++i) {
    if (i % 7 == 0) continue;
    ASSERT_TRUE(*started[i]) << i << ": " << started[i]->why();
    EXPECT_EQ(started[i]->value().size(), 200'000U);
    EXPECT_TRUE(started[i]->value().view().starts_with("line 0\n"));
  }
  EXPECT_LE(target->system().pool()->open, 4U);
  EXPECT_EQ(target->system().pool()->waiting, 0U);
}

TEST_P(Nginx, SaysWhatWentWrong) {
  const auto target = open();
  const auto missing = target->perform(get("/nowhere"));
  EXPECT_EQ(missing->fault(), FaultKind::kMissing);
  EXPECT_EQ(missing->status(), 404);
  EXPECT_EQ(missing->why(), "it answered with 404 Not Found");
  const auto busy = target->perform(get("/busy"));
  EXPECT_EQ(busy->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(busy->retry_after(), Duration::from_seconds(3));
  // nginx takes no POST for files; the body is sent all the same.
  const std::string body(300'000, 'x');
  const auto posted = target->perform(HttpAdapter::PostBytesArguments{
      .path = "/text", .body = Bytes::borrowed(body), .type = "text/plain", .headers = {}});
  EXPECT_EQ(posted->status(), 405) << posted->why();
  EXPECT_TRUE(*target->perform(get("/version")));
}

TEST_P(Nginx, TellsHeadsAndWholeAnswers) {
  const auto target = open();
  const auto head = target->perform(HttpAdapter::HeadArguments{.path = "/text", .query = {}, .headers = {}});
  ASSERT_TRUE(*head) << head->why();
  EXPECT_EQ(head->value().status, 200U);
  EXPECT_TRUE(head->value().body.empty());
  ASSERT_NE(head->value().headers.find("server"), nullptr);
}

TEST_P(Nginx, IsNotBlownUpByASmallAnswer) {
  const auto target = open();
  const auto zeros =
      target->perform(HttpAdapter::GetBytesArguments{.path = "/zeros", .query = {}, .headers = {}});
  EXPECT_EQ(zeros->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(zeros->why(), "its answer is too large when it is decoded");
}

INSTANTIATE_TEST_SUITE_P(
    Each, Nginx,
    ::testing::Values(NginxProtocol{"Http1", &test::NginxServer::http1, {}, "HTTP/1.1"},
                      NginxProtocol{"Http2", &test::NginxServer::http2, {{"http2", "always"}}, "HTTP/2.0"},
                      NginxProtocol{"Tls", &test::NginxServer::https, {}, "HTTP/2.0"},
                      NginxProtocol{"TlsHttp1", &test::NginxServer::https, {{"http2", "never"}}, "HTTP/1.1"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(NginxTls, IsNotTrustedWithoutItsCertificate) {
  const test::NginxServer server;
  const auto target = open_target(server.https());
  const auto performed = target->perform(get("/version"));
  EXPECT_EQ(performed->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(target->system().health().state, Health::State::kDegraded);
  const Health asked = target->probe();
  EXPECT_EQ(asked.state, Health::State::kDown);
  EXPECT_FALSE(asked.why.empty());
  EXPECT_EQ(open_target(server.https(), {{"ca", server.ca_file()}})->probe().state, Health::State::kUp);
}

}  // namespace
}  // namespace zerver::effects
