// One suite for every implementation of `kv`: in memory, in simulated time, in Redis, in a cluster.
#include "conformance.h"

#include "tests/support/servers/redis_server.h"
#include "zerver.flow.h"
#include <zerver/effects/redis/key_slot.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zerver::effects::kv {
namespace {

using testing::AdapterHarness;
using testing::HarnessOptions;

std::unique_ptr<AdapterHarness> open(const HarnessOptions& options) {
  auto kv = std::make_unique<AdapterHarness>(standard_registry(), "zerver.kv", options);
  EXPECT_EQ(kv->error(), "");
  return kv;
}

TEST(KvConformance, Memory) { check_conformance(*open(harness_for("memory:"))); }

TEST(KvConformance, MemoryInSimulatedTime) {
  check_conformance(*open(harness_for("memory:?max=16MiB", "test:", HarnessOptions::Time::kSimulated)));
}

TEST(KvConformance, Redis) {
  const test::RedisServer server;
  const auto kv = open(harness_for(server.url()));
  check_conformance(*kv);
  EXPECT_EQ(kv->probe().state, Health::State::kUp);
  EXPECT_EQ(kv->system().health().state, Health::State::kUp);
  EXPECT_EQ(kv->system().pool()->open, 1U);
  EXPECT_EQ(kv->system().pool()->waiting, 0U);
}

TEST(KvConformance, RedisWithPasswordDatabaseAndConnections) {
  const test::RedisServer server({.password = "p:w@/%", .cluster = false});
  const std::string address = "127.0.0.1:" + std::to_string(server.port()) + "/3?connections=3";
  const auto kv = open(harness_for("redis://:p%3Aw%40%2F%25@" + address));
  check_conformance(*kv);
  EXPECT_EQ(kv->system().describe().find("p:w"), std::string::npos);
  EXPECT_EQ(server.command({"-n", "3", "EXISTS", "test:n"}), "1\n");

  const auto wrong = open(harness_for("redis://:guess@" + address));
  const auto got = wrong->perform(KvAdapter::GetArguments{"n"});
  EXPECT_EQ(got->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(got->why(), "Redis refuses user, password or database");
  EXPECT_EQ(wrong->probe().state, Health::State::kDown);
}

TEST(KvConformance, RedisWhosePasswordIsRotated) {
  const test::RedisServer server;
  const std::string address = "@127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(server.command({"ACL", "SETUSER", "app", "on", ">one", "~*", "&*", "+@all"}), "OK\n");
  const auto kv = open(harness_for("redis://app:one" + address));
  const auto get = [&] { return kv->perform(KvAdapter::GetArguments{"n"})->fault(); };
  EXPECT_EQ(get(), FaultKind::kMissing);
  EXPECT_EQ(server.command({"ACL", "SETUSER", "app", "<one", ">two"}), "OK\n");
  EXPECT_EQ(get(), FaultKind::kMissing);  // on the connection that there is
  EXPECT_EQ(server.command({"CLIENT", "KILL", "USER", "app"}), "1\n");
  EXPECT_EQ(get(), FaultKind::kUnavailable);

  EXPECT_NE(kv->system().renew("url", "redis://other:two" + address), "");
  EXPECT_NE(kv->system().renew("url", "redis://app:two" + address + "/1"), "");
  EXPECT_NE(kv->system().renew("prefix", "x"), "");
  EXPECT_EQ(kv->system().renew("url", "redis://app:two" + address), "");
  std::unique_ptr<testing::Performed<KvAdapter::GetArguments>> tried;
  EXPECT_TRUE(kv->run_until([&] {
    if (tried != nullptr && !tried->ended()) return false;
    if (tried != nullptr && tried->fault() == FaultKind::kMissing) return true;
    tried = kv->start(KvAdapter::GetArguments{"n"});
    return false;
  }));
}

TEST(KvConformance, RedisCluster) {
  test::RedisCluster cluster;
  const auto kv = open(harness_for(cluster.url()));
  check_conformance(*kv);

  // A slot moves: the command is sent on, and those behind it go where it is now.
  ASSERT_EQ(kv->perform(KvAdapter::SetArguments{"moved", Json::borrowed("1")})->fault(), std::nullopt);
  const std::uint16_t slot = redis::key_slot("test:moved");
  const std::size_t from = slot / 5461 > 2 ? 2 : slot / 5461;
  cluster.move_slot(slot, from, (from + 1) % 3);
  const auto got = kv->perform(KvAdapter::GetArguments{"moved"});
  ASSERT_TRUE(got->ok()) << got->why();
  EXPECT_EQ(got->value(), "1");
}

TEST(KvMemory, TargetsShareWhatHasAName) {
  const auto first = open(harness_for("memory:shared", ""));
  const auto second = open(harness_for("memory:shared", ""));
  const auto other = open(harness_for("memory:", ""));
  ASSERT_TRUE(first->perform(KvAdapter::SetArguments{"a", Json::borrowed("1")})->ok());
  EXPECT_TRUE(second->perform(KvAdapter::GetArguments{"a"})->ok());
  EXPECT_EQ(other->perform(KvAdapter::GetArguments{"a"})->fault(), FaultKind::kMissing);
}

TEST(KvOpen, SaysWhatIsWrongWithoutSecrets) {
  for (const char* const wrong :
       {"memory:?max=1", "redis://:p4ss@", "kv:local", "rediss://u:p4ss@host?ca=none.pem"}) {
    const AdapterHarness kv(standard_registry(), "zerver.kv", harness_for(wrong));
    EXPECT_NE(kv.error(), "") << wrong;
    EXPECT_EQ(kv.error().find("p4ss"), std::string::npos) << kv.error();
  }
  const AdapterHarness kv(standard_registry(), "zerver.kv", harness_for("memory:", std::string(257, 'p')));
  EXPECT_NE(kv.error(), "");
}

TEST(KvRedis, HasNoNetworkInASimulation) {
  const auto kv = open(harness_for("redis://localhost", "", HarnessOptions::Time::kSimulated));
  EXPECT_EQ(kv->perform(KvAdapter::GetArguments{"a"})->fault(), FaultKind::kUnavailable);
}

}  // namespace
}  // namespace zerver::effects::kv
