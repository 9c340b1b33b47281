// How targets of `zerver.net` are opened: over TLS, and when something is wrong with their arguments.
#include "runtime/io/test/net/tls_server.h"
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects::net {
namespace {

using io::net::TestCertificates;
using io::net::TlsPeer;
using io::net::TlsServer;
using testing::AdapterHarness;
using ::zerver::net::TcpAdapter;

using Arguments = std::vector<std::pair<std::string, std::string>>;

std::unique_ptr<AdapterHarness> opened(const std::string& adapter, Arguments arguments) {
  Registry registry;
  registry.add("zerver.net.tcp", open_tcp());
  registry.add("zerver.net.udp", open_udp());
  registry.add("zerver.net.websocket", open_websocket());
  return std::make_unique<AdapterHarness>(
      registry, adapter, testing::HarnessOptions{.arguments = std::move(arguments), .schema = {}});
}
// Without the name of the target and the adapter.
std::string error_of(const std::string& adapter, Arguments arguments) {
  const std::string error = opened(adapter, std::move(arguments))->error();
  const std::size_t begin = error.rfind(": ");
  return begin == std::string::npos ? error : error.substr(begin + 2);
}

std::string line_over_tls(const TlsServer& server, const std::string& ca) {
  const auto harness =
      opened("zerver.net.tcp", {{"url", "tls://localhost:" + std::to_string(server.port())}, {"ca", ca}});
  if (!harness->error().empty()) return harness->error();
  const auto performed = harness->perform(TcpAdapter::QueryArguments{Bytes::borrowed("hello")});
  return performed->ok() ? std::string(performed->value().view()) : performed->why();
}

TEST(OpenNet, TcpOverTlsVerifiesTheServer) {
  const TestCertificates known;
  known.issue("server");
  const TestCertificates stranger;
  stranger.issue("server");
  const auto echo = [](TlsPeer& peer) { peer.write(peer.read(6)); };
  const TlsServer trusted(known, {.certificate = "server"}, echo);
  const TlsServer untrusted(stranger, {.certificate = "server"}, echo);
  EXPECT_EQ(line_over_tls(trusted, known.ca()), "hello");
  EXPECT_EQ(line_over_tls(untrusted, known.ca()), "unable to get local issuer certificate");
}

TEST(OpenNet, SaysWhatIsWrongBeforeTheStart) {
  EXPECT_EQ(error_of("zerver.net.tcp", {{"url", "http://host"}}),
            "its URL must begin with `tcp://` or `tls://` or `unix:`");
  EXPECT_EQ(error_of("zerver.net.tcp", {{"url", "tcp://host:1/path"}}),
            "its URL has a path, which TCP does not know");
  EXPECT_EQ(error_of("zerver.net.tcp", {{"url", "tcp://host:1"}, {"ca", "ca.pem"}}),
            "its certificates are for `tls://`");
  EXPECT_EQ(error_of("zerver.net.tcp", {{"url", "tls://host:1"}, {"ca", "/nowhere/ca.pem"}}),
            "No such file or directory");
  EXPECT_EQ(error_of("zerver.net.udp", {{"url", "udp://host"}}), "its URL needs a port");
  EXPECT_EQ(error_of("zerver.net.websocket", {{"url", "ws://host"}, {"protocol", "a\r\nX"}}),
            "its `protocol` has a control character");
  EXPECT_EQ(error_of("zerver.net.websocket", {{"url", "wss://host"}, {"authorization", "a\nb"}}),
            "its `authorization` has a control character");
}

TEST(OpenNet, DescribesWhereItGoesAndAsksWhetherItIsThere) {
  const test::ScriptedServer server([](test::Peer& peer) { peer.read_to_the_end(); });
  const std::string url = "tcp://127.0.0.1:" + std::to_string(server.port());
  const auto harness = opened("zerver.net.tcp", {{"url", url}});
  EXPECT_EQ(harness->system().describe(), url);
  EXPECT_EQ(harness->system().health().state, Health::State::kStarting);
  EXPECT_EQ(harness->probe().state, Health::State::kUp);
  const auto nobody =
      opened("zerver.net.tcp", {{"url", "tcp://127.0.0.1:" + std::to_string(test::free_port())}});
  EXPECT_EQ(nobody->probe().state, Health::State::kDown);
  EXPECT_EQ(nobody->system().health().why, "the connection was refused");
}

}  // namespace
}  // namespace zerver::effects::net
