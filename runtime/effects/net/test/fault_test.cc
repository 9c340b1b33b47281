// `tcp`, `websocket` and `udp` on a network that fails.
#include "runtime/effects/net/test/echo_socket.h"
#include "runtime/effects/net/test/peers.h"
#include "runtime/effects/net/test/sessions.h"
#include "runtime/effects/net/test/udp_gate.h"
#include "runtime/io/test/net/tls_server.h"
#include "tests/support/child_process.h"
#include "tests/support/faults/fault_suite.h"
#include "tests/support/servers/scripted_server.h"
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace zerver::test {
namespace {

using effects::net::LineSession;
using effects::net::script_of;
using effects::net::WebSocketSession;
using net::TcpAdapter;
using net::UdpAdapter;
using net::WebsocketAdapter;
using zerver::testing::AdapterHarness;

// `ca`: of a URL with TLS.
std::unique_ptr<AdapterHarness> harness_of(const std::string& adapter, const std::string& url,
                                           const std::string& ca = {}) {
  effects::Registry registry;
  registry.add("zerver.net.tcp", effects::open_tcp());
  registry.add("zerver.net.udp", effects::open_udp());
  registry.add("zerver.net.websocket", effects::open_websocket());
  zerver::testing::HarnessOptions options;
  options.arguments = {{"url", url}};
  if (!ca.empty()) options.arguments.emplace_back("ca", ca);
  return std::make_unique<AdapterHarness>(registry, adapter, options);
}

class TcpFaults : public ::testing::TestWithParam<GateFault> {};

TEST_P(TcpFaults, HoldItsPromises) {
  const ScriptedServer server(script_of([] { return std::make_unique<LineSession>(); }));
  expect_promises_under(GetParam(),
                        {.server_port = server.port(),
                         .open =
                             [](std::uint16_t port) {
                               return harness_of("zerver.net.tcp", "tcp://127.0.0.1:" + std::to_string(port));
                             },
                         .call =
                             [](AdapterHarness& harness, Duration patience) {
                               return called(harness, TcpAdapter::QueryArguments{Bytes::borrowed("hello")},
                                             patience);
                             }});
}
INSTANTIATE_TEST_SUITE_P(Under, TcpFaults, ::testing::ValuesIn(kGateFaults), fault_test_name);

class WebSocketFaults : public ::testing::TestWithParam<GateFault> {};

TEST_P(WebSocketFaults, HoldItsPromises) {
  const ScriptedServer server(script_of([] { return std::make_unique<WebSocketSession>(); }));
  expect_promises_under(
      GetParam(), {.server_port = server.port(),
                   .open =
                       [](std::uint16_t port) {
                         return harness_of("zerver.net.websocket", "ws://127.0.0.1:" + std::to_string(port));
                       },
                   .call =
                       [](AdapterHarness& harness, Duration patience) {
                         return called(harness, WebsocketAdapter::QueryArguments{"hello"}, patience);
                       }});
}
INSTANTIATE_TEST_SUITE_P(Under, WebSocketFaults, ::testing::ValuesIn(kGateFaults), fault_test_name);

// The same over TLS: `session` is what the server does.
template <class Session> io::net::TlsServer::Script script_over_tls() {
  return [](io::net::TlsPeer& peer) {
    Session session;
    std::string out;
    for (std::string bytes = peer.read(1); !bytes.empty(); bytes = peer.read(1)) {
      out.clear();
      if (!session.take(bytes, out) || (!out.empty() && !peer.write(out))) return;
    }
  };
}

class TlsFaults : public ::testing::TestWithParam<GateFault> {
 protected:
  TlsFaults() { certificates.issue("server"); }
  // `scheme` and `path` of a URL.
  std::unique_ptr<AdapterHarness> open(const std::string& adapter, const std::string& scheme,
                                       std::uint16_t port) const {
    return harness_of(adapter, scheme + "://localhost:" + std::to_string(port), certificates.ca());
  }

  io::net::TestCertificates certificates;
};

TEST_P(TlsFaults, LinesHoldTheirPromises) {
  const io::net::TlsServer server(certificates, {.certificate = "server"}, script_over_tls<LineSession>());
  expect_promises_under(GetParam(),
                        {.server_port = server.port(),
                         .open = [this](std::uint16_t port) { return open("zerver.net.tcp", "tls", port); },
                         .call =
                             [](AdapterHarness& harness, Duration patience) {
                               return called(harness, TcpAdapter::QueryArguments{Bytes::borrowed("hello")},
                                             patience);
                             }});
}

TEST_P(TlsFaults, WebSocketsHoldTheirPromises) {
  const io::net::TlsServer server(certificates, {.certificate = "server", .alpn = "http/1.1"},
                                  script_over_tls<WebSocketSession>());
  expect_promises_under(
      GetParam(), {.server_port = server.port(),
                   .open = [this](std::uint16_t port) { return open("zerver.net.websocket", "wss", port); },
                   .call =
                       [](AdapterHarness& harness, Duration patience) {
                         return called(harness, WebsocketAdapter::QueryArguments{"hello"}, patience);
                       }});
}
INSTANTIATE_TEST_SUITE_P(Under, TlsFaults, ::testing::ValuesIn(kGateFaults), fault_test_name);

// Datagrams are lost, late, doubled or refused; a call ends in time, and the next one has its own answer.
TEST(UdpFaults, HoldTheirPromises) {
  using effects::net::UdpFault;
  const effects::net::EchoSocket server;
  effects::net::UdpGate gate(server.port());
  const auto harness = harness_of("zerver.net.udp", gate.url());
  int number = 0;
  const auto ask = [&](Duration patience) {
    const std::string text = "call " + std::to_string(++number);
    const auto performed =
        harness->perform(UdpAdapter::QueryArguments{Bytes::borrowed(text)}, {.patience = patience});
    if (performed->ok()) {
      EXPECT_EQ(performed->value().view(), text);
    }
    return Called{performed->fault(), performed->why(), performed->took()};
  };
  constexpr Duration kPatience = Duration::from_milliseconds(250);
  constexpr Duration kWell = Duration::from_seconds(10);
  ASSERT_FALSE(ask(kWell).fault);
  const auto descriptors = [&gate] { return open_descriptors() - gate.clients(); };
  const std::size_t before = descriptors();
  for (const auto& [fault, kind] :
       {std::pair{UdpFault::kLost, FaultKind::kTimeout}, std::pair{UdpFault::kLate, FaultKind::kTimeout},
        std::pair{UdpFault::kRefuse, FaultKind::kUnavailable}}) {
    gate.set(fault);
    for (int i = 0; i < 3; ++i) {
      const Called failed = ask(kPatience);
      EXPECT_EQ(failed.fault, kind) << failed.why;
      EXPECT_LE(failed.took, kPatience + Duration::from_milliseconds(50));
    }
    gate.set(UdpFault::kNone);
    for (int i = 0; i < 3; ++i)
      EXPECT_FALSE(ask(kWell).fault);
  }
  gate.set(UdpFault::kDuplicate);
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(ask(kWell).fault);
  EXPECT_EQ(descriptors(), before);
}

TEST(UdpFaults, NobodyListens) {
  const auto harness = harness_of("zerver.net.udp", "udp://127.0.0.1:" + std::to_string(free_port()));
  const Called refused =
      called(*harness, UdpAdapter::QueryArguments{Bytes::borrowed("hello")}, Duration::from_seconds(5));
  EXPECT_EQ(refused.fault, FaultKind::kUnavailable);
  EXPECT_EQ(refused.why, "the connection was refused");
}

}  // namespace
}  // namespace zerver::test
