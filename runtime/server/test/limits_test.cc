// What a client cannot make a server do: wait, or hold more than its limits.
#include "test_client.h"
#include "test_service.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace zerver::server {
namespace {

// Every timeout a minute but the one that the test is about.
Settings with_timeout(Duration Timeouts::* which) {
  Settings settings = TestService::one_worker();
  settings.timeouts = {Duration::from_seconds(60), Duration::from_seconds(60), Duration::from_seconds(60),
                       Duration::from_seconds(60), Duration::from_seconds(60)};
  settings.timeouts.*which = Duration::from_milliseconds(100);
  return settings;
}

TEST(Timeouts, EndAnIdleConnection) {
  TestService service(with_timeout(&Timeouts::idle));
  TestClient client(service.address());
  client.send(kPlaintext);
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  EXPECT_EQ(client.receive_all(), "");
}

TEST(Timeouts, EndASlowHeaderSection) {
  TestService service(with_timeout(&Timeouts::head));
  TestClient client(service.address());
  client.send("GET /plaintext HTTP/1.1\r\nHost:");
  const std::string answer = client.receive_all();
  EXPECT_EQ(status_of(answer), 408);
  EXPECT_EQ(field_of(answer, "Connection"), "close");
}

TEST(Timeouts, EndASlowBody) {
  TestService service(with_timeout(&Timeouts::body));
  TestClient client(service.address());
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(status_of(client.receive_all()), 408);
  TestClient chunked(service.address());
  chunked.send("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf");
  EXPECT_EQ(status_of(chunked.receive_all()), 408);
}

TEST(Timeouts, EndAClientThatTakesNoAnswers) {
  Settings settings = with_timeout(&Timeouts::write);
  settings.timeouts.idle = Duration::from_milliseconds(400);
  TestService service(settings);
  TestClient client(service.address());
  // More than any socket buffer holds: the server stops reading, and then writing.
  std::string requests;
  for (int i = 0; i < 40; ++i)
    requests += "GET /big HTTP/1.1\r\nHost: test\r\n\r\n";
  client.send(requests);
  // When the server has closed an idle connection, it has long closed the one that it cannot write to.
  TestClient next(service.address());
  next.send(kPlaintext);
  EXPECT_EQ(status_of(next.receive_answer()), 200);
  EXPECT_EQ(next.receive_all(), "");
  // What it has sent may still arrive, but not all of it, and then nothing.
  EXPECT_LT(client.receive_all().size(), 40 * kBigBody);
}

TEST(Timeouts, DoNotEndAFlowThatWaits) {
  TestService service(with_timeout(&Timeouts::idle));
  TestClient client(service.address());
  client.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
  service.gate().await_started(1);
  TestClient idle(service.address());
  EXPECT_EQ(idle.receive_all(), "");
  service.gate().open();
  EXPECT_EQ(body_of(client.receive_answer()), "waited");
}

TEST(Limits, HaveTheirOwnStatuses) {
  Settings settings = TestService::one_worker();
  settings.http.request_line = 100;
  settings.http.header_bytes = 200;
  settings.http.header_count = 4;
  settings.http.body = 50;
  TestService service(settings);
  const auto status = [&service](const std::string& request) {
    TestClient client(service.address());
    client.send(request);
    return status_of(client.receive_all());
  };
  const std::string host = " HTTP/1.1\r\nHost: test\r\n";
  EXPECT_EQ(status("GET /" + std::string(100, 'a') + host + "\r\n"), 414);
  EXPECT_EQ(status("GET /" + host + "A: " + std::string(200, 'a') + "\r\n\r\n"), 431);
  EXPECT_EQ(status("GET /" + host + "A:\r\nB:\r\nC:\r\nD:\r\n\r\n"), 431);
  EXPECT_EQ(status("POST /echo" + host + "Content-Length: 51\r\n\r\n"), 413);
  EXPECT_EQ(status("POST /echo" + host + "Transfer-Encoding: chunked\r\n\r\n33\r\n"), 413);
  EXPECT_EQ(status("GET /" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501);
  EXPECT_EQ(status("GET / HTTP/2.0\r\n\r\n"), 505);
}

TEST(Limits, RefuseALargeBodyThatIsAlreadyOnItsWay) {
  Settings settings = TestService::one_worker();
  settings.http.body = 1000;
  TestService service(settings);
  TestClient client(service.address());
  const std::string body(300'000, 'x');
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 300000\r\n\r\n" + body);
  EXPECT_EQ(status_of(client.receive_answer()), 413);
}

TEST(Limits, RefuseConnectionsAboveTheirNumber) {
  Settings settings = TestService::one_worker();
  settings.connections = 2;
  TestService service(settings);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<TestClient>(service.address()));
    clients.back()->send(kPlaintext);
    EXPECT_EQ(status_of(clients.back()->receive_answer()), 200);
  }
  TestClient refused(service.address());
  const std::string answer = refused.receive_all();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_EQ(field_of(answer, "Retry-After"), "1");
  // When one goes there is room for another, as soon as the server has seen it go.
  clients.front()->shut_down();
  EXPECT_EQ(clients.front()->receive_all(), "");
  TestClient next(service.address());
  next.send(kPlaintext);
  EXPECT_EQ(status_of(next.receive_answer()), 200);
}

TEST(Limits, BoundTheAnswersThatWait) {
  Settings settings = TestService::one_worker();
  settings.pipelined_output = 1000;
  TestService service(settings);
  TestClient client(service.address());
  std::string requests;
  for (int i = 0; i < 2000; ++i)
    requests += kPlaintext;
  client.send(requests);
  for (int i = 0; i < 2000; ++i)
    ASSERT_EQ(body_of(client.receive_answer()), "Hello, World!");
}

}  // namespace
}  // namespace zerver::server
