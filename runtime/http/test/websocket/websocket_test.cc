// WebSocket frames, by section of RFC 6455.
#include <zerver/http/websocket.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::http::websocket {
namespace {

using Kind = Event::Kind;

// `\0` counts.
template <std::size_t kSize> std::string bytes(const char (&text)[kSize]) { return {text, kSize - 1}; }

// Every event in those bytes as a line each.
std::vector<std::string> events_of(std::string_view input, Role role = Role::kClient,
                                   std::size_t cut = 1'000'000, const Limits& limits = {}) {
  Reader reader(role, limits);
  std::vector<std::string> events;
  while (!input.empty()) {
    std::string_view some = input.substr(0, cut);
    input.remove_prefix(some.size());
    for (;;) {
      const Event event = reader.read(some);
      if (event.kind == Kind::kMore) break;
      const std::string payload(event.payload);
      const std::string code = std::to_string(static_cast<int>(event.code));
      switch (event.kind) {
        case Kind::kText:
          events.push_back("text " + payload);
          break;
        case Kind::kBinary:
          events.push_back("binary " + payload);
          break;
        case Kind::kPing:
          events.push_back("ping " + payload);
          break;
        case Kind::kPong:
          events.push_back("pong " + payload);
          break;
        case Kind::kClose:
          events.push_back("close " + code + " " + payload);
          break;
        default:
          events.push_back("failed " + code + " " + std::string(reader.why()));
      }
    }
  }
  return events;
}
using Events = std::vector<std::string>;

TEST(WebSocketReader, ReadsTheExamplesOfSection57) {
  EXPECT_EQ(events_of("\x81\x05Hello"), Events{"text Hello"});
  EXPECT_EQ(events_of("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", Role::kServer), Events{"text Hello"});
  EXPECT_EQ(events_of("\x01\x03Hel\x80\x02lo"), Events{"text Hello"});
  EXPECT_EQ(events_of("\x89\x05Hello"), Events{"ping Hello"});
  EXPECT_EQ(events_of("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", Role::kServer), Events{"pong Hello"});
  const std::string small(256, 'a');
  EXPECT_EQ(events_of(bytes("\x82\x7e\x01\x00") + small), Events{"binary " + small});
  const std::string large(65536, 'b');
  EXPECT_EQ(events_of(bytes("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00") + large), Events{"binary " + large});
}

TEST(WebSocketReader, LetsControlFramesComeBetweenFragments) {
  EXPECT_EQ(events_of(bytes("\x01\x01"
                            "a"
                            "\x89\x01"
                            "p"
                            "\x00\x01"
                            "b"
                            "\x8a\x00"
                            "\x80\x01"
                            "c"
                            "\x82\x01"
                            "d")),
            (Events{"ping p", "pong ", "text abc", "binary d"}));
}

TEST(WebSocketReader, DoesNotDependOnHowBytesWereCut) {
  const std::string text = "gr\xc3\xbc\xc3\x9f\xf0\x9f\x8c\x8d";
  const std::string input = bytes("\x01\x04") + text.substr(0, 4) + bytes("\x89\x02hi\x80") +
                            static_cast<char>(text.size() - 4) + text.substr(4) +
                            bytes(
                                "\x88\x05\x03\xe8"
                                "bye");
  const Events expected = {"ping hi", "text " + text, "close 1000 bye"};
  for (std::size_t cut = 1; cut <= input.size(); ++cut)
    EXPECT_EQ(events_of(input, Role::kClient, cut), expected) << cut;
}

TEST(WebSocketReader, RefusesWhatBreaksTheProtocol) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {bytes("\xc1\x00"), "a reserved bit is set"},
      {bytes("\x83\x00"), "an unknown kind of frame"},
      {bytes("\x8b\x00"), "an unknown kind of frame"},
      {bytes("\x81\x80"
             "mask"),
       "a frame of a server is masked"},
      {bytes("\x09\x00"), "a control frame is a fragment"},
      {bytes("\x89\x7e\x00\x80"), "a control frame is too large"},
      {bytes("\x80\x00"), "a fragment without a beginning"},
      {bytes("\x01\x01"
             "a"
             "\x81\x00"),
       "a message within another one"},
      {bytes("\x81\x7e\x00\x7d"), "a length is longer than it needs to be"},
      {bytes("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), "a length is longer than it needs to be"},
      {bytes("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), "a length is negative"},
      {bytes("\x88\x01\x03"), "half a code of a close"},
      {bytes("\x88\x02\x03\xed"), "a code of a close that nobody sends"},
      {bytes("\x88\x02\x00\x00"), "a code of a close that nobody sends"},
  };
  for (const auto& [input, why] : cases)
    EXPECT_EQ(events_of(input).back(), "failed 1002 " + why);
  EXPECT_EQ(events_of("\x81\x01"
                      "a",
                      Role::kServer),
            Events{"failed 1002 a frame of a client is not masked"});
}

TEST(WebSocketReader, RefusesTextsThatAreNotUtf8AsSoonAsItIsKnown) {
  for (const std::string& text : {bytes("\xc0\xaf"), bytes("\xed\xa0\x80"), bytes("\xf4\x90\x80\x80"),
                                  bytes("\xff"), bytes("\xe2\x28\xa1"), bytes("\x80")}) {
    EXPECT_EQ(events_of(bytes("\x81\x7d") + text), Events{"failed 1007 a text is not UTF-8"}) << "at once";
    EXPECT_EQ(events_of(bytes("\x82") + static_cast<char>(text.size()) + text), Events{"binary " + text});
  }
  EXPECT_EQ(events_of(bytes("\x81\x02\xe2\x82")),
            Events{"failed 1007 a text is not UTF-8"});  // half a character
  EXPECT_EQ(events_of(bytes("\x88\x03\x03\xe8\xff")),
            Events{"failed 1007 the reason of a close is not UTF-8"});
}

TEST(WebSocketReader, BoundsAMessageOverAllItsFragments) {
  const Limits limits{.message = 10};
  EXPECT_EQ(events_of("\x82\x0a"
                      "0123456789",
                      Role::kClient, 100, limits),
            Events{"binary 0123456789"});
  EXPECT_EQ(events_of("\x82\x0b", Role::kClient, 100, limits), Events{"failed 1009 a message is too large"});
  EXPECT_EQ(events_of("\x02\x06"
                      "012345"
                      "\x80\x05",
                      Role::kClient, 100, limits),
            Events{"failed 1009 a message is too large"});
  EXPECT_EQ(events_of(bytes("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), Role::kClient, 100, limits),
            Events{"failed 1009 a message is too large"});
}

TEST(WebSocketReader, SaysNothingBehindAClose) {
  EXPECT_EQ(events_of(bytes("\x88\x00\x81\x01"
                            "a")),
            Events{"close 1005 "});
  EXPECT_EQ(events_of(bytes("\xff\xff\x81\x01"
                            "a"))
                .size(),
            1U);
}

TEST(WebSocketWriter, IsReadByTheOtherSide) {
  SeededRandom random(7);
  for (const auto& [writer, reader] :
       {std::pair(Role::kClient, Role::kServer), std::pair(Role::kServer, Role::kClient)}) {
    OutputBuffer out;
    const std::string middle(300, 'm');
    const std::string large(70'000, 'l');
    write_text(out, writer, "hi", random);
    write_binary(out, writer, middle, random);
    write_text(out, writer, large, random);
    write_ping(out, writer, "p", random);
    write_pong(out, writer, std::string(200, 'q'), random);
    write_close(out, writer, CloseCode::kGoingAway, "bye", random);
    EXPECT_EQ(events_of(out.view(), reader, 777),
              (Events{"text hi", "binary " + middle, "text " + large, "ping p",
                      "pong " + std::string(125, 'q'), "close 1001 bye"}));
    OutputBuffer empty;
    write_close(empty, writer, CloseCode::kNone, "not sent", random);
    EXPECT_EQ(events_of(empty.view(), reader), Events{"close 1005 "});
    OutputBuffer cut;
    std::string reason(122, 'x');
    reason += "\xc3\xbc";  // the 123rd and 124th byte
    write_close(cut, writer, CloseCode::kNormal, reason, random);
    EXPECT_EQ(events_of(cut.view(), reader), Events{"close 1000 " + std::string(122, 'x')});
  }
}

TEST(WebSocketWriter, MasksEachFrameDifferently) {
  SeededRandom random(7);
  OutputBuffer first;
  OutputBuffer second;
  write_text(first, Role::kClient, "the same", random);
  write_text(second, Role::kClient, "the same", random);
  EXPECT_NE(first.view(), second.view());
}

TEST(WebSocketHandshake, AsksAsSection41Says) {
  OutputBuffer out;
  write_opening(
      out, {.host = "example.com:8080", .path = "/chat?a=1", .protocol = "v1", .authorization = "Bearer t"},
      "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(
      out.view(),
      "GET /chat?a=1 HTTP/1.1\r\nHost: example.com:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: v1\r\nAuthorization: Bearer t\r\n\r\n");
}

TEST(WebSocketHandshake, BelievesTheRightAnswerOnly) {
  constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
  const std::string begin = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string upgrade = "upgrade:  WebSocket \r\nConnection: keep-alive, Upgrade\r\n";
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  const auto fault = [&](const std::string& head, std::string_view protocol = {}) {
    return fault_of_answer(head + "\r\n", kKey, protocol);
  };
  EXPECT_EQ(fault(begin + upgrade + accept), "");
  EXPECT_EQ(fault(begin + upgrade + accept + "Sec-WebSocket-Protocol: v1\r\n", "v1"), "");
  EXPECT_EQ(fault("SSH-2.0-x\r\n"), "the answer is not one of HTTP/1.1");
  EXPECT_EQ(fault("HTTP/1.1 401 Unauthorized\r\n"), "the server opens no WebSocket");
  EXPECT_EQ(fault("HTTP/1.1 1010 X\r\n"), "the server opens no WebSocket");
  EXPECT_EQ(fault(begin + accept), "the server does not change to WebSocket");
  EXPECT_EQ(fault(begin + "Upgrade: websocket\r\nConnection: close\r\n" + accept),
            "the server does not change to WebSocket");
  EXPECT_EQ(fault(begin + upgrade), "the server does not accept the key");
  EXPECT_EQ(fault(begin + upgrade + "Sec-WebSocket-Accept: AAAA\r\n"), "the answer is to another key");
  EXPECT_EQ(fault(begin + upgrade + accept + accept), "the answer is to another key");
  EXPECT_EQ(fault(begin + upgrade + accept, "v1"), "the server does not speak the protocol");
  EXPECT_EQ(fault(begin + upgrade + accept + "Sec-WebSocket-Protocol: v2\r\n", "v1"),
            "the server speaks a protocol that was not offered");
  EXPECT_EQ(fault(begin + upgrade + accept + "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            "the server uses an extension that was not offered");
  EXPECT_EQ(fault(begin + upgrade + accept + "no colon\r\n"), "a field of the answer is malformed");
}

TEST(WebSocketHandshake, AnswersAKeyAsInSection13) {
  EXPECT_EQ(accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  SeededRandom random(7);
  const std::string key = make_key(random);
  EXPECT_EQ(key.size(), kKeySize);
  EXPECT_TRUE(key.ends_with("=="));
  EXPECT_NE(key, make_key(random));
}

}  // namespace
}  // namespace zerver::http::websocket
