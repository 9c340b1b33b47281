// `zerver.net.udp` against sockets.
#include "zerver/net.flow.h"
#include <zerver/effects/net/open_net.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace zerver::effects::net {
namespace {

using testing::AdapterHarness;
using ::zerver::net::UdpAdapter;

// Repeats each datagram, but `silent`; ends with `end`.
class EchoSocket {
 public:
  EchoSocket() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    bind(socket_, reinterpret_cast<const sockaddr*>(&address_), size);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size);
    thread_ = std::thread([this] { run(); });
  }
  ~EchoSocket() {
    sendto(socket_, "end", 3, 0, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    thread_.join();
    ::close(socket_);
  }
  EchoSocket(const EchoSocket&) = delete;
  EchoSocket& operator=(const EchoSocket&) = delete;

  std::string url() const { return "udp://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

 private:
  void run() {
    std::string datagram;
    while (datagram != "end") {
      datagram.resize(70'000);
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t length =
          recvfrom(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      datagram.resize(static_cast<std::size_t>(std::max<ssize_t>(0, length)));
      if (datagram != "silent")
        sendto(socket_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    }
  }

  int socket_;
  sockaddr_in address_{};
  std::thread thread_;
};

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
