#include "metrics/metrics_service.h"

#include "runtime/server/test/test_client.h"
#include "runtime/server/test/test_service.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace zerver::server {
namespace {

class MetricsServiceTest : public ::testing::Test {
 protected:
  void serve(MetricsService::Write write) {
    service_.emplace(clock_, log_, std::move(write));
    ASSERT_EQ(service_->open("127.0.0.1:0"), "");
    service_->start();
  }
  ~MetricsServiceTest() override {
    if (service_) service_->stop();
  }
  std::string answer_to(const std::string& head) {
    TestClient client(service_->address());
    client.send(head + "Host: x\r\nConnection: close\r\n\r\n");
    return client.receive_all();
  }

  SystemClock clock_;
  RecordingLog log_;
  std::optional<MetricsService> service_;
};

TEST_F(MetricsServiceTest, ServesThePageInTheFormatThatIsAskedFor) {
  serve([](OutputBuffer& out, ExpositionFormat format) {
    out.append(format == ExpositionFormat::kText ? "as text\n" : "as OpenMetrics\n");
  });
  const std::string text = answer_to("GET /metrics HTTP/1.1\r\n");
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text;
  EXPECT_NE(text.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos)
      << text;
  EXPECT_TRUE(text.ends_with("\r\n\r\nas text\n")) << text;
  const std::string other =
      answer_to("GET /metrics?name=x HTTP/1.1\r\nAccept: application/openmetrics-text\r\n");
  EXPECT_NE(other.find("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
            std::string::npos)
      << other;
  EXPECT_TRUE(other.ends_with("\r\n\r\nas OpenMetrics\n")) << other;
}

TEST_F(MetricsServiceTest, ServesNothingElse) {
  serve([](OutputBuffer& out, ExpositionFormat) { out.append("x\n"); });
  EXPECT_TRUE(answer_to("GET / HTTP/1.1\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(answer_to("DELETE /metrics HTTP/1.1\r\n").starts_with("HTTP/1.1 405 "));
  const std::string head = answer_to("HEAD /metrics HTTP/1.1\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

TEST_F(MetricsServiceTest, APageThatCannotBeMadeIsAFailureOfItsOwn) {
  serve([](OutputBuffer&, ExpositionFormat) { throw std::runtime_error("no figures"); });
  EXPECT_TRUE(answer_to("GET /metrics HTTP/1.1\r\n").starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(answer_to("GET /metrics HTTP/1.1\r\n").starts_with("HTTP/1.1 500 "));
}

TEST_F(MetricsServiceTest, AnAddressThatIsInUseIsSaid) {
  serve([](OutputBuffer&, ExpositionFormat) {});
  MetricsService second(clock_, log_, [](OutputBuffer&, ExpositionFormat) {});
  EXPECT_TRUE(second.open(service_->address()).starts_with("cannot listen on " + service_->address() + ": "));
}

// The figures that the page is made of, of a server that others use.
TEST(AnswerMetrics, CountWhatClientsGet) {
  Settings settings = TestService::one_worker();
  settings.metrics = "127.0.0.1:0";
  TestService service(settings);
  TestClient client(service.address());
  client.send("GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  EXPECT_EQ(status_of(client.receive_answer()), 404);
  client.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 500);
  client.send("GET / HTTP/9.9\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 505);
  // The package of the test does not say which flow it runs.
  EXPECT_EQ(service.server().answer_stats().unrouted, (StatusSums{{200, 1}, {404, 1}, {500, 1}, {505, 1}}));
}

TEST(AnswerMetrics, AreNotCountedForNobody) {
  TestService service;
  TestClient client(service.address());
  client.send("GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  EXPECT_TRUE(service.server().answer_stats().unrouted.empty());
  EXPECT_TRUE(service.server().answer_stats().flows.empty());
}

}  // namespace
}  // namespace zerver::server
