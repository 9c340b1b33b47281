// `zerver.net.udp` against sockets.
#include "runtime/effects/net/test/echo_socket.h"
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace zerver::effects::net {
namespace {

using testing::AdapterHarness;
using ::zerver::net::UdpAdapter;

class UdpTest : public ::testing::Test {
 protected:
  UdpTest() {
    Registry registry;
    registry.add("zerver.net.udp", open_udp());
    harness_ = std::make_unique<AdapterHarness>(
        registry, "zerver.net.udp",
        testing::HarnessOptions{.arguments = {{"url", server_.url()}}, .schema = {}});
  }
  std::string query(std::string_view message, int patience = 10'000) {
    const auto performed = harness_->perform(UdpAdapter::QueryArguments{Bytes::borrowed(message)},
                                             {.patience = Duration::from_milliseconds(patience)});
    if (!performed->ok()) return std::string(zerver::name_of(*performed->fault())) + ": " + performed->why();
    return std::string(performed->value().view());
  }

  EchoSocket server_;
  std::unique_ptr<AdapterHarness> harness_;
};

TEST_F(UdpTest, GivesTheDatagramThatComesBack) {
  ASSERT_EQ(harness_->error(), "");
  EXPECT_EQ(query("hello"), "hello");
  EXPECT_EQ(query(""), "rejected: a datagram has at least one byte");
  EXPECT_EQ(query(std::string(60'000, 'x')), std::string(60'000, 'x'));
  EXPECT_EQ(query(std::string(65'508, 'x')), "rejected: the message is too large for a datagram");
  EXPECT_EQ(harness_->system().describe(), server_.url());
}

TEST_F(UdpTest, NeverTakesTheAnswerToAnother) {
  std::vector<std::string> messages;
  for (int i = 0; i < 50; ++i)
    messages.push_back(std::to_string(i));
  std::vector<std::unique_ptr<testing::Performed<UdpAdapter::QueryArguments>>> calls;
  for (const std::string& message : messages)
    calls.push_back(harness_->start(UdpAdapter::QueryArguments{Bytes::borrowed(message)}));
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_TRUE(harness_->run_until([&] { return calls[i]->ended(); }));
    ASSERT_TRUE(calls[i]->ok()) << calls[i]->why();
    EXPECT_EQ(calls[i]->value().view(), messages[i]);
  }
}

TEST_F(UdpTest, SilenceIsATimeout) {
  EXPECT_EQ(query("silent", 30), "timeout: there was no answer in time");
  EXPECT_EQ(query("hello"), "hello");
}

TEST_F(UdpTest, SendsWithoutAnAnswer) {
  EXPECT_TRUE(harness_->perform(UdpAdapter::SendArguments{Bytes::borrowed("silent")})->ok());
}

}  // namespace
}  // namespace zerver::effects::net
