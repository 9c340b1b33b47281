// What the gate does to connections.
#include "tests/support/faults/fault_gate.h"

#include "tests/support/child_process.h"
#include "tests/support/servers/scripted_server.h"
#include <zerver/core/clock.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <poll.h>
#include <string>
#include <sys/socket.h>

namespace zerver::test {
namespace {

// Repeats what it hears.
void echo(Peer& peer) {
  for (std::string bytes = peer.read_some(); !bytes.empty(); bytes = peer.read_some())
    peer.write(bytes);
}

bool comes_within(const Peer& peer, int milliseconds) {
  pollfd waiting{peer.socket(), POLLIN, 0};
  return poll(&waiting, 1, milliseconds) == 1;
}

// What the next byte is: one, the end, or a reset.
enum class Next { kByte, kEnd, kReset };
Next next_of(const Peer& peer) {
  char byte = 0;
  const ssize_t size = recv(peer.socket(), &byte, 1, 0);
  if (size == 0) return Next::kEnd;
  return size == 1 ? Next::kByte : Next::kReset;
}

class FaultGateTest : public testing::Test {
 protected:
  static Duration milliseconds(int count) { return Duration::from_milliseconds(count); }

  ScriptedServer server_{echo};
  FaultGate gate_{server_.port()};
  SystemClock clock_;
};

TEST_F(FaultGateTest, LetsBytesThroughAndCountsThem) {
  const auto client = Peer::connect(gate_.port());
  const std::string large(1'000'000, 'x');
  // Both directions at once: an echo fills its buffers otherwise.
  for (int i = 0; i < 10; ++i) {
    client->write(large.substr(0, 100'000));
    EXPECT_EQ(client->read(100'000).size(), 100'000U);
  }
  EXPECT_EQ(gate_.stats().to_server, 1'000'000U);
  EXPECT_EQ(gate_.stats().to_client, 1'000'000U);
  EXPECT_EQ(gate_.stats().accepted, 1U);
  client->shut_down_write();
  EXPECT_EQ(client->read_to_the_end(), "");  // the server has ended, too
}

TEST_F(FaultGateTest, DelaysWhatComesFromTheServer) {
  const auto client = Peer::connect(gate_.port());
  gate_.set(GateFault::kLatency, milliseconds(80));
  const TimePoint start = clock_.now();
  client->write("hello");
  EXPECT_EQ(client->read(5), "hello");
  EXPECT_GE((clock_.now() - start).nanoseconds, milliseconds(80).nanoseconds);
}

TEST_F(FaultGateTest, ResetsConnectionsThatThereAreAndThatCome) {
  const auto client = Peer::connect(gate_.port());
  client->write("a");
  ASSERT_EQ(client->read(1), "a");
  gate_.set(GateFault::kReset);
  EXPECT_EQ(next_of(*client), Next::kReset);
  const auto another = Peer::connect(gate_.port());
  EXPECT_EQ(next_of(*another), Next::kReset);
  gate_.set(GateFault::kNone);
  const auto healed = Peer::connect(gate_.port());
  healed->write("b");
  EXPECT_EQ(healed->read(1), "b");
}

TEST_F(FaultGateTest, HoldsBytesBackUntilItIsHealed) {
  const auto client = Peer::connect(gate_.port());
  client->write("a");
  ASSERT_EQ(client->read(1), "a");
  gate_.set(GateFault::kBlackHole);
  client->write("held");
  EXPECT_FALSE(comes_within(*client, 50));
  const auto another = Peer::connect(gate_.port());
  another->write("too");
  EXPECT_FALSE(comes_within(*another, 50));
  gate_.set(GateFault::kNone);
  EXPECT_EQ(client->read(4), "held");
  EXPECT_EQ(another->read(3), "too");
}

TEST_F(FaultGateTest, EndsTheServersSide) {
  const auto client = Peer::connect(gate_.port());
  client->write("a");
  ASSERT_EQ(client->read(1), "a");
  gate_.set(GateFault::kHalfClose);
  EXPECT_EQ(next_of(*client), Next::kEnd);
  EXPECT_TRUE(client->write("into nothing"));
  EXPECT_EQ(gate_.stats().open, 1U);
}

TEST_F(FaultGateTest, TricklesWhatComesFromTheServer) {
  const auto client = Peer::connect(gate_.port());
  gate_.set(GateFault::kSlowBytes, milliseconds(20));
  const TimePoint start = clock_.now();
  client->write("abcd");
  EXPECT_EQ(client->read(4), "abcd");
  EXPECT_GE((clock_.now() - start).nanoseconds, milliseconds(60).nanoseconds);
}

TEST_F(FaultGateTest, RefusesAndTakesTheSamePortAgain) {
  const auto client = Peer::connect(gate_.port());
  gate_.set(GateFault::kRefuse);
  EXPECT_EQ(next_of(*client), Next::kReset);
  EXPECT_FALSE(accepts(gate_.port()));
  gate_.set(GateFault::kNone);
  EXPECT_TRUE(accepts(gate_.port()));
}

TEST_F(FaultGateTest, ResetsOnceWhatIsConnected) {
  const auto client = Peer::connect(gate_.port());
  client->write("a");
  ASSERT_EQ(client->read(1), "a");
  gate_.reset_connections();
  EXPECT_EQ(next_of(*client), Next::kReset);
  EXPECT_EQ(gate_.stats().open, 0U);
  const auto another = Peer::connect(gate_.port());
  another->write("b");
  EXPECT_EQ(another->read(1), "b");
}

TEST_F(FaultGateTest, WithoutAServerResetsItsClients) {
  gate_.set_upstream(free_port());
  const auto client = Peer::connect(gate_.port());
  EXPECT_EQ(next_of(*client), Next::kReset);
}

}  // namespace
}  // namespace zerver::test
