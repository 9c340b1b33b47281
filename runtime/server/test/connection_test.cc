// One connection, seen from the client's side of the socket.
#include "test_client.h"
#include "test_service.h"

#include <gtest/gtest.h>

#include <string>

namespace zerver::server {
namespace {

std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n";
}

TEST(Connection, AnswersRequestsOneAfterTheOther) {
  TestService service;
  TestClient client(service.address());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/plaintext"));
    const std::string answer = client.receive_answer();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), "Hello, World!");
    EXPECT_EQ(field_of(answer, "Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(field_of(answer, "Date").size(), 29U);
    EXPECT_EQ(field_of(answer, "Server"), "");
    EXPECT_EQ(field_of(answer, "Connection"), "");
  }
  client.send(get("/json"));
  EXPECT_EQ(body_of(client.receive_answer()), R"({"message":"Hello, World!"})");
}

TEST(Connection, SendsTheServerFieldWhenItIsSet) {
  Settings settings = TestService::one_worker();
  settings.server_field = "tests";
  TestService service(settings);
  TestClient client(service.address());
  client.send(get("/plaintext"));
  EXPECT_EQ(field_of(client.receive_answer(), "Server"), "tests");
}

TEST(Connection, TakesRequestsInAnyPieces) {
  TestService service;
  TestClient client(service.address());
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello";
  for (const char c : request)
    client.send({&c, 1});
  const std::string answer = client.receive_answer();
  EXPECT_EQ(body_of(answer), "hello");
  EXPECT_EQ(field_of(answer, "Content-Type"), "a/b");
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
  TestService service;
  TestClient client(service.address());
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    const std::string body = std::to_string(i);
    requests += "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body;
  }
  client.send(requests);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(body_of(client.receive_answer()), std::to_string(i));
}

TEST(Connection, KeepsTheOrderWhenAFlowWaits) {
  TestService service;
  TestClient client(service.address());
  client.send(get("/plaintext") + get("/wait") + get("/json") + get("/wait") + get("/plaintext"));
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
  service.gate().await_started(1);
  service.gate().open();
  EXPECT_EQ(body_of(client.receive_answer()), "waited");
  EXPECT_EQ(body_of(client.receive_answer()), R"({"message":"Hello, World!"})");
  service.gate().await_started(2);
  service.gate().open();
  EXPECT_EQ(body_of(client.receive_answer()), "waited");
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
}

TEST(Connection, TakesMoreRequestsWhileAFlowWaits) {
  Settings settings = TestService::one_worker();
  settings.timeouts.idle =
      Duration::from_milliseconds(200);  // ticks of 25 ms, at which it looks for the client
  TestService service(settings);
  TestClient client(service.address());
  client.send(get("/wait"));
  service.gate().await_started(1);
  client.send(get("/plaintext"));
  TestClient other(service.address());  // meanwhile the worker serves others, until it has closed an idle one
  EXPECT_EQ(other.receive_all(), "");
  service.gate().open();
  EXPECT_EQ(body_of(client.receive_answer()), "waited");
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
}

TEST(Connection, CancelsAFlowWhoseClientIsGone) {
  Settings settings = TestService::one_worker();
  settings.timeouts.idle = Duration::from_milliseconds(200);
  TestService service(settings);
  {
    TestClient client(service.address());
    client.send(get("/wait"));
    service.gate().await_started(1);
  }
  service.gate().await_cancelled(1);
  TestClient client(service.address());
  client.send(get("/wait"));
  service.gate().await_started(2);
  client.reset();
  service.gate().await_cancelled(2);
}

TEST(Connection, DecodesAndSendsChunks) {
  TestService service;
  TestClient client(service.address());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
      "world\r\n0\r\nA: b\r\n\r\n");
  EXPECT_EQ(body_of(client.receive_answer()), "hello world");
  client.send(
      "POST /fields HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nHost: "
      "evil\r\n\r\n");
  EXPECT_EQ(body_of(client.receive_answer()),
            "method=POST\npath=/fields\nquery=\nauthority=test\nclient=127.0.0.1\nX-Sum=1\n");
  client.send(get("/chunks"));
  EXPECT_EQ(body_of(client.receive_until("0\r\n\r\n")), "9\r\nin chunks\r\n0\r\n\r\n");
}

TEST(Connection, UnderstandsEveryFormOfTarget) {
  TestService service;
  TestClient client(service.address());
  client.send("GET http://other.example:81/fields?a=b HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(body_of(client.receive_answer()),
            "method=GET\npath=/fields\nquery=a=b\nauthority=other.example:81\nclient=127.0.0.1\n");
  client.send("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n");
  const std::string options = client.receive_answer();
  EXPECT_EQ(status_of(options), 204);
  EXPECT_EQ(field_of(options, "Allow"), "GET, HEAD, DELETE, OPTIONS");
  client.send("CONNECT other.example:443 HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_all()), 501);
}

TEST(Connection, AnswersContinueBeforeTheBody) {
  TestService service;
  TestClient client(service.address());
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  EXPECT_EQ(body_of(client.receive_answer()), "ab");
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: magic\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_all()), 417);
}

TEST(Connection, SendsNoBodyToHead) {
  TestService service;
  TestClient client(service.address());
  client.send("HEAD /plaintext HTTP/1.1\r\nHost: test\r\n\r\n" + get("/plaintext"));
  const std::string head = client.receive_until("\r\n\r\n");
  EXPECT_EQ(field_of(head, "Content-Length"), "13");
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
  client.send("HEAD /big HTTP/1.1\r\nHost: test\r\n\r\n" + get("/plaintext"));
  EXPECT_EQ(field_of(client.receive_until("\r\n\r\n"), "Content-Length"), std::to_string(kBigBody));
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
}

TEST(Connection, IsKeptOrClosedAsAsked) {
  TestService service;
  TestClient kept(service.address());
  kept.send("GET /plaintext HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(field_of(kept.receive_answer(), "Connection"), "keep-alive");
  kept.send("GET /plaintext HTTP/1.0\r\n\r\n");
  const std::string last = kept.receive_all();
  EXPECT_EQ(field_of(last, "Connection"), "close");
  EXPECT_EQ(body_of(last), "Hello, World!");

  TestClient asking(service.address());
  asking.send(get("/plaintext", "Connection: close\r\n") + get("/json"));
  EXPECT_EQ(body_of(asking.receive_all()), "Hello, World!");

  TestClient told(service.address());
  told.send(get("/close"));
  const std::string bye = told.receive_all();
  EXPECT_EQ(field_of(bye, "Connection"), "close");
  EXPECT_EQ(body_of(bye), "bye");
}

TEST(Connection, AnswersAndClosesWhatIsMalformed) {
  TestService service;
  for (const char* request : {"GET / HTTP/1.1\r\n\r\n", "GET /\r\n\r\n", "\x16\x03\x01",
                              "GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n"}) {
    TestClient client(service.address());
    client.send(get("/plaintext") + request + get("/plaintext"));
    EXPECT_EQ(status_of(client.receive_answer()), 200);
    const std::string answer = client.receive_all();
    EXPECT_EQ(status_of(answer), 400) << request;
    EXPECT_EQ(field_of(answer, "Connection"), "close");
    EXPECT_EQ(field_of(answer, "Content-Type"), "application/problem+json");
    EXPECT_NE(body_of(answer).find("\"status\":400"), std::string_view::npos) << answer;
  }
}

TEST(Connection, SendsLargeBodiesWhole) {
  TestService service;
  TestClient client(service.address());
  client.send(get("/big") + get("/plaintext") + get("/big"));
  EXPECT_EQ(body_of(client.receive_answer()), std::string(kBigBody, 'x'));
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
  EXPECT_EQ(body_of(client.receive_answer()), std::string(kBigBody, 'x'));
}

TEST(Connection, EchoesALargeBody) {
  TestService service;
  TestClient client(service.address());
  std::string body;
  while (body.size() < 1'000'000)
    body += std::to_string(body.size()) + ' ';
  client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  EXPECT_EQ(body_of(client.receive_answer()), body);
  client.send(get("/plaintext"));
  EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
}

TEST(Connection, AnswersABrokenResponseWithAProblem) {
  TestService service;
  TestClient client(service.address());
  client.send(get("/broken"));
  const std::string answer = client.receive_answer();
  EXPECT_EQ(status_of(answer), 500);
  EXPECT_EQ(answer.find("Injected"), std::string::npos);
  EXPECT_EQ(service.log().lines().size(), 1U);
}

TEST(Connection, EndsQuietlyWhenTheClientDoes) {
  TestService service;
  TestClient client(service.address());
  client.send("GET /plain");
  client.shut_down();
  EXPECT_EQ(client.receive_all(), "");
  TestClient reset(service.address());
  reset.send("GET /plain");
  reset.reset();
  TestClient next(service.address());
  next.send(get("/plaintext"));
  EXPECT_EQ(status_of(next.receive_answer()), 200);
}

TEST(Routing, AnswersWhatNoFlowIsFor) {
  TestService service;
  TestClient client(service.address());
  client.send(get("/nothing"));
  EXPECT_EQ(status_of(client.receive_answer()), 404);
  client.send("POST /plaintext HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
  const std::string not_allowed = client.receive_answer();
  EXPECT_EQ(status_of(not_allowed), 405);
  EXPECT_EQ(field_of(not_allowed, "Allow"), "GET, HEAD, OPTIONS");
  client.send("PURGE /thing HTTP/1.1\r\nHost: test\r\n\r\n");
  const std::string unknown = client.receive_answer();
  EXPECT_EQ(status_of(unknown), 405);
  EXPECT_EQ(field_of(unknown, "Allow"), "DELETE, OPTIONS");
  client.send("OPTIONS /plaintext HTTP/1.1\r\nHost: test\r\n\r\n");
  const std::string options = client.receive_answer();
  EXPECT_EQ(status_of(options), 204);
  EXPECT_EQ(field_of(options, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(field_of(options, "Content-Length"), "");
  client.send("DELETE /thing HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 204);
}

}  // namespace
}  // namespace zerver::server
