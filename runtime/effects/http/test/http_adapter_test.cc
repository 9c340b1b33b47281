// What is sent, what is made of answers, and which connections are used again.
#include "http_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

namespace zerver::effects {
namespace {

using namespace std::string_literals;
using test::Peer;
using test::ScriptedServer;

// Keeps every request, and answers each with the same.
class Recorder {
 public:
  explicit Recorder(std::string response)
      : server_([this, text = std::move(response)](Peer& peer) {
          for (;;) {
            const std::string head = read_head(peer);
            if (head.empty()) return;
            const std::string body = peer.read(length_of(head));
            {
              const std::lock_guard lock(mutex_);
              requests_.push_back(head + body);
            }
            if (!peer.write(text)) return;
          }
        }) {}

  std::string url() const { return local(server_.port()); }
  int connections() const { return server_.accepted(); }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string last() const { return requests().empty() ? std::string() : requests().back(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  ScriptedServer server_;
};

TEST(Http, GetsJsonOverOneConnection) {
  const Recorder server(answer("200 OK", R"({"a":1})"));
  const auto target = open_target(server.url() + "/base/");
  for (int i = 0; i < 3; ++i) {
    const auto performed = target->perform(get("/x"));
    ASSERT_TRUE(*performed) << performed->why();
    EXPECT_EQ(performed->value(), R"({"a":1})");
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_TRUE(server.last().starts_with("GET /base/x HTTP/1.1\r\nHost: 127.0.0.1:")) << server.last();
  EXPECT_NE(server.last().find("\r\nAccept: application/json\r\n"), std::string::npos);
  EXPECT_NE(server.last().find("\r\ntraceparent: 00-"), std::string::npos);
  EXPECT_NE(server.last().find("\r\nZerver-Timeout-Ms: "), std::string::npos);
  EXPECT_EQ(server.last().find("Content-Length"), std::string::npos);
  EXPECT_EQ(target->system().pool()->idle, 1U);
  EXPECT_EQ(target->system().health().state, Health::State::kUp);
}

TEST(Http, SendsBodiesKeysFieldsAndQueries) {
  const Recorder server(answer("200 OK", "7"));
  const auto target = open_target(server.url(), {{"bearer", "s3cret"}});
  const std::array<Map<String>::Entry, 2> headers = {{{"X-Tenant", "a"}, {"Accept", "text/plain"}}};
  const HttpAdapter::PostArguments post{
      .path = "/holds", .body = Json::borrowed(R"({"cents":5})"), .headers = Map<String>::borrowed(headers)};
  ASSERT_TRUE(*target->perform(post, {.key = "k-1"}));
  for (const std::string_view part :
       {"POST /holds HTTP/1.1\r\n", "\r\nContent-Type: application/json\r\nContent-Length: 11\r\n",
        "\r\nIdempotency-Key: k-1\r\n", "\r\nX-Tenant: a\r\n", "\r\nAccept: text/plain\r\n",
        "\r\nAuthorization: Bearer s3cret\r\n", "\r\n\r\n{\"cents\":5}"})
    EXPECT_NE(server.last().find(part), std::string::npos) << part << " in " << server.last();

  const std::array<Map<String>::Entry, 2> query = {{{"a b", "c&d=e"}, {"f", "\xc3\xa4/?"}}};
  const HttpAdapter::GetArguments find{
      .path = "/find?x=1", .query = Map<String>::borrowed(query), .headers = {}};
  ASSERT_TRUE(*target->perform(find));
  EXPECT_TRUE(server.last().starts_with("GET /find?x=1&a%20b=c%26d%3De&f=%C3%A4%2F%3F HTTP/1.1\r\n"))
      << server.last();
}

TEST(Http, KnowsAllForms) {
  const Recorder server(answer("203 Fine", "caf\xc3\xa9", "X-A: 1\r\nx-b: 2\r\nX-a: 3\r\n"));
  const auto target = open_target(server.url());
  const auto text = target->perform(HttpAdapter::GetTextArguments{.path = "/", .query = {}, .headers = {}});
  ASSERT_TRUE(*text);
  EXPECT_EQ(text->value(), "caf\xc3\xa9");
  const auto bytes = target->perform(HttpAdapter::PutBytesArguments{
      .path = "/", .body = Bytes::borrowed("\x01\x02"), .type = "a/b", .headers = {}});
  ASSERT_TRUE(*bytes);
  EXPECT_TRUE(server.last().ends_with("\r\n\r\n\x01\x02"));
  const auto whole = target->perform(HttpAdapter::FetchArguments{.path = "/", .query = {}, .headers = {}});
  ASSERT_TRUE(*whole);
  EXPECT_EQ(whole->value().status, 203U);
  ASSERT_NE(whole->value().headers.find("x-a"), nullptr);
  EXPECT_EQ(*whole->value().headers.find("x-a"), "1, 3");
  EXPECT_EQ(whole->value().body.view(), "caf\xc3\xa9");
  const auto sent = target->perform(
      HttpAdapter::SendArguments{.method = "PURGE", .path = "/", .body = {}, .type = {}, .headers = {}});
  ASSERT_TRUE(*sent);
  EXPECT_TRUE(server.last().starts_with("PURGE / HTTP/1.1\r\n"));
  ASSERT_TRUE(*target->perform(HttpAdapter::DeleteArguments{.path = "/", .headers = {}}));
}

TEST(Http, MakesFaultsOfStatuses) {
  const Recorder server(answer("429 Slow Down", R"({"detail":"later\n"})",
                               "Content-Type: application/problem+json\r\nRetry-After: 7\r\n"));
  const auto target = open_target(server.url());
  const auto performed = target->perform(get("/"));
  EXPECT_EQ(performed->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(performed->status(), 429);
  EXPECT_EQ(performed->retry_after(), Duration::from_seconds(7));
  EXPECT_EQ(performed->why(), "later ");
  EXPECT_FALSE(*target->perform(get("/")));
  EXPECT_EQ(server.connections(), 1);
}

TEST(Http, NeverSendsWhatWouldBeUnderstoodAsSomethingElse) {
  const Recorder server(answer("200 OK", "1"));
  const auto target = open_target(server.url() + "/base");
  for (const std::string_view path :
       {"/a b", "/a\r\nX: y", "/..", "/a/../../b", "/%2e%2e/b", "/a#b", "/\x01", "/%zz", "../x", " @evil/"})
    EXPECT_EQ(target->perform(get(path))->fault(), FaultKind::kInvalid) << path;
  const std::array<std::pair<std::string_view, std::string_view>, 6> fields = {
      {{"X", "a\r\nY: b"},
       {"X\r\n", "a"},
       {"Host", "evil"},
       {"Content-Length", "0"},
       {"Transfer-Encoding", "chunked"},
       {"traceparent", "x"}}};
  for (const auto& [name, value] : fields) {
    const std::array<Map<String>::Entry, 1> headers = {{{String::borrowed(name), String::borrowed(value)}}};
    auto arguments = get("/");
    arguments.headers = Map<String>::borrowed(headers);
    EXPECT_EQ(target->perform(arguments)->fault(), FaultKind::kInvalid) << name;
  }
  EXPECT_EQ(target->perform(get("/"), {.key = "a\r\nX: y"})->fault(), FaultKind::kInvalid);
  const auto method = target->perform(HttpAdapter::SendArguments{
      .method = "GET / HTTP/1.1\r\nX:", .path = "/", .body = {}, .type = {}, .headers = {}});
  EXPECT_EQ(method->fault(), FaultKind::kInvalid);
  EXPECT_EQ(server.requests().size(), 0U);
  // What is no path becomes one below the base.
  EXPECT_TRUE(*target->perform(get("@evil/x")));
  EXPECT_TRUE(server.last().starts_with("GET /base/@evil/x HTTP/1.1\r\n"));
}

// --- Connections ---

TEST(Http, RepeatsOnAFreshConnectionWhatAStaleOneHasNotTaken) {
  std::atomic<int> requests = 0;
  const ScriptedServer server([&](Peer& peer) {
    if (read_head(peer).empty()) return;
    ++requests;
    peer.write(answer("200 OK", "1"));
    // The next one is read and never answered.
    read_head(peer);
  });
  const auto target = open_target(local(server.port()));
  ASSERT_TRUE(*target->perform(get("/")));
  EXPECT_TRUE(*target->perform(get("/")));
  EXPECT_EQ(requests, 2);
  // A write that may have arrived is not repeated.
  const HttpAdapter::PostArguments post{.path = "/", .body = Json::borrowed("1"), .headers = {}};
  EXPECT_EQ(target->perform(post)->fault(), FaultKind::kUnavailable);
  ASSERT_TRUE(*target->perform(get("/")));
  EXPECT_TRUE(*target->perform(post, {.key = "k"}));
}

TEST(Http, DoesNotUseConnectionsAgainThatAreNotClean) {
  for (const std::string& response :
       {answer("200 OK", "1", "Connection: close\r\n"), answer("200 OK", "1") + "more",
        "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1"s}) {
    const Recorder server(response);
    const auto target = open_target(server.url());
    ASSERT_TRUE(*target->perform(get("/")));
    ASSERT_TRUE(*target->perform(get("/")));
    EXPECT_EQ(server.connections(), 2) << response;
  }
}

TEST(Http, WaitsForAConnectionInOrder) {
  const Recorder server(answer("200 OK", "1"));
  const auto target = open_target(server.url(), {}, 2);
  std::vector<std::unique_ptr<testing::Performed<HttpAdapter::GetArguments>>> started;
  for (int i = 0; i < 50; ++i)
    started.push_back(target->start(get("/")));
  // Those that are cancelled leave the line.
  started[20]->cancel();
  started[49]->cancel();
  ASSERT_TRUE(target->run_until(
      [&] { return std::ranges::all_of(started, [](const auto& each) { return each->ended(); }); }));
  for (std::size_t i = 0; i < started.size(); ++i)
    EXPECT_EQ(started[i]->ok(), i != 20 && i != 49) << i;
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(target->system().pool()->waiting, 0U);
}

// Where there are several, the answer is looked for in the next turn.
TEST(Http, IsCancelledBeforeItsAnswerIsLookedFor) {
  const Recorder server(answer("200 OK", "1"));
  const auto target = open_target(server.url());
  const auto three_at_once = [&](bool cancels) {
    std::vector<std::unique_ptr<testing::Performed<HttpAdapter::GetArguments>>> started;
    for (int i = 0; i < 3; ++i)
      started.push_back(target->start(get("/")));
    if (cancels) started[1]->cancel();
    EXPECT_TRUE(target->run_until(
        [&] { return std::ranges::all_of(started, [](const auto& each) { return each->ended(); }); }));
    return started;
  };
  three_at_once(false);  // connections are there
  for (int i = 0; i < 20; ++i) {
    const auto calls = three_at_once(true);
    EXPECT_TRUE(calls[0]->ok());
    EXPECT_FALSE(calls[1]->ok());
    EXPECT_TRUE(calls[2]->ok());
  }
  EXPECT_TRUE(*target->perform(get("/")));
  EXPECT_EQ(target->system().pool()->waiting, 0U);
}

TEST(Http, IsCancelledAtEveryPoint) {
  const std::string response = answer("200 OK", R"({"a":1})");
  std::atomic<std::size_t> size = 0;
  std::atomic<std::size_t> sent = 0;
  const ScriptedServer server([&](Peer& peer) {
    if (read_head(peer).empty()) return;
    peer.write(std::string_view(response).substr(0, size));
    ++sent;
    peer.read_some();
  });
  const auto target = open_target(local(server.port()));
  for (; size < response.size(); ++size) {
    const std::size_t before = sent;
    const auto started = target->start(get("/"));
    // What the server does wakes nobody here.
    while (sent == before)
      target->run_until([&] { return sent != before; }, Duration::from_milliseconds(2));
    started->cancel();
    EXPECT_EQ(target->system().pool()->open, 0U);
    EXPECT_EQ(target->system().pool()->waiting, 0U);
  }
  const auto closed = open_target("http://127.0.0.1:1");
  closed->start(get("/"))->cancel();
  EXPECT_EQ(closed->perform(get("/"))->fault(), FaultKind::kUnavailable);
}

TEST(Http, EndsWithAFaultWhenTheAnswerIsNone) {
  for (const std::string& response :
       {"garbage\r\n\r\n"s, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12"s,
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"s,
        answer("200 OK", std::string(2000, ' ')), ""s}) {
    const ScriptedServer server([&](Peer& peer) {
      read_head(peer);
      peer.write(response);
    });
    const auto target = open_target(local(server.port()), {{"max_body", "1000"}});
    EXPECT_EQ(target->perform(get("/"))->fault(), FaultKind::kUnavailable) << response;
  }
}

TEST(Http, TakesAnAnswerThatComesBeforeTheBodyIsSent) {
  const ScriptedServer server([](Peer& peer) {
    read_head(peer);
    peer.write(answer("413 Too Large", ""));
    peer.read_to_the_end();
  });
  const auto target = open_target(local(server.port()));
  const std::string body(std::size_t{16} << 20, 'x');
  const auto performed = target->perform(HttpAdapter::PostBytesArguments{
      .path = "/", .body = Bytes::borrowed(body), .type = "application/octet-stream", .headers = {}});
  EXPECT_EQ(performed->status(), 413);
  EXPECT_EQ(target->system().pool()->open, 0U);
}

// --- Redirects and proxies ---

TEST(Http, FollowsRedirectsOnlyWhenAskedTo) {
  const Recorder last(answer("200 OK", "1"));
  const Recorder first("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + last.url() + "/b?c\r\n\r\n");
  const auto closed = open_target(first.url());
  EXPECT_EQ(closed->perform(get("/"))->status(), 302);
  const auto whole = closed->perform(HttpAdapter::FetchArguments{.path = "/", .query = {}, .headers = {}});
  ASSERT_TRUE(*whole);
  EXPECT_EQ(whole->value().status, 302U);

  const auto target = open_target(first.url(), {{"redirects", "1"}, {"bearer", "s3cret"}});
  const std::array<Map<String>::Entry, 1> headers = {{{"Cookie", "a=b"}}};
  auto arguments = get("/");
  arguments.headers = Map<String>::borrowed(headers);
  ASSERT_TRUE(*target->perform(arguments));
  EXPECT_TRUE(last.last().starts_with("GET /b?c HTTP/1.1\r\n"));
  EXPECT_NE(first.last().find("Authorization"), std::string::npos);
  EXPECT_EQ(last.last().find("Authorization"), std::string::npos) << last.last();
  EXPECT_EQ(last.last().find("Cookie"), std::string::npos);
  // A POST becomes a GET.
  const HttpAdapter::PostArguments post{.path = "/", .body = Json::borrowed("1"), .headers = {}};
  ASSERT_TRUE(*target->perform(post));
  EXPECT_TRUE(last.last().starts_with("GET /b?c HTTP/1.1\r\n"));
}

TEST(Http, StopsInACircleAndKeepsBodiesAtHome) {
  const Recorder circle("HTTP/1.1 307 Again\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n");
  const auto target = open_target(circle.url(), {{"redirects", "3"}});
  const HttpAdapter::PostArguments post{.path = "/", .body = Json::borrowed("[1]"), .headers = {}};
  EXPECT_EQ(target->perform(post)->status(), 307);
  EXPECT_EQ(circle.requests().size(), 4U);
  EXPECT_TRUE(circle.last().starts_with("POST /again HTTP/1.1\r\n") &&
              circle.last().ends_with("\r\n\r\n[1]"));

  const Recorder away("HTTP/1.1 308 Away\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
  const auto other = open_target(away.url(), {{"redirects", "3"}});
  EXPECT_EQ(other->perform(post)->status(), 308);
}

TEST(Http, AsksAProxyForWholeUrls) {
  const Recorder proxy(answer("200 OK", "1"));
  const auto target =
      open_target("http://no.such.host.invalid/x", {{"proxy", "http://u:p@" + proxy.url().substr(7)}});
  const auto performed = target->perform(get("/y"));
  ASSERT_TRUE(*performed) << performed->why();
  EXPECT_TRUE(proxy.last().starts_with(
      "GET http://no.such.host.invalid/x/y HTTP/1.1\r\nHost: no.such.host.invalid\r\n"))
      << proxy.last();
  EXPECT_NE(proxy.last().find("\r\nProxy-Authorization: Basic dTpw\r\n"), std::string::npos);
}

TEST(Http, AsksAProxyToConnectForHttps) {
  const Recorder proxy(answer("403 Forbidden", ""));
  const auto target = open_target("https://no.such.host.invalid", {{"proxy", proxy.url()}});
  EXPECT_EQ(target->perform(get("/y"))->fault(), FaultKind::kUnavailable);
  EXPECT_TRUE(proxy.last().starts_with("CONNECT no.such.host.invalid:443 HTTP/1.1\r\n")) << proxy.last();
  EXPECT_EQ(proxy.last().find("/y"), std::string::npos);
}

TEST(Http, SaysWhatIsWrongWithATarget) {
  EXPECT_NE(open_target("ftp://a")->error(), "");
  EXPECT_NE(open_target("http://user:secret@a")->error(), "");
  EXPECT_EQ(open_target("http://user:secret@a")->error().find("secret"), std::string::npos);
  EXPECT_NE(open_target("http://a", {{"http2", "maybe"}})->error(), "");
  EXPECT_NE(open_target("http://a", {{"proxy", "socks://x"}})->error(), "");
  EXPECT_NE(open_target("https://a", {{"ca", "/does/not/exist"}})->error(), "");
  EXPECT_NE(open_target("http://a", {{"bearer", "a\nb"}})->error(), "");
  EXPECT_EQ(open_target("http://a:81/b/")->system().describe(), "http://a:81/b");
}

}  // namespace
}  // namespace zerver::effects
