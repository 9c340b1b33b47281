// A service in several places: who is called, who is left out, and what happens when one of them goes.
#include "http_fixture.h"
#include "tests/support/servers/nginx_server.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace {

using test::Peer;
using test::ScriptedServer;
using Got = testing::Performed<HttpAdapter::GetArguments>;

std::string list_of(const std::vector<std::uint16_t>& ports) {
  std::string hosts = "http://";
  for (const std::uint16_t port : ports)
    hosts += (hosts.size() == 7 ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(port);
  return hosts;
}

// Servers that answer with their number, and with the status that they are told.
class Numbered {
 public:
  explicit Numbered(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      statuses_.emplace_back("200 OK");
      servers_.push_back(std::make_unique<ScriptedServer>([this, i](Peer& peer) {
        while (!read_head(peer).empty() && peer.write(answer(statuses_[i].load(), std::to_string(i)))) {
        }
      }));
    }
  }
  std::string url() const {
    std::vector<std::uint16_t> ports;
    for (const auto& server : servers_)
      ports.push_back(server->port());
    return list_of(ports);
  }
  // Static text.
  void set(std::size_t server, const char* status) { statuses_[server] = status; }
  const ScriptedServer& operator[](std::size_t server) const { return *servers_[server]; }

 private:
  std::deque<std::atomic<const char*>> statuses_;
  std::vector<std::unique_ptr<ScriptedServer>> servers_;
};

// Who has answered so many calls, one behind the other; `-` where it was no success.
std::string call(testing::AdapterHarness& target, int count) {
  std::string answers;
  for (int i = 0; i < count; ++i) {
    const auto got = target.perform(get("/"));
    answers += *got ? got->value() : "-";
  }
  return answers;
}
// The first call connects to all: until that has been done.
void connect(testing::AdapterHarness& target, std::uint32_t count) {
  ASSERT_TRUE(*target.perform(get("/")));
  ASSERT_TRUE(target.run_until([&] { return target.system().pool()->open == count; }));
}
AddressState state_of(testing::AdapterHarness& target, std::uint16_t port) {
  for (const AddressState& state : target.system().addresses())
    if (state.address == "127.0.0.1:" + std::to_string(port)) return state;
  ADD_FAILURE() << "there is no such address";
  return {};
}

TEST(HttpBalance, PlacesTakeTurnsAndKeepTheirConnections) {
  const Numbered servers(3);
  const auto target = open_target(servers.url());
  ASSERT_EQ(target->error(), "");
  EXPECT_EQ(target->system().describe(), servers.url());
  connect(*target, 3);
  const std::string answers = call(*target, 30);
  for (const char server : {'0', '1', '2'})
    EXPECT_EQ(std::count(answers.begin(), answers.end(), server), 10) << answers;
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(servers[i].accepted(), 1);
  EXPECT_EQ(target->system().pool()->open, 3U);
  EXPECT_EQ(state_of(*target, servers[0].port()).in_flight, 0U);
  EXPECT_GE(state_of(*target, servers[0].port()).calls, 10U);
}

TEST(HttpBalance, WhoIsSlowGetsFewerCalls) {
  std::atomic<int> held = 0;
  const ScriptedServer slow([&](Peer& peer) {
    if (read_head(peer).empty()) return;
    ++held;
    peer.read_to_the_end();
  });
  const Numbered quick(1);
  const auto target = open_target(list_of({slow.port(), quick[0].port()}));
  std::vector<std::unique_ptr<Got>> started;
  started.push_back(target->start(get("/")));
  ASSERT_TRUE(target->run_until([&] { return target->system().pool()->open == 2; }));
  for (int i = 0; i < 40; ++i) {
    started.push_back(target->start(get("/")));
    ASSERT_TRUE(target->run_until([&] { return state_of(*target, quick[0].port()).in_flight == 0; }));
  }
  // One is held there: as long as it is, the other one has fewer calls under way.
  // What its thread does wakes no loop.
  const TimePoint end = target->loop().now() + Duration::from_seconds(20);
  while (held == 0 && target->loop().now() < end)
    target->run_until([&] { return held == 1; }, Duration::from_milliseconds(2));
  EXPECT_EQ(held, 1);
  EXPECT_EQ(state_of(*target, slow.port()).in_flight, 1U);
}

TEST(HttpBalance, AnotherAttemptGoesElsewhere) {
  const Numbered servers(3);
  const auto target = open_target(servers.url());
  connect(*target, 3);
  for (int i = 0; i < 20; ++i) {
    std::uint64_t call = 0;
    std::set<std::string> answers;
    for (unsigned attempt = 1; attempt <= 3; ++attempt) {
      // Others go on meanwhile.
      ASSERT_TRUE(*target->perform(get("/")));
      const auto got = target->perform(get("/"), {.attempt = attempt, .call_data = &call});
      ASSERT_TRUE(*got) << got->why();
      answers.insert(got->value());
    }
    EXPECT_EQ(answers, (std::set<std::string>{"0", "1", "2"}));
    EXPECT_TRUE(*target->perform(get("/"), {.attempt = 4, .call_data = &call})) << "all have been tried";
  }
}

TEST(HttpBalance, WhoOnlyFailsIsLeftOutForAWhile) {
  Numbered servers(3);
  servers.set(1, "503 Service Unavailable");
  const auto target = open_target(servers.url());
  while (!*target->perform(get("/"))) {
  }
  ASSERT_TRUE(target->run_until([&] { return target->system().pool()->open == 3; }));
  int failures = 0;
  while (!state_of(*target, servers[1].port()).is_left_out) {
    for (const char answer : call(*target, 1))
      failures += answer == '-';
    ASSERT_LE(failures, 5);
  }
  EXPECT_EQ(state_of(*target, servers[1].port()).failures, 5U);
  servers.set(1, "200 OK");
  // It comes back by itself.
  const TimePoint end = target->loop().now() + Duration::from_seconds(5);
  while (state_of(*target, servers[1].port()).is_left_out && target->loop().now() < end)
    EXPECT_EQ(call(*target, 1).find('-'), std::string::npos);
  EXPECT_FALSE(state_of(*target, servers[1].port()).is_left_out);
}

TEST(HttpBalance, AnErrorOfAnApplicationLeavesNobodyOut) {
  Numbered servers(3);
  for (const char* const status : {"500 Internal Server Error", "404 Not Found", "429 Too Many Requests"}) {
    servers.set(1, status);
    const auto target = open_target(servers.url());
    while (!*target->perform(get("/"))) {
    }
    ASSERT_TRUE(target->run_until([&] { return target->system().pool()->open == 3; }));
    const std::string answers = call(*target, 60);
    EXPECT_EQ(std::count(answers.begin(), answers.end(), '-'), 20) << status;
  }
}

TEST(HttpBalance, AllThatFailAreStillCalled) {
  Numbered servers(2);
  servers.set(0, "502 Bad Gateway");
  servers.set(1, "502 Bad Gateway");
  const auto target = open_target(servers.url());
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(target->perform(get("/"))->status(), 502);
}

TEST(HttpBalance, ConnectionsAreAsManyAsThePoolMayHave) {
  const Numbered servers(3);
  const auto target = open_target(servers.url(), {}, 2);
  std::vector<std::unique_ptr<Got>> started;
  for (int i = 0; i < 200; ++i)
    started.push_back(target->start(get("/")));
  ASSERT_TRUE(target->run_until([&] {
    EXPECT_LE(target->system().pool()->open, 2U);
    return std::ranges::all_of(started, [](const auto& each) { return each->ended(); });
  }));
  for (const auto& each : started)
    EXPECT_TRUE(*each) << each->why();
  EXPECT_EQ(target->system().pool()->waiting, 0U);
}

TEST(HttpBalance, CallsThatAreGivenUpLeaveNothingBehind) {
  const ScriptedServer first([](Peer& peer) { peer.read_to_the_end(); });
  const ScriptedServer second([](Peer& peer) { peer.read_to_the_end(); });
  const auto target = open_target(list_of({first.port(), second.port()}), {}, 4);
  std::vector<std::unique_ptr<Got>> started;
  for (int i = 0; i < 20; ++i)
    started.push_back(target->start(get("/")));
  ASSERT_TRUE(target->run_until([&] { return target->system().pool()->open == 4; }));
  for (const auto& each : started)
    each->cancel();
  for (const ScriptedServer* server : {&first, &second})
    EXPECT_EQ(state_of(*target, server->port()).in_flight, 0U);
  EXPECT_EQ(target->system().pool()->open, 0U);
  EXPECT_EQ(target->system().pool()->waiting, 0U);
  // Connections that were under way for them stay for whoever comes next.
  EXPECT_TRUE(target->run_until([&] { return target->system().pool()->idle == 4; }));
}

TEST(HttpBalance, WithoutAnyPlaceCallsFailAtOnce) {
  const auto target = open_target(list_of({test::free_port(), test::free_port()}));
  for (int i = 0; i < 5; ++i) {
    const auto got = target->perform(get("/"));
    EXPECT_EQ(got->fault(), FaultKind::kUnavailable);
    EXPECT_LT(got->took(), Duration::from_seconds(5));
  }
  EXPECT_EQ(target->probe().state, Health::State::kDown);
}

TEST(HttpBalance, AHostThatHasNoAddressFailsEachCall) {
  const auto target = open_target("http://no-such-host.invalid");
  for (int i = 0; i < 3; ++i) {
    const auto got = target->perform(get("/"));
    EXPECT_EQ(got->fault(), FaultKind::kUnavailable) << got->why();
  }
}

// Of which the server listens on one alone.
TEST(HttpBalance, AllAddressesOfANameAreTried) {
  const Numbered servers(1);
  const auto target = open_target("http://localhost:" + std::to_string(servers[0].port()));
  EXPECT_EQ(call(*target, 5), "00000");
  EXPECT_EQ(target->system().health().state, Health::State::kUp);
}

TEST(HttpBalance, AProxyIsAskedForOneHostAlone) {
  const Arguments proxy{{"proxy", "http://127.0.0.1:1"}};
  EXPECT_EQ(open_target("http://a:1,b:2", proxy)->error(),
            "its URL names several hosts, which a proxy cannot be asked for");
  EXPECT_EQ(open_target("http://a:1", proxy)->error(), "");
}

// --- nginx, killed and started again under load ---

class NginxPlaces : public ::testing::TestWithParam<bool> {
 protected:
  NginxPlaces() : is_http2_(GetParam()) {}

  std::unique_ptr<testing::AdapterHarness> open() const {
    std::string hosts;
    for (const test::NginxServer& server : servers_) {
      const std::string url = is_http2_ ? server.http2() : server.http1();
      hosts += hosts.empty() ? url : "," + url.substr(7);
    }
    return open_target(hosts, {{"http2", is_http2_ ? "always" : "never"}});
  }
  std::string address_of(std::size_t server) const {
    return (is_http2_ ? servers_[server].http2() : servers_[server].http1()).substr(7);
  }
  AddressState state_of(testing::AdapterHarness& target, std::size_t server) const {
    for (const AddressState& state : target.system().addresses())
      if (state.address == address_of(server)) return state;
    return {};
  }
  // So many calls, eight at once, each with two further attempts. Those that have failed for good.
  static int load(testing::AdapterHarness& target, int calls, const std::function<void(int)>& before) {
    struct Running {
      std::unique_ptr<std::uint64_t> call_data;
      std::unique_ptr<Got> got;
      unsigned attempt = 1;
    };
    std::vector<Running> running(8);
    int begun = 0;
    int failed = 0;
    const auto go_on = [&](Running& each) {
      if (each.got != nullptr && !each.got->ended()) return;
      const bool again = each.got != nullptr && !*each.got && each.attempt < 3;
      if (each.got != nullptr && !*each.got && !again) ++failed;
      if (!again) each = {std::make_unique<std::uint64_t>(0), nullptr, 0};
      if (!again && begun == calls) return;
      if (!again) before(begun++);
      ++each.attempt;
      each.got = target.start(get("/version"), {.attempt = each.attempt, .call_data = each.call_data.get()});
    };
    EXPECT_TRUE(target.run_until([&] {
      for (Running& each : running)
        go_on(each);
      return begun == calls &&
             std::ranges::all_of(running, [](const Running& each) { return each.got == nullptr; });
    }));
    return failed;
  }

  bool is_http2_;
  std::array<test::NginxServer, 3> servers_;
};

TEST_P(NginxPlaces, ThatAreKilledAndStartedAgainCostNoCall) {
  const auto target = open();
  const int failed = load(*target, 3000, [&](int call) {
    if (call == 500) servers_[0].kill();
    if (call == 1000) servers_[1].kill();
    if (call == 1500) servers_[0].start_again();
    if (call == 2000) servers_[1].start_again();
  });
  EXPECT_EQ(failed, 0);
  const std::uint64_t before = state_of(*target, 0).calls;
  // All of them are called again.
  const TimePoint end = target->loop().now() + Duration::from_seconds(5);
  while (state_of(*target, 0).calls == before && target->loop().now() < end)
    ASSERT_TRUE(*target->perform(get("/version")));
  EXPECT_GT(state_of(*target, 0).calls, before);
  for (std::size_t server = 0; server < servers_.size(); ++server)
    EXPECT_EQ(state_of(*target, server).in_flight, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, NginxPlaces, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "Http2" : "Http1"; });

}  // namespace
}  // namespace zerver::effects
