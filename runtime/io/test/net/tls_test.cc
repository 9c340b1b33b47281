// TLS as a client: whom it believes, and what it carries.
#include "runtime/io/test/net/run.h"
#include "runtime/io/test/net/tls_server.h"
#include <zerver/async/combine/all.h>
#include <zerver/async/sleep.h>
#include <zerver/io/net/tls.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

namespace zerver::io::net {
namespace {

void echo_secured(TlsPeer& peer) {
  for (std::string bytes = peer.read(1); !bytes.empty(); bytes = peer.read(1))
    peer.write(bytes);
  peer.end();
}

class TlsTest : public NetTest {
 protected:
  static void SetUpTestSuite() {
    certificates_ = std::make_unique<TestCertificates>();
    certificates_->issue("server");
    certificates_->issue("expired", {.days = -1});
    certificates_->issue("elsewhere", {.names = "DNS:elsewhere.example"});
    certificates_->issue("client", {.names = "DNS:client.example"});
  }
  static void TearDownTestSuite() { certificates_.reset(); }

  void SetUp() override { ASSERT_EQ(tls_.open({.ca_file = certificates_->ca()}), ""); }

  Endpoint endpoint(const TlsServer& server) const {
    return {.host = "127.0.0.1", .port = server.port(), .tls = &tls_, .server_name = "localhost"};
  }
  // The fault with which connecting ends; empty when it does not fail.
  std::string fault_of_connecting(const Endpoint& endpoint) {
    return run<std::string>([&]() -> async::Task<std::string> {
      const Result<StreamPtr> stream = co_await connector().connect(endpoint, in(10'000));
      if (stream) co_return "";
      EXPECT_EQ(stream.error().kind, FaultKind::kUnavailable);
      co_return std::string(stream.error().why.view());
    });
  }

  static std::unique_ptr<TestCertificates> certificates_;
  TlsClient tls_;
};
std::unique_ptr<TestCertificates> TlsTest::certificates_;

TEST_F(TlsTest, CarriesBytesBothWays) {
  std::promise<std::string> asked_for;
  TlsServer server(*certificates_, {.certificate = "server"}, [&](TlsPeer& peer) {
    asked_for.set_value(peer.server_name());
    echo_secured(peer);
  });
  const Endpoint there = endpoint(server);
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(there);
    const std::vector<std::string_view> pieces = {"hel", "", "lo", " there"};
    const Result<void> written = co_await stream->write(pieces);
    EXPECT_TRUE(written);
    const std::string heard = co_await read(*stream, 11);
    EXPECT_EQ(heard, "hello there");
    EXPECT_TRUE(stream->is_quiet());
  });
  EXPECT_EQ(asked_for.get_future().get(), "localhost");
}

TEST_F(TlsTest, CarriesMuchInBothDirectionsAtOnce) {
  constexpr std::size_t kSize = 3'000'000;
  TlsServer server(*certificates_, {.certificate = "server"}, [&](TlsPeer& peer) {
    // Writes first, so that both sides have to read while they write.
    std::string all(kSize, 'y');
    peer.write(all);
    const std::string heard = peer.read(kSize);
    peer.write(heard == std::string(kSize, 'x') ? "right" : "wrong");
  });
  const Endpoint there = endpoint(server);
  const std::string much(kSize, 'x');
  std::vector<std::string_view> pieces;
  for (std::size_t done = 0, size = 1; done < kSize; done += size, size = size % 30'011 * 2 + 1)
    pieces.push_back(std::string_view(much).substr(done, size));
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(there);
    const auto write = [&]() -> async::Task<Result<void>> { co_return co_await stream->write(pieces); };
    const auto hear = [&]() -> async::Task<std::string> { return read(*stream, kSize); };
    const auto both = co_await async::all(write(), hear());
    EXPECT_TRUE(std::get<0>(both));
    EXPECT_TRUE(std::get<1>(both) == std::string(kSize, 'y'));
    const std::string verdict = co_await read(*stream, 5);
    EXPECT_EQ(verdict, "right");
  });
}

TEST_F(TlsTest, KnowsAnAddressByItsCertificate) {
  TlsServer server(*certificates_, {.certificate = "server"}, echo_secured);
  Endpoint there = endpoint(server);
  there.server_name.clear();  // 127.0.0.1 is in the certificate
  EXPECT_EQ(fault_of_connecting(there), "");
}

TEST_F(TlsTest, RefusesWhomItCannotBelieve) {
  TlsServer server(*certificates_, {.certificate = "server"}, echo_secured);
  TlsServer expired(*certificates_, {.certificate = "expired"}, echo_secured);
  TlsServer elsewhere(*certificates_, {.certificate = "elsewhere"}, echo_secured);
  EXPECT_EQ(fault_of_connecting(endpoint(expired)), "certificate has expired");
  EXPECT_EQ(fault_of_connecting(endpoint(elsewhere)), "hostname mismatch");
  Endpoint other_name = endpoint(server);
  other_name.server_name = "127.0.0.2";
  EXPECT_EQ(fault_of_connecting(other_name), "IP address mismatch");
  TlsClient system;  // does not know our authority
  ASSERT_EQ(system.open({}), "");
  Endpoint unknown = endpoint(server);
  unknown.tls = &system;
  EXPECT_EQ(fault_of_connecting(unknown), "unable to get local issuer certificate");
}

TEST_F(TlsTest, RefusesOldVersions) {
  TlsServer server(*certificates_, {.certificate = "server", .most_version = TLS1_1_VERSION}, echo_secured);
  EXPECT_NE(fault_of_connecting(endpoint(server)), "");
}

TEST_F(TlsTest, RefusesWhoSpeaksNoTls) {
  test::ScriptedServer server([](test::Peer& peer) { peer.write("220 hello, who are you?\r\n"); });
  const Endpoint there{.host = "127.0.0.1", .port = server.port(), .tls = &tls_, .server_name = "localhost"};
  EXPECT_EQ(fault_of_connecting(there), "wrong version number");
}

TEST_F(TlsTest, ServerThatIsSilentInTheHandshakeIsGivenUp) {
  test::ScriptedServer server([](test::Peer& peer) { peer.read_to_the_end(); });
  const Endpoint there{.host = "127.0.0.1", .port = server.port(), .tls = &tls_, .server_name = "localhost"};
  run([&]() -> async::Task<> {
    const Result<StreamPtr> stream = co_await connector().connect(there, in(50));
    EXPECT_EQ(stream.error().kind, FaultKind::kTimeout);
  });
}

TEST_F(TlsTest, AgreesOnAProtocol) {
  TlsServer server(*certificates_, {.certificate = "server", .alpn = "h2"}, echo_secured);
  Endpoint there = endpoint(server);
  there.alpn = {"h2", "http/1.1"};
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(there);
    EXPECT_EQ(stream->alpn(), "h2");
  });
}

TEST_F(TlsTest, ResumesSessions) {
  std::atomic<int> resumed = 0;
  TlsServer server(*certificates_, {.certificate = "server"}, [&](TlsPeer& peer) {
    resumed += peer.is_resumed() ? 1 : 0;
    echo_secured(peer);
  });
  const Endpoint there = endpoint(server);
  for (int i = 0; i < 3; ++i) {
    run([&]() -> async::Task<> {
      const StreamPtr stream = co_await connected(there);
      const Result<void> written = co_await stream->write("x");
      EXPECT_TRUE(written);
      const std::string heard = co_await read(*stream, 1);
      EXPECT_EQ(heard, "x");
    });
  }
  EXPECT_EQ(resumed, 2);
}

TEST_F(TlsTest, ShowsItsCertificate) {
  std::promise<std::string> name;
  TlsServer server(*certificates_, {.certificate = "server", .wants_certificate = true}, [&](TlsPeer& peer) {
    name.set_value(peer.client_name());
    echo_secured(peer);
  });
  TlsClient known;
  ASSERT_EQ(known.open({.ca_file = certificates_->ca(),
                        .certificate_file = certificates_->path("client.pem"),
                        .key_file = certificates_->path("client.key")}),
            "");
  Endpoint there = endpoint(server);
  there.tls = &known;
  EXPECT_EQ(fault_of_connecting(there), "");
  EXPECT_EQ(name.get_future().get(), "client");
}

TEST_F(TlsTest, IsRefusedWithoutACertificateThatIsWanted) {
  TlsServer server(*certificates_, {.certificate = "server", .wants_certificate = true}, echo_secured);
  const Endpoint there = endpoint(server);
  run([&]() -> async::Task<> {
    // With TLS 1.3 the server says so behind the handshake.
    const Result<StreamPtr> stream = co_await connector().connect(there, in(10'000));
    if (!stream) co_return;
    std::array<char, 8> buffer;
    const Result<std::size_t> size = co_await (*stream)->read_some(buffer);
    EXPECT_EQ(size.error().kind, FaultKind::kUnavailable);
    EXPECT_EQ(size.error().why, "tlsv13 alert certificate required");
  });
}

// Somebody on the way could have cut the connection where it suits them (RFC 8446, 6.1).
TEST_F(TlsTest, EndWithoutFarewellIsAFault) {
  TlsServer server(*certificates_, {.certificate = "server"}, [](TlsPeer& peer) { peer.write("half"); });
  TlsServer polite(*certificates_, {.certificate = "server"}, [](TlsPeer& peer) {
    peer.write("all");
    peer.end();
  });
  const Endpoint there = endpoint(server);
  const Endpoint other = endpoint(polite);
  run([&]() -> async::Task<> {
    std::array<char, 8> buffer;
    const StreamPtr cut = co_await connected(there);
    const std::string half = co_await read(*cut, 4);
    EXPECT_EQ(half, "half");
    const Result<std::size_t> after = co_await cut->read_some(buffer);
    EXPECT_FALSE(after);
    EXPECT_EQ(after.error().why, "unexpected eof while reading");
    const StreamPtr ended = co_await connected(other);
    const std::string all = co_await read(*ended, 3);
    EXPECT_EQ(all, "all");
    const Result<std::size_t> end = co_await ended->read_some(buffer);
    EXPECT_TRUE(end);
    EXPECT_EQ(end.value_or(9U), 0U);
    EXPECT_FALSE(ended->is_quiet());
  });
}

TEST_F(TlsTest, SaysFarewellWhenItShutsDown) {
  std::promise<std::string> heard;
  TlsServer server(*certificates_, {.certificate = "server"}, [&](TlsPeer& peer) {
    heard.set_value(peer.read(100));  // to the end
    peer.write("answer");
    peer.end();
  });
  const Endpoint there = endpoint(server);
  run([&]() -> async::Task<> {
    const StreamPtr stream = co_await connected(there);
    const Result<void> written = co_await stream->write("question");
    EXPECT_TRUE(written);
    stream->shut_down_write();
    const std::string answer = co_await read(*stream, 6);
    EXPECT_EQ(answer, "answer");
  });
  EXPECT_EQ(heard.get_future().get(), "question");
}

TEST_F(TlsTest, SecuresAConnectionThatThereIs) {
  TlsServer server(*certificates_, {.certificate = "server"}, echo_secured);
  const Endpoint plain{.host = "127.0.0.1", .port = server.port()};
  const Endpoint there = endpoint(server);
  run([&]() -> async::Task<> {
    StreamPtr bare = co_await connected(plain);
    Result<StreamPtr> stream = co_await connector().secure(std::move(bare), there, in(10'000));
    EXPECT_TRUE(stream);
    if (!stream) co_return;
    const Result<void> written = co_await (*stream)->write("x");
    EXPECT_TRUE(written);
    const std::string heard = co_await read(**stream, 1);
    EXPECT_EQ(heard, "x");
    const Result<StreamPtr> twice = co_await connector().secure(*std::move(stream), there, in(10'000));
    EXPECT_EQ(twice.error().why, "TLS needs an open connection without TLS");
  });
}

TEST_F(TlsTest, SaysWhatIsWrongWithItsFiles) {
  TlsClient client;
  EXPECT_EQ(client.open({.ca_file = "/nowhere/ca.pem"}),
            "CA file `/nowhere/ca.pem`: No such file or directory");
  EXPECT_EQ(client.open({.certificate_file = certificates_->path("client.pem")}),
            "a certificate needs a key, and a key a certificate");
  EXPECT_EQ(client.open({.certificate_file = certificates_->path("client.pem"),
                         .key_file = certificates_->path("server.key")}),
            "key `" + certificates_->path("server.key") + "`: key values mismatch");
}

}  // namespace
}  // namespace zerver::io::net
