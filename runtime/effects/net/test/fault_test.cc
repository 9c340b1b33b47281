// `tcp`, `websocket` and `udp` on a network that fails.
#include "runtime/effects/net/test/peers.h"
#include "runtime/effects/net/test/sessions.h"
#include "tests/support/child_process.h"
#include "tests/support/fault_suite.h"
#include "tests/support/scripted_server.h"
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zerver::test {
namespace {

using effects::net::LineSession;
using effects::net::script_of;
using effects::net::WebSocketSession;
using net::TcpAdapter;
using net::UdpAdapter;
using net::WebsocketAdapter;
using zerver::testing::AdapterHarness;

std::unique_ptr<AdapterHarness> harness_of(const std::string& adapter, const std::string& url) {
  effects::Registry registry;
  registry.add("zerver.net.tcp", effects::open_tcp());
  registry.add("zerver.net.udp", effects::open_udp());
  registry.add("zerver.net.websocket", effects::open_websocket());
  return std::make_unique<AdapterHarness>(
      registry, adapter, zerver::testing::HarnessOptions{.arguments = {{"url", url}}, .schema = {}});
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

TEST(UdpFaults, NobodyListens) {
  const auto harness = harness_of("zerver.net.udp", "udp://127.0.0.1:" + std::to_string(free_port()));
  const Called refused =
      called(*harness, UdpAdapter::QueryArguments{Bytes::borrowed("hello")}, Duration::from_seconds(5));
  EXPECT_EQ(refused.fault, FaultKind::kUnavailable);
  EXPECT_EQ(refused.why, "the connection was refused");
}

}  // namespace
}  // namespace zerver::test
