// Lines and events of servers, as a flow gets them.
#include "http_fixture.h"
#include "taker.h"
#include <zerver/core/list.h>
#include <zerver/core/string.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {
namespace {

using test::Peer;
using test::ScriptedServer;

HttpAdapter::GetItemsArguments get_items(std::string_view path, std::string_view until = "") {
  return {.path = String::borrowed(path), .query = {}, .until = String::borrowed(until), .headers = {}};
}

// The elements of a part, each with a `;` behind.
std::string read_items(const void* part) {
  std::string text;
  for (const Json& item : *static_cast<const List<Json>*>(part))
    text += std::string(item.view()) + ";";
  return text;
}

std::string chunk(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string size;
  for (std::size_t rest = text.size(); rest != 0; rest /= 16)
    size.insert(0, 1, kDigits[rest % 16]);
  return size + "\r\n" + std::string(text) + "\r\n";
}
std::string chunked(std::string_view type) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) + "\r\nTransfer-Encoding: chunked\r\n\r\n";
}
constexpr std::string_view kEnd = "0\r\n\r\n";

// A server whose only answer that is.
ScriptedServer::Script answers(std::string answer) {
  return [answer = std::move(answer)](Peer& peer) {
    while (!read_head(peer).empty() && peer.write(answer)) {
    }
  };
}

struct Taken {
  std::string items;
  std::string why;
  std::string pointer;
};
// What a stream brings, and why it ends before its end.
Taken take(const std::string& answer, std::string_view until = "", Arguments arguments = {}) {
  const ScriptedServer server(answers(answer));
  const auto target = open_target(local(server.port()), std::move(arguments));
  const auto opened = target->perform(get_items("/", until));
  if (!*opened) return {"", opened->why(), "not opened"};
  Taker taker(*opened->value(), read_items);
  taker.take_all();
  EXPECT_TRUE(target->run_until([&] { return taker.is_over(); }));
  return {taker.text(), taker.why(), taker.pointer()};
}

TEST(HttpItems, AreLinesOrEventsAsTheTypeSays) {
  for (const char* const type :
       {"application/jsonl", "application/x-ndjson", "application/json", "text/plain"})
    EXPECT_EQ(take(chunked(type) + chunk("{\"a\":1}\n{\"a\"") + chunk(":2}\n") + std::string(kEnd)).items,
              "{\"a\":1};{\"a\":2};")
        << type;
  const std::string events =
      chunk(": hello\n\ndata: 1\n") + chunk("\nevent: x\ndata: 2\n\n") + std::string(kEnd);
  EXPECT_EQ(take(chunked("text/event-stream") + events).items, "1;2;");
  EXPECT_EQ(take(chunked("Text/Event-Stream; charset=utf-8") + events).items, "1;2;");
}

TEST(HttpItems, MayBeNone) {
  for (const char* const type : {"application/jsonl", "text/event-stream"}) {
    const Taken taken = take(answer("200 OK", "", "Content-Type: " + std::string(type) + "\r\n"));
    EXPECT_EQ(taken.items, "");
    EXPECT_EQ(taken.why, "");
  }
  EXPECT_EQ(take("HTTP/1.1 204 No Content\r\n\r\n").why, "");
}

TEST(HttpItems, EndBeforeWhatTheCallerSaysIsTheEnd) {
  const std::string body = chunk("data: 1\n\ndata: [DONE]\n\ndata: 2\n\n");
  const Taken taken = take(chunked("text/event-stream") + body, "[DONE]");
  EXPECT_EQ(taken.items, "1;");
  EXPECT_EQ(taken.why, "");
  EXPECT_EQ(take(chunked("application/jsonl") + chunk("[DONE]\n") + std::string(kEnd), "[DONE]").why, "");
}

TEST(HttpItems, AreToldBeforeWhatIsWrongWithTheNextOne) {
  const std::string type = "Content-Type: application/jsonl\r\n";
  const Taken taken = take(answer("200 OK", "1\n2\n{oops\n4\n", type));
  EXPECT_EQ(taken.items, "1;2;");
  EXPECT_EQ(taken.why, "element 2 of its answer: the JSON is not well-formed");
  EXPECT_EQ(taken.pointer, "/2");
}

TEST(HttpItems, FailTheOperationWhenTheFirstOneIsWrong) {
  const Taken taken = take(answer("200 OK", "<html>\n", "Content-Type: text/html\r\n"));
  EXPECT_EQ(taken.pointer, "not opened");
  EXPECT_EQ(taken.why, "element 0 of its answer: the JSON is not well-formed");
}

TEST(HttpItems, AreAsLongAsTheyMayBe) {
  const std::string type = "Content-Type: application/jsonl\r\n";
  const std::string line = "\"" + std::string(98, 'x') + "\"";
  const Arguments most{{"max_body", "100"}};
  EXPECT_EQ(take(answer("200 OK", line + "\n" + line, type), "", most).items, line + ";" + line + ";");
  const Taken taken = take(answer("200 OK", line + "\n" + line + "1\n3\n", type), "", most);
  EXPECT_EQ(taken.items, line + ";");
  EXPECT_EQ(taken.why, "element 1 of its answer is too large");
}

TEST(HttpItems, FailWhenTheyAreCutOffInTheMiddle) {
  // The connection breaks.
  const ScriptedServer server([](Peer& peer) {
    if (read_head(peer).empty()) return;
    peer.write(chunked("application/jsonl") + chunk("1\n{\"a\":"));
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_items("/"));
  ASSERT_TRUE(*opened) << opened->why();
  Taker taker(*opened->value(), read_items);
  taker.take_all();
  ASSERT_TRUE(target->run_until([&] { return taker.is_over(); }));
  EXPECT_TRUE(taker.has_failed());
  EXPECT_EQ(taker.text(), "1;");
  EXPECT_EQ(target->system().pool()->open, 0U);
  // The body ends, and its last element is not complete.
  EXPECT_EQ(take(chunked("application/jsonl") + chunk("1\n{\"a\":") + std::string(kEnd)).why,
            "element 1 of its answer: the JSON is not well-formed");
  EXPECT_EQ(take(chunked("text/event-stream") + chunk("data: 1\n\ndata: 2\n") + std::string(kEnd)).why,
            "element 1 of its answer is cut off");
}

TEST(HttpItems, ComeAsTheServerSendsThem) {
  const ScriptedServer server([](Peer& peer) {
    if (read_head(peer).empty()) return;
    peer.write(chunked("application/jsonl"));
    peer.write(chunk("{\"n\":"));
    peer.write(chunk("0}\n{\"n\""));
    peer.read_to_the_end();
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_items("/"));
  ASSERT_TRUE(*opened) << opened->why();
  Taker taker(*opened->value(), read_items);
  taker.ask();
  ASSERT_TRUE(target->run_until([&] { return taker.parts() == 1; }));
  EXPECT_EQ(taker.text(), "{\"n\":0};");
  EXPECT_FALSE(taker.is_over());
}

TEST(HttpItems, AreNotSentFasterThanTheyAreTaken) {
  std::atomic<std::uint64_t> sent = 0;
  const ScriptedServer server([&](Peer& peer) {
    if (read_head(peer).empty()) return;
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n");
    std::string piece;
    while (piece.size() < std::size_t{64} << 10)
      piece += "{\"name\":\"one of many\"}\n";
    while (peer.write(piece))
      sent += piece.size();
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_items("/"));
  ASSERT_TRUE(*opened) << opened->why();
  Taker taker(*opened->value(), read_items);
  // It does not come to an end: what is sent is what is taken, and what the kernel holds.
  std::size_t taken = 0;
  for (int i = 0; i < 2000; ++i) {
    taker.ask();
    ASSERT_TRUE(target->run_until([&] { return taker.parts() > taken || taker.is_over(); })) << taken;
    ASSERT_FALSE(taker.is_over()) << taker.why();
    taken = taker.parts();
  }
  EXPECT_LT(sent, taker.text().size() + (std::size_t{64} << 20));
  taker.close();
  EXPECT_EQ(target->system().pool()->open, 0U);
}

TEST(HttpItems, AStatusFailsTheOperation) {
  const ScriptedServer server(answers(answer("404 Not Found", "", "")));
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_items("/"));
  EXPECT_EQ(opened->fault(), FaultKind::kMissing);
  EXPECT_EQ(opened->status(), 404);
}

TEST(HttpItems, ACallThatIsGivenUpClosesItsConnection) {
  const ScriptedServer server([](Peer& peer) {
    if (read_head(peer).empty()) return;
    peer.write(chunked("text/event-stream") + chunk("data: 1\n"));
    peer.read_to_the_end();
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->start(get_items("/"));
  ASSERT_TRUE(target->run_until([&] { return target->system().pool()->open == 1; }));
  opened->cancel();
  EXPECT_EQ(target->system().pool()->open, 0U);
}

TEST(HttpItems, AreAskedForWithWhatIsPosted) {
  std::string received;
  const ScriptedServer server([&](Peer& peer) {
    for (std::string head; !(head = read_head(peer)).empty();) {
      received = head + peer.read(length_of(head));
      peer.write(answer("200 OK", "data: {\"delta\":\"Hi\"}\n\n", "Content-Type: text/event-stream\r\n"));
    }
  });
  const auto target = open_target(local(server.port()));
  for (int i = 0; i < 3; ++i) {
    const auto opened =
        target->perform(HttpAdapter::PostItemsArguments{.path = String::borrowed("/chat"),
                                                        .body = Json::borrowed("{\"stream\":true}"),
                                                        .until = {},
                                                        .headers = {}});
    ASSERT_TRUE(*opened) << opened->why();
    Taker taker(*opened->value(), read_items);
    taker.take_all();
    ASSERT_TRUE(target->run_until([&] { return taker.is_over(); }));
    EXPECT_EQ(taker.text(), "{\"delta\":\"Hi\"};");
  }
  EXPECT_TRUE(received.starts_with("POST /chat HTTP/1.1\r\n")) << received;
  EXPECT_TRUE(received.ends_with("\r\n\r\n{\"stream\":true}")) << received;
  EXPECT_NE(received.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(received.find("Accept: application/jsonl, application/x-ndjson, text/event-stream"),
            std::string::npos);
  EXPECT_EQ(server.accepted(), 1);
}

}  // namespace
}  // namespace zerver::effects
