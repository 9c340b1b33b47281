// The adapter `grpc` under a network that fails.
#include "peer.h"
#include "tests/support/faults/fault_suite.h"

namespace zerver::effects {
namespace {

class GrpcFaults : public ::testing::TestWithParam<test::GateFault> {};

TEST_P(GrpcFaults, HoldItsPromises) {
  const auto fetch = [](testing::AdapterHarness& harness, Duration patience) {
    const auto fetched = harness.perform(fetch_bytes(100), {.patience = patience});
    EXPECT_EQ(fetched->value().content.size(), fetched->ok() ? 100U : 0U);
    return test::Called{fetched->fault(), fetched->why(), fetched->took()};
  };
  test::expect_promises_under(
      GetParam(),
      {.server_port = PeerServer::shared().port(),
       .open = [](std::uint16_t port) { return open_peer("http://127.0.0.1:" + std::to_string(port)); },
       .call = fetch});
}
INSTANTIATE_TEST_SUITE_P(Each, GrpcFaults, ::testing::ValuesIn(test::kGateFaults), test::fault_test_name);

}  // namespace
}  // namespace zerver::effects
