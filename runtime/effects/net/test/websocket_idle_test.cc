// A WebSocket that nobody uses, and a server that wants something of it.
#include "runtime/effects/net/test/sessions.h"
#include "tests/support/servers/scripted_server.h"
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>
#include <zerver/http/websocket.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects::net {
namespace {

namespace ws = http::websocket;
using test::Peer;
using test::ScriptedServer;
using testing::AdapterHarness;
using ::zerver::net::WebsocketAdapter;

// What a server does behind its answer to the first message.
using Idle = std::function<void(Peer&)>;

ScriptedServer::Script answers_once_and_then(Idle idle) {
  return [idle = std::move(idle)](Peer& peer) {
    WebSocketSession session;
    for (int answers = 0; answers < 2;) {  // that to the opening, and one more
      const std::string bytes = peer.read_some();
      std::string out;
      if (bytes.empty() || !session.take(bytes, out)) return;
      answers += !out.empty();
      peer.write(out);
    }
    idle(peer);
  };
}

void write(Peer& peer, void (*frame)(OutputBuffer& out, Random& random)) {
  OutputBuffer out;
  SeededRandom random(1);
  frame(out, random);
  peer.write(out.view());
}

// The next frame that is read, as its kind and its payload.
std::string read_frame(Peer& peer) {
  ws::Reader reader{ws::Role::kServer};
  std::string in;
  for (;;) {
    std::string_view input = in;
    const ws::Event event = reader.read(input);
    if (event.kind == ws::Event::Kind::kPong) return "pong " + std::string(event.payload);
    if (event.kind == ws::Event::Kind::kClose) return "close";
    if (event.kind != ws::Event::Kind::kMore) return "another frame";
    in.erase(0, in.size() - input.size());
    const std::string bytes = peer.read_some();
    if (bytes.empty()) return "the end";
    in += bytes;
  }
}

class WebSocketIdle : public ::testing::Test {
 protected:
  void open(Idle idle) {
    server_ = std::make_unique<ScriptedServer>(answers_once_and_then(std::move(idle)));
    Registry registry;
    registry.add("zerver.net.websocket", open_websocket());
    harness_ = std::make_unique<AdapterHarness>(
        registry, "zerver.net.websocket",
        testing::HarnessOptions{
            .arguments = {{"url", "ws://127.0.0.1:" + std::to_string(server_->port()) + "/"}}, .pool = 1});
    ASSERT_EQ(harness_->error(), "");
    EXPECT_EQ(query("hello"), "hello");
  }
  std::string query(std::string_view text) {
    const auto performed = harness_->perform(WebsocketAdapter::QueryArguments{String::borrowed(text)});
    return performed->ok() ? std::string(performed->value().view()) : performed->why();
  }
  // What a server's thread does wakes no loop.
  bool run_until(const std::function<bool()>& condition) {
    const TimePoint end = harness_->loop().now() + Duration::from_seconds(20);
    while (harness_->loop().now() < end)
      if (harness_->run_until(condition, Duration::from_milliseconds(2))) return true;
    return false;
  }

  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<AdapterHarness> harness_;
};

TEST_F(WebSocketIdle, AnswersPingsAndIsUsedAgain) {
  std::atomic<int> pongs = 0;
  open([&](Peer& peer) {
    for (int i = 0; i < 3; ++i) {
      write(peer, [](OutputBuffer& out, Random& random) {
        ws::write_text(out, ws::Role::kServer, "nobody asked for it", random);
        ws::write_ping(out, ws::Role::kServer, "are you there", random);
      });
      if (read_frame(peer) != "pong are you there") return;
      ++pongs;
    }
    // It is not in the middle of anything.
    if (read_frame(peer) != "another frame") return;
    write(peer,
          [](OutputBuffer& out, Random& random) { ws::write_text(out, ws::Role::kServer, "again", random); });
    peer.read_to_the_end();
  });
  EXPECT_TRUE(run_until([&] { return pongs == 3; }));
  EXPECT_EQ(query("hello again"), "again");
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(WebSocketIdle, AnswersACloseAndIsLeft) {
  std::atomic<bool> is_closed = false;
  open([&](Peer& peer) {
    write(peer, [](OutputBuffer& out, Random& random) {
      ws::write_close(out, ws::Role::kServer, ws::CloseCode::kGoingAway, {}, random);
    });
    is_closed = read_frame(peer) == "close" && peer.read_to_the_end().empty();
  });
  EXPECT_TRUE(run_until([&] { return is_closed.load(); }));
  EXPECT_EQ(query("hello"), "hello");
  EXPECT_EQ(server_->accepted(), 2);
}

TEST_F(WebSocketIdle, IsLeftWhenItsServerHasGone) {
  open([](Peer& peer) { peer.reset(); });
  ASSERT_TRUE(run_until([&] { return server_->accepted() == 1; }));
  EXPECT_EQ(query("hello"), "hello");
}

TEST_F(WebSocketIdle, SaysFarewellWhenItsAdapterGoes) {
  std::atomic<bool> was_told = false;
  open([&](Peer& peer) { was_told = read_frame(peer) == "close"; });
  harness_.reset();
  server_.reset();
  EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace zerver::effects::net
