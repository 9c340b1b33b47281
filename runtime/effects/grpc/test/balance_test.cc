// Three servers of one service, called in turn; one of them fails and comes back.
#include "peer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {
namespace {

using testing::AdapterHarness;
using Shown = testing::Performed<PeerAdapter::ShowMetadataArguments>;

class GrpcBalance : public ::testing::Test {
 protected:
  std::string urls() const {
    return servers_[0].url() + ",127.0.0.1:" + std::to_string(servers_[1].port()) +
           ",127.0.0.1:" + std::to_string(servers_[2].port());
  }
  // Which of the servers has answered.
  std::size_t server_of(const Shown& shown) const {
    constexpr std::string_view kServer = "server=";
    for (const String& field : shown.value().fields) {
      if (!field.view().starts_with(kServer)) continue;
      const std::string_view port = field.view().substr(kServer.size());
      const auto server = std::ranges::find_if(
          servers_, [&](const PeerServer& each) { return std::to_string(each.port()) == port; });
      return static_cast<std::size_t>(server - servers_.begin());
    }
    ADD_FAILURE() << "no server has answered";
    return servers_.size();
  }
  // Answers of so many calls, by server.
  std::array<int, 3> call(AdapterHarness& harness, int count) const {
    std::array<int, 3> answers{};
    for (int i = 0; i < count; ++i) {
      const auto shown = harness.perform(PeerAdapter::ShowMetadataArguments{});
      EXPECT_TRUE(shown->ok()) << shown->why();
      if (shown->ok()) ++answers.at(server_of(*shown));
    }
    return answers;
  }
  // One call after the other, for 5 s at most; whether it has held.
  static bool call_until(AdapterHarness& harness, const std::function<bool(const Shown&)>& holds) {
    const TimePoint end = harness.loop().now() + Duration::from_seconds(5);
    while (harness.loop().now() < end)
      if (holds(*harness.perform(PeerAdapter::ShowMetadataArguments{}))) return true;
    return false;
  }
  // Until each has been connected to: the first calls go to whoever is there.
  void connect_to_all(AdapterHarness& harness) const {
    ASSERT_TRUE(harness.run_until([&] { return harness.system().pool()->open == 3; }));
  }

  std::array<PeerServer, 3> servers_;
};

TEST_F(GrpcBalance, ServersTakeTurns) {
  const auto harness = open_peer(urls());
  call(*harness, 1);
  connect_to_all(*harness);
  EXPECT_EQ(call(*harness, 30), (std::array{10, 10, 10}));
  EXPECT_EQ(harness->system().describe(), urls());
}

TEST_F(GrpcBalance, OneThatFailsIsLeftOutAndComesBack) {
  constexpr std::size_t kAtOnce = 12;
  const auto harness = open_peer(urls());
  call(*harness, 1);
  connect_to_all(*harness);
  std::vector<std::unique_ptr<Shown>> calls;
  for (std::size_t i = 0; i < kAtOnce; ++i)
    calls.push_back(harness->start(PeerAdapter::ShowMetadataArguments{}));
  servers_[0].kill();
  ASSERT_TRUE(harness->run_until(
      [&] { return std::ranges::all_of(calls, [](const auto& each) { return each->ended(); }); }));
  for (const auto& each : calls)
    EXPECT_TRUE(each->ok() || each->fault() == FaultKind::kUnavailable) << each->why();
  // What was under way there failed, and nothing else.
  ASSERT_TRUE(harness->run_until([&] { return harness->system().pool()->open == 2; }));
  EXPECT_EQ(call(*harness, 60), (std::array{0, 30, 30}));
  EXPECT_EQ(harness->probe().state, Health::State::kUp);

  servers_[0].restart();
  EXPECT_TRUE(call_until(*harness, [&](const Shown& shown) {
    EXPECT_TRUE(shown.ok()) << shown.why();
    return shown.ok() && server_of(shown) == 0;
  }));
  EXPECT_EQ(call(*harness, 30), (std::array{10, 10, 10}));
}

TEST_F(GrpcBalance, WithoutAnyCallsFailAndTheFirstThatComesBackAnswers) {
  const auto harness = open_peer(urls());
  call(*harness, 1);
  connect_to_all(*harness);
  for (PeerServer& server : servers_)
    server.kill();
  ASSERT_TRUE(harness->run_until([&] { return harness->system().pool()->open == 0; }));
  for (int i = 0; i < 20; ++i) {
    const auto shown = harness->perform(PeerAdapter::ShowMetadataArguments{});
    EXPECT_EQ(shown->fault(), FaultKind::kUnavailable);
  }
  EXPECT_EQ(harness->probe().state, Health::State::kDown);
  servers_[2].restart();
  EXPECT_TRUE(call_until(*harness, [](const Shown& shown) { return shown.ok(); }));
  EXPECT_EQ(call(*harness, 10), (std::array{0, 0, 10}));
}

// Of which the server listens on one alone.
TEST(GrpcNames, AllAddressesOfANameAreTried) {
  const auto harness = open_peer("http://localhost:" + std::to_string(PeerServer::shared().port()));
  for (int i = 0; i < 5; ++i) {
    const auto shown = harness->perform(PeerAdapter::ShowMetadataArguments{});
    ASSERT_TRUE(shown->ok()) << shown->why();
  }
}

TEST(GrpcNames, AreCheckedWhenTheTargetIsOpened) {
  for (const char* const url :
       {"http://a:1,b:2/path", "http://a:1,", "http://a:1,http://b:2", "http://,a:1"}) {
    const auto harness = open_peer(url);
    EXPECT_FALSE(harness->error().empty()) << url;
  }
}

}  // namespace
}  // namespace zerver::effects
