// The adapter `http` under a network that fails.
#include "http_fixture.h"
#include "tests/support/faults/fault_suite.h"

namespace zerver::effects {
namespace {

using test::GateFault;

class HttpFaults : public ::testing::TestWithParam<GateFault> {};

TEST_P(HttpFaults, HoldItsPromises) {
  const std::string body = "\"" + std::string(100, 'x') + "\"";
  const test::ScriptedServer server([&](test::Peer& peer) {
    while (!read_head(peer).empty())
      peer.write(answer("200 OK", body));
  });
  test::expect_promises_under(
      GetParam(), {.server_port = server.port(),
                   .open = [](std::uint16_t port) { return open_target(local(port)); },
                   .call =
                       [&](testing::AdapterHarness& harness, Duration patience) {
                         return test::called(
                             harness, HttpAdapter::GetArguments{.path = "/", .query = {}, .headers = {}},
                             patience);
                       }});
}
INSTANTIATE_TEST_SUITE_P(Each, HttpFaults, ::testing::ValuesIn(test::kGateFaults), test::fault_test_name);

}  // namespace
}  // namespace zerver::effects
