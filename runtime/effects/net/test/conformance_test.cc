// What `tcp` and `websocket` promise, over every way to a server: TCP, a Unix socket, and in memory on
// virtual time.
#include "runtime/effects/net/test/peers.h"
#include "runtime/effects/net/test/sessions.h"
#include "tests/support/child_process.h"
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace zerver::effects::net {
namespace {

using testing::AdapterHarness;
using testing::HarnessOptions;
using ::zerver::net::TcpAdapter;
using ::zerver::net::WebsocketAdapter;

enum class Way { kTcp, kUnix, kMemory };

std::string name_of_way(const ::testing::TestParamInfo<Way>& info) {
  return info.param == Way::kTcp ? "Tcp" : info.param == Way::kUnix ? "Unix" : "Memory";
}

Bytes bytes(std::string_view text) noexcept { return Bytes::borrowed(text); }
String text(std::string_view text) noexcept { return String::borrowed(text); }

// A server and an adapter that reaches it.
class Subject {
 public:
  using Arguments = std::vector<std::pair<std::string, std::string>>;

  Subject(Way way, const NewSession& new_session) : way_(way), memory_(new_session) {
    if (way == Way::kTcp) server_.emplace(script_of(new_session));
    if (way == Way::kUnix) server_.emplace(unix_path(), script_of(new_session));
  }
  ~Subject() { memory_.finish(); }

  void open(const std::string& adapter, std::string url, Arguments arguments, std::uint32_t pool = 1) {
    Registry registry;
    const ConnectorOf connector =
        way_ == Way::kMemory ? [this](flow::Worker&) -> io::net::Connector* { return &memory_; }
                             : worker_connector();
    registry.add("zerver.net.tcp", open_tcp(connector));
    registry.add("zerver.net.websocket", open_websocket(connector));
    arguments.emplace_back("url", std::move(url));
    HarnessOptions options{.arguments = std::move(arguments), .pool = pool};
    if (way_ == Way::kMemory) options.time = HarnessOptions::Time::kSimulated;
    harness_.emplace(registry, adapter, std::move(options));
    ASSERT_EQ(harness_->error(), "");
  }
  std::string unix_path() const { return (directory_.path() / "socket").string(); }
  std::string port() const { return std::to_string(server_ && way_ == Way::kTcp ? server_->port() : 7); }
  AdapterHarness& harness() noexcept { return *harness_; }
  // A call as text: what it gave, or `kind: why`.
  template <class Arguments> std::string result(const Arguments& arguments, int patience = 10'000) {
    const auto performed = harness_->perform(arguments, {.patience = Duration::from_milliseconds(patience)});
    if (!performed->ok()) return std::string(zerver::name_of(*performed->fault())) + ": " + performed->why();
    if constexpr (std::is_same_v<typename Arguments::Reply, flow::Reply<Bytes>>) {
      return std::string(performed->value().view());
    } else if constexpr (std::is_same_v<typename Arguments::Reply, flow::Reply<String>>) {
      return std::string(performed->value().view());
    } else if constexpr (std::is_same_v<typename Arguments::Reply, flow::JsonReply>) {
      return performed->value();
    } else {
      return "done";
    }
  }

 private:
  Way way_;
  test::TemporaryDirectory directory_;
  std::optional<test::ScriptedServer> server_;
  MemoryPeers memory_;
  std::optional<AdapterHarness> harness_;
};

class TcpConformance : public ::testing::TestWithParam<Way> {
 protected:
  TcpConformance() : subject_(GetParam(), [] { return std::make_unique<LineSession>(); }) {}

  void open(Subject::Arguments arguments = {}, std::uint32_t pool = 1) {
    const std::string url =
        GetParam() == Way::kUnix ? "unix:" + subject_.unix_path() : "tcp://127.0.0.1:" + subject_.port();
    subject_.open("zerver.net.tcp", url, std::move(arguments), pool);
  }
  std::string query(std::string_view line, int patience = 10'000) {
    return subject_.result(TcpAdapter::QueryArguments{bytes(line)}, patience);
  }
  std::string exchange(std::string_view line) {
    return subject_.result(TcpAdapter::ExchangeArguments{bytes(line)});
  }

  Subject subject_;
};
INSTANTIATE_TEST_SUITE_P(Over, TcpConformance, ::testing::Values(Way::kTcp, Way::kUnix, Way::kMemory),
                         name_of_way);

TEST_P(TcpConformance, GivesTheAnswer) {
  open();
  EXPECT_EQ(query("hello"), "hello");
  EXPECT_EQ(exchange("there"), "there");
  EXPECT_EQ(query(""), "");
  EXPECT_EQ(query(std::string(500'000, 'x')), std::string(500'000, 'x'));
}

TEST_P(TcpConformance, UsesAConnectionAgain) {
  open();
  EXPECT_EQ(exchange("number"), "1");
  EXPECT_EQ(exchange("number"), "2");
  EXPECT_EQ(subject_.result(TcpAdapter::SendArguments{bytes("silent")}), "done");
  EXPECT_EQ(exchange("number"), "4");
  EXPECT_EQ(subject_.harness().system().pool()->open, 1U);
  EXPECT_EQ(subject_.harness().system().pool()->idle, 1U);
}

TEST_P(TcpConformance, RefusesALineThatWouldBeTwo) {
  open();
  EXPECT_EQ(query("a\nbye"), "rejected: a line has no line feed in it");
  EXPECT_EQ(subject_.result(TcpAdapter::SendArguments{bytes("a\n")}),
            "rejected: a line has no line feed in it");
  EXPECT_EQ(query("fine"), "fine");
}

TEST_P(TcpConformance, FailsWhenTheServerEndsTheConnectionAndGoesOnWithAnother) {
  open();
  EXPECT_EQ(exchange("number"), "1");
  EXPECT_EQ(exchange("bye"), "unavailable: the other side has closed the connection");
  EXPECT_EQ(exchange("number"), "1");
  EXPECT_EQ(subject_.harness().system().health().state, Health::State::kUp);
}

TEST_P(TcpConformance, IsCancelledWithoutAnAnswerAndForgetsTheConnection) {
  open();
  EXPECT_EQ(exchange("number"), "1");
  EXPECT_EQ(query("silent", 30), "timeout: there was no answer in time");
  EXPECT_EQ(exchange("number"), "1");
}

TEST_P(TcpConformance, BoundsAnswers) {
  open({{"max", "2999"}});
  EXPECT_EQ(query("large"), "unavailable: the answer is too large");
  EXPECT_EQ(query("small"), "small");
}

TEST_P(TcpConformance, MoreThanWasAskedForIsNotTheNextAnswer) {
  open();
  EXPECT_EQ(query("two"), "one");
  EXPECT_EQ(query("three"), "three");
}

TEST_P(TcpConformance, AnswersManyAtOnceOverFewConnections) {
  open({}, 4);
  std::vector<std::string> lines;
  for (int i = 0; i < 100; ++i)
    lines.push_back("line " + std::to_string(i));
  std::vector<std::unique_ptr<testing::Performed<TcpAdapter::QueryArguments>>> calls;
  for (const std::string& line : lines)
    calls.push_back(subject_.harness().start(TcpAdapter::QueryArguments{bytes(line)}));
  EXPECT_TRUE(subject_.harness().run_until(
      [&] { return std::ranges::all_of(calls, [](const auto& call) { return call->ended(); }); }));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_TRUE(calls[i]->ok()) << calls[i]->why();
    EXPECT_EQ(calls[i]->value().view(), lines[i]);
  }
  EXPECT_LE(subject_.harness().system().pool()->open, 4U);
}

TEST_P(TcpConformance, EndsWithOperationsUnderWay) {
  open();
  const auto call = subject_.harness().start(TcpAdapter::QueryArguments{bytes("silent")});
  EXPECT_FALSE(subject_.harness().run_until([&] { return call->ended(); }, Duration::from_milliseconds(20)));
  call->cancel();
}

class WebSocketConformance : public ::testing::TestWithParam<Way> {
 protected:
  WebSocketConformance() : subject_(GetParam(), [] { return std::make_unique<WebSocketSession>(); }) {}

  void open(Subject::Arguments arguments = {}, const std::string& path = "/chat") {
    subject_.open("zerver.net.websocket", "ws://127.0.0.1:" + subject_.port() + path, std::move(arguments));
  }
  std::string query(std::string_view message, int patience = 10'000) {
    return subject_.result(WebsocketAdapter::QueryArguments{text(message)}, patience);
  }

  Subject subject_;
};
INSTANTIATE_TEST_SUITE_P(Over, WebSocketConformance, ::testing::Values(Way::kTcp, Way::kMemory), name_of_way);

TEST_P(WebSocketConformance, GivesTheAnswerOfEachKind) {
  open();
  EXPECT_EQ(query("hello"), "hello");
  EXPECT_EQ(subject_.result(WebsocketAdapter::ExchangeArguments{text("gr\xc3\xbc\xc3\x9f")}),
            "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(subject_.result(WebsocketAdapter::ExchangeBytesArguments{bytes("\xff\xfe")}), "\xff\xfe");
  EXPECT_EQ(subject_.result(WebsocketAdapter::CallArguments{Json::borrowed(R"({"a":1})")}), R"({"a":1})");
  EXPECT_EQ(subject_.result(WebsocketAdapter::SendArguments{text("silent")}), "done");
  EXPECT_EQ(query(std::string(300'000, 'x')), std::string(300'000, 'x'));
  EXPECT_EQ(subject_.harness().system().pool()->open, 1U);
}

TEST_P(WebSocketConformance, PutsFragmentsTogetherAndAnswersPings) {
  open();
  EXPECT_EQ(query("fragments"), "fragments");
  EXPECT_EQ(query("ping"), "ping");
}

TEST_P(WebSocketConformance, TellsTextFromBytes) {
  open();
  EXPECT_EQ(query("binary"), "rejected: the answer is no text");
  EXPECT_EQ(query("next"), "next");
}

TEST_P(WebSocketConformance, DropsWhatNobodyAskedFor) {
  open();
  EXPECT_EQ(query("push"), "push");
  EXPECT_EQ(query("next"), "next");
}

TEST_P(WebSocketConformance, ConnectsAgainAfterAClose) {
  open();
  EXPECT_EQ(query("hello"), "hello");
  const auto closed = subject_.result(WebsocketAdapter::ExchangeArguments{text("bye")});
  EXPECT_EQ(closed, "unavailable: the other side has closed the WebSocket");
  EXPECT_EQ(query("again"), "again");
}

TEST_P(WebSocketConformance, GivesUpWhoBreaksTheProtocol) {
  open();
  const auto broken = subject_.result(WebsocketAdapter::ExchangeArguments{text("broken")});
  EXPECT_EQ(broken, "unavailable: a reserved bit is set");
  EXPECT_EQ(query("again"), "again");
}

TEST_P(WebSocketConformance, IsCancelledWithoutAnAnswer) {
  open();
  EXPECT_EQ(query("silent", 30), "timeout: there was no answer in time");
  EXPECT_EQ(query("again"), "again");
}

TEST_P(WebSocketConformance, AsksForItsPathAndProtocolAndShowsWhoItIs) {
  open({{"protocol", "v1"}, {"authorization", "Bearer of-news"}}, "/chat?room=1");
  const std::string head = query("head");
  EXPECT_TRUE(head.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: 127.0.0.1:" + subject_.port() + "\r\n"))
      << head;
  EXPECT_NE(head.find("\r\nSec-WebSocket-Protocol: v1\r\n"), std::string::npos);
  EXPECT_NE(head.find("\r\nAuthorization: Bearer of-news"), std::string::npos);
}

TEST_P(WebSocketConformance, ShowsARotatedSecretFromTheNextConnectionOn) {
  open({{"authorization", "Bearer first"}});
  System& system = subject_.harness().system();
  const auto shows = [this](std::string_view authorization) {
    return query("head").find("\r\nAuthorization: " + std::string(authorization)) != std::string::npos;
  };
  EXPECT_TRUE(shows("Bearer first"));
  EXPECT_EQ(system.renew("authorization", "Bearer second"), "");
  EXPECT_TRUE(shows("Bearer first")) << "an open connection stays what it is";
  EXPECT_NE(subject_.result(WebsocketAdapter::ExchangeArguments{text("bye")}), "bye");
  EXPECT_TRUE(shows("Bearer second"));
  EXPECT_EQ(system.renew("authorization", "Bearer\r\nX-Evil: yes"),
            "its `authorization` has a control character");
  EXPECT_NE(subject_.result(WebsocketAdapter::ExchangeArguments{text("bye")}), "bye");
  EXPECT_TRUE(shows("Bearer second")) << "one that cannot be used changes nothing";
  EXPECT_NE(system.renew("url", "ws://elsewhere"), "") << "another address is for the next start";
}

TEST_P(WebSocketConformance, SaysThatTheServerRefuses) {
  open({}, "/refused");
  EXPECT_EQ(query("hello"), "unavailable: the server opens no WebSocket");
  EXPECT_EQ(subject_.harness().system().health().state, Health::State::kDown);
}

TEST_P(WebSocketConformance, BoundsAnswers) {
  open({{"max", "1000"}});
  EXPECT_EQ(query(std::string(1001, 'x')), "unavailable: a message is too large");
}

}  // namespace
}  // namespace zerver::effects::net
