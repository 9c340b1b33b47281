// Bodies that go by while they come, in both directions.
#include "http_fixture.h"
#include "taker.h"
#include "tests/support/faults/fault_suite.h"
#include "tests/support/servers/nginx_server.h"
#include <zerver/effects/http/gzip.h>
#include <zerver/testing/fake_source.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

namespace zerver::effects {
namespace {

using test::Peer;
using test::ScriptedServer;
using testing::FakeSource;

HttpAdapter::GetStreamArguments get_stream(std::string_view path) {
  return {.path = String::borrowed(path), .query = {}, .headers = {}};
}
HttpAdapter::PutStreamArguments put_stream(std::string_view path, flow::Source& source) {
  return {.path = String::borrowed(path), .body = {.source = &source}, .type = "text/plain", .headers = {}};
}

std::string pattern(std::size_t size) {
  std::string text;
  while (text.size() < size)
    text += "line " + std::to_string(text.size()) + "\n";
  text.resize(size);
  return text;
}

std::string take_all(testing::AdapterHarness& target, flow::Source& source) {
  Taker taker(source);
  taker.take_all();
  EXPECT_TRUE(target.run_until([&] { return taker.is_over(); }));
  EXPECT_FALSE(taker.has_failed());
  return taker.text();
}

// --- nginx, over each protocol ---

struct Protocol {
  const char* name;
  std::string (test::NginxServer::*url)() const;
  Arguments arguments;
};

class NginxStreams : public ::testing::TestWithParam<Protocol> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<test::NginxServer>(); }
  static void TearDownTestSuite() { server_.reset(); }
  std::unique_ptr<testing::AdapterHarness> open() const {
    Arguments arguments = GetParam().arguments;
    arguments.emplace_back("ca", server_->ca_file());
    return open_target((server_.get()->*GetParam().url)(), arguments);
  }

  static std::unique_ptr<test::NginxServer> server_;
};
std::unique_ptr<test::NginxServer> NginxStreams::server_;

TEST_P(NginxStreams, AreTakenWholeAndDecodedOnTheWay) {
  const auto target = open();
  for (int i = 0; i < 3; ++i) {
    const auto opened = target->perform(get_stream("/text"));
    ASSERT_TRUE(*opened) << opened->why();
    EXPECT_EQ(opened->value()->info().content_type, "text/plain");
    EXPECT_EQ(take_all(*target, *opened->value()), pattern(200'000));
  }
  EXPECT_LE(target->system().pool()->open, 1U);
}

TEST_P(NginxStreams, HaveNoLimitOfSize) {
  const auto target = open_target((server_.get()->*GetParam().url)(), [&] {
    Arguments arguments = GetParam().arguments;
    arguments.emplace_back("ca", server_->ca_file());
    arguments.emplace_back("max_body", "1000");
    return arguments;
  }());
  const auto opened = target->perform(get_stream("/zeros"));
  ASSERT_TRUE(*opened) << opened->why();
  EXPECT_EQ(take_all(*target, *opened->value()), std::string(std::size_t{4} << 20, '0'));
}

TEST_P(NginxStreams, FailAsAnyOtherCallBeforeTheirFirstByte) {
  const auto target = open();
  const auto missing = target->perform(get_stream("/nowhere"));
  EXPECT_EQ(missing->fault(), FaultKind::kMissing);
  EXPECT_EQ(missing->status(), 404);
}

TEST_P(NginxStreams, AreGivenUpInTheMiddle) {
  const auto target = open();
  for (int i = 0; i < 5; ++i) {
    const auto opened = target->perform(get_stream("/zeros"));
    ASSERT_TRUE(*opened) << opened->why();
    Taker taker(*opened->value());
    taker.ask();
    ASSERT_TRUE(target->run_until([&] { return taker.parts() == 1; }));
    taker.close();
  }
  EXPECT_TRUE(*target->perform(HttpAdapter::GetArguments{.path = "/version", .query = {}, .headers = {}}));
}

TEST_P(NginxStreams, AreSentWhileTheyCome) {
  const auto target = open();
  const std::string text = pattern(3'000'000);
  FakeSource source;
  for (std::size_t at = 0; at < text.size(); at += 100'000)
    source.bytes(text.substr(at, 100'000));
  source.hold_back_from(7);
  const auto put = target->start(put_stream("/kept/sent", source));
  ASSERT_TRUE(target->run_until([&] { return source.is_waiting(); }));
  EXPECT_FALSE(put->ended());
  while (!source.is_closed()) {
    ASSERT_TRUE(target->run_until([&] { return source.is_waiting() || source.is_closed(); }));
    if (source.is_waiting()) source.release();
  }
  ASSERT_TRUE(target->run_until([&] { return put->ended(); }));
  ASSERT_TRUE(*put) << put->why();
  const auto got = target->perform(get_stream("/kept/sent"));
  ASSERT_TRUE(*got) << got->why();
  EXPECT_EQ(take_all(*target, *got->value()), text);
}

TEST_P(NginxStreams, EndTheRequestWhenTheirSourceFails) {
  const auto target = open();
  FakeSource source;
  source.bytes("some").bytes("more").fails(FaultKind::kUnavailable, "the disk is gone");
  const auto put = target->perform(put_stream("/kept/half", source));
  EXPECT_EQ(put->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(put->why(), "what it is to send has failed: the disk is gone");
  EXPECT_TRUE(source.is_closed());
  EXPECT_EQ(target->perform(get_stream("/kept/half"))->fault(), FaultKind::kMissing);
}

TEST_P(NginxStreams, AreGivenBackWhenTheCallIsCancelled) {
  const auto target = open();
  FakeSource source;
  source.bytes("some").bytes("more").hold_back_from(1);
  const auto put = target->start(put_stream("/kept/never", source));
  ASSERT_TRUE(target->run_until([&] { return source.is_waiting(); }));
  put->cancel();
  EXPECT_TRUE(source.is_closed());
  EXPECT_TRUE(*target->perform(HttpAdapter::GetArguments{.path = "/version", .query = {}, .headers = {}}));
}

TEST_P(NginxStreams, AreLeftWhereTheyAreWhenTheAnswerComesEarly) {
  const auto target = open();
  FakeSource source;
  source.bytes("some").bytes("more").hold_back_from(1);
  // nginx takes no PUT there, and says so without having read the body.
  const auto put = target->perform(put_stream("/text", source));
  EXPECT_EQ(put->status(), 405) << put->why();
  EXPECT_TRUE(source.is_closed());
  EXPECT_TRUE(*target->perform(HttpAdapter::GetArguments{.path = "/version", .query = {}, .headers = {}}));
}

INSTANTIATE_TEST_SUITE_P(
    Each, NginxStreams,
    ::testing::Values(Protocol{"Http1", &test::NginxServer::http1, {}},
                      Protocol{"Http2", &test::NginxServer::http2, {{"http2", "always"}}},
                      Protocol{"Tls", &test::NginxServer::https, {}},
                      Protocol{"TlsHttp1", &test::NginxServer::https, {{"http2", "never"}}}),
    [](const auto& each) { return std::string(each.param.name); });

// --- Scripted servers ---

TEST(HttpStream, IsReadNoFasterThanItIsTaken) {
  std::atomic<std::size_t> sent = 0;
  const ScriptedServer server([&](Peer& peer) {
    for (;;) {
      const std::string head = read_head(peer);
      if (head.empty()) return;
      if (!head.starts_with("GET /endless ")) {
        peer.write(answer("200 OK", "1"));
        continue;
      }
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n");
      const std::string piece(std::size_t{64} << 10, 'x');
      while (peer.write(piece))
        sent += piece.size();
      return;
    }
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_stream("/endless"));
  ASSERT_TRUE(*opened) << opened->why();
  Taker taker(*opened->value());
  // While nobody takes of it, others have all the time that the server would need to send a gigabyte.
  for (int i = 0; i < 3000; ++i)
    ASSERT_TRUE(*target->perform(HttpAdapter::GetArguments{.path = "/", .query = {}, .headers = {}}));
  EXPECT_LT(sent, std::size_t{64} << 20);  // what the kernel's buffers hold
  taker.ask();
  ASSERT_TRUE(target->run_until([&] { return taker.parts() == 1; }));
  EXPECT_EQ(target->system().pool()->open, 2U);
  taker.close();
  EXPECT_EQ(target->system().pool()->open, 1U);
}

TEST(HttpStream, FailsInTheMiddleWhenItIsCutOff) {
  const ScriptedServer server([](Peer& peer) {
    if (read_head(peer).empty()) return;
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwo");
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_stream("/"));
  ASSERT_TRUE(*opened) << opened->why();
  Taker taker(*opened->value());
  taker.take_all();
  ASSERT_TRUE(target->run_until([&] { return taker.is_over(); }));
  EXPECT_TRUE(taker.has_failed());
  EXPECT_EQ(taker.text(), "hellowo");
  EXPECT_EQ(target->system().pool()->open, 0U);
}

TEST(HttpStream, FailsWhenItsCodingIsCutOff) {
  Gzip gzip;
  OutputBuffer coded;
  ASSERT_TRUE(gzip.encode(pattern(300'000), coded));
  const std::string half(coded.view().substr(0, coded.size() / 2));
  const ScriptedServer server([&](Peer& peer) {
    while (!read_head(peer).empty())
      peer.write(answer("200 OK", half, "Content-Encoding: gzip\r\n"));
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_stream("/"));
  ASSERT_TRUE(*opened) << opened->why();
  Taker taker(*opened->value());
  taker.take_all();
  ASSERT_TRUE(target->run_until([&] { return taker.is_over(); }));
  EXPECT_TRUE(taker.has_failed());
  EXPECT_TRUE(std::string_view(pattern(300'000)).starts_with(taker.text()));
}

TEST(HttpStream, IsOfAnUnknownCodingRefused) {
  const ScriptedServer server([&](Peer& peer) {
    while (!read_head(peer).empty())
      peer.write(answer("200 OK", "x", "Content-Encoding: rot13\r\n"));
  });
  const auto target = open_target(local(server.port()));
  const auto opened = target->perform(get_stream("/"));
  EXPECT_EQ(opened->fault(), FaultKind::kRejected);
}

TEST(HttpStream, MayBeEmptyAndItsConnectionIsKept) {
  const ScriptedServer server([&](Peer& peer) {
    while (!read_head(peer).empty())
      peer.write(answer("200 OK", ""));
  });
  const auto target = open_target(local(server.port()));
  for (int i = 0; i < 3; ++i) {
    const auto opened = target->perform(get_stream("/"));
    ASSERT_TRUE(*opened) << opened->why();
    EXPECT_EQ(take_all(*target, *opened->value()), "");
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpStream, IsSentInChunksOfWhatTheSourceGives) {
  std::string received;
  const ScriptedServer server([&](Peer& peer) {
    const std::string head = read_head(peer);
    if (head.empty()) return;
    received = head + peer.read_until("0\r\n\r\n");
    peer.write(answer("200 OK", "7"));
  });
  const auto target = open_target(local(server.port()));
  FakeSource source;
  source.bytes("hello").bytes("0123456789abcdef!");
  const auto put = target->perform(put_stream("/", source));
  ASSERT_TRUE(*put) << put->why();
  EXPECT_EQ(put->value(), "7");
  EXPECT_NE(received.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos) << received;
  EXPECT_EQ(received.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(received.ends_with("\r\n\r\n5\r\nhello\r\n11\r\n0123456789abcdef!\r\n0\r\n\r\n")) << received;
  EXPECT_TRUE(source.is_closed());
}

// Its connection goes when the first part is out: what has been read of the source is gone.
TEST(HttpStream, IsNeverSentTwice) {
  std::atomic<int> requests = 0;
  const ScriptedServer server([&](Peer& peer) {
    for (;;) {
      const std::string head = read_head(peer);
      if (head.empty()) return;
      if (head.starts_with("GET")) {
        peer.write(answer("200 OK", "1"));
        continue;
      }
      ++requests;
      return;  // without a word
    }
  });
  const auto target = open_target(local(server.port()));
  // So that the connection is one that had been idle.
  ASSERT_TRUE(*target->perform(HttpAdapter::GetArguments{.path = "/", .query = {}, .headers = {}}));
  FakeSource source;
  source.bytes("once");
  const auto put = target->perform(put_stream("/", source));
  EXPECT_EQ(put->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(requests, 1);
  EXPECT_TRUE(source.is_closed());
}

// --- A network that fails ---

class HttpStreamFaults : public ::testing::TestWithParam<test::GateFault> {};

TEST_P(HttpStreamFaults, HoldItsPromises) {
  const std::string body = pattern(1000);
  const ScriptedServer server([&](Peer& peer) {
    while (!read_head(peer).empty())
      peer.write(answer("200 OK", body));
  });
  test::expect_promises_under(
      GetParam(), {.server_port = server.port(),
                   .open = [](std::uint16_t port) { return open_target(local(port)); },
                   .call = [&](testing::AdapterHarness& harness, Duration patience) -> test::Called {
                     const auto opened = harness.perform(get_stream("/"), {.patience = patience});
                     if (!*opened) return {opened->fault(), opened->why(), opened->took()};
                     Taker taker(*opened->value());
                     taker.take_all();
                     // Whoever takes it has a deadline of his own.
                     const bool is_over = harness.run_until([&] { return taker.is_over(); }, patience);
                     if (!is_over || taker.has_failed())
                       return {FaultKind::kUnavailable, "in the middle", opened->took()};
                     EXPECT_EQ(taker.text(), body);
                     return {std::nullopt, {}, opened->took()};
                   }});
}
INSTANTIATE_TEST_SUITE_P(Each, HttpStreamFaults, ::testing::ValuesIn(test::kGateFaults),
                         test::fault_test_name);

// --- Compression of requests ---

TEST(HttpCompression, IsOfWhatIsLongAndGainsByIt) {
  std::vector<std::string> requests;
  const ScriptedServer server([&](Peer& peer) {
    for (;;) {
      const std::string head = read_head(peer);
      if (head.empty()) return;
      requests.push_back(head + peer.read(length_of(head)));
      peer.write(answer("200 OK", "1"));
    }
  });
  const auto target = open_target(local(server.port()), {}, 0, 1000);
  const auto post = [&](const std::string& body, std::string_view type, Map<String> headers = {}) {
    const auto posted = target->perform(HttpAdapter::PostBytesArguments{
        .path = "/", .body = Bytes::borrowed(body), .type = String::borrowed(type), .headers = headers});
    EXPECT_TRUE(*posted) << posted->why();
    return requests.back();
  };
  const std::string text = pattern(10'000);
  const std::string coded = post(text, "application/json");
  ASSERT_NE(coded.find("\r\nContent-Encoding: gzip\r\n"), std::string::npos);
  Gzip gzip;
  OutputBuffer decoded;
  ASSERT_TRUE(gzip.decode(std::string_view(coded).substr(coded.find("\r\n\r\n") + 4), 100'000, decoded));
  EXPECT_EQ(decoded.view(), text);
  EXPECT_LT(coded.size(), text.size() / 2);

  constexpr std::string_view kField = "Content-Encoding: gzip";
  EXPECT_EQ(post(pattern(1000), "application/json").find(kField), std::string::npos);
  EXPECT_EQ(post(text, "image/png").find(kField), std::string::npos);
  EXPECT_EQ(post(text, "application/zip; x=y").find(kField), std::string::npos);
  // What does not become shorter is sent as it is.
  std::string noise;
  for (std::uint32_t i = 1; noise.size() < 4000; i = i * 1'664'525U + 1'013'904'223U)
    noise += static_cast<char>(i >> 24U);
  EXPECT_EQ(post(noise, "application/json").find(kField), std::string::npos);
  const std::array<Map<String>::Entry, 1> own = {{{"Content-Encoding", "br"}}};
  const std::string callers = post(text, "text/plain", Map<String>::borrowed(own));
  EXPECT_EQ(callers.find(kField), std::string::npos);
  EXPECT_TRUE(callers.ends_with(text));
}

}  // namespace
}  // namespace zerver::effects
