// One suite for every implementation of `kv`: in memory, in simulated time, in Redis, in a cluster, in
// databases.
#include "conformance.h"

#include "tests/support/child_process.h"
#include "tests/support/servers/postgres_server.h"
#include "tests/support/servers/redis_server.h"
#include "zerver.flow.h"
#include <zerver/effects/kv/open_kv.h>
#include <zerver/effects/redis/key_slot.h>
#include <zerver/effects/sql/inline_sqlite.h>
#include <zerver/effects/sql/sqlite/connection.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

// --- In a database ---

std::int64_t number_of(const std::string& path, std::string_view statement) {
  sqlite::Connection connection;
  EXPECT_EQ(connection.open(path, true), "");
  flow::RowSet rows;
  bool needs_writer = false;
  EXPECT_EQ(connection.run(statement, {}, sqlite::Wanted::kRows, rows, {}, needs_writer).why, "");
  return rows.cell(0, 0).integer();
}

class KvSqlite : public ::testing::Test {
 protected:
  test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "kv.db").string();
};

TEST_F(KvSqlite, Conforms) {
  const auto kv = open(harness_for("sqlite:" + path));
  check_conformance(*kv);
  EXPECT_EQ(kv->probe().state, Health::State::kUp);
  EXPECT_EQ(kv->system().describe(), "sqlite:" + path);
  EXPECT_EQ(kv->system().pool()->open, 5U);
}

TEST_F(KvSqlite, ConformsWhereCommitsWaitForTheDisk) {
  check_conformance(*open(harness_for("sqlite:" + path + "?synchronous=full")));
}

TEST(KvConformance, SqliteInSimulatedTime) {
  InlineSqlite sqlite;
  Registry registry;
  registry.add("zerver.kv", open_kv({.open = sqlite.open(), .are_real = false}));
  AdapterHarness kv(registry, "zerver.kv",
                    harness_for("sqlite:kv.db", "test:", HarnessOptions::Time::kSimulated));
  ASSERT_EQ(kv.error(), "");
  check_conformance(kv);
}

TEST(KvConformance, Postgres) {
  const test::PostgresServer server;
  const auto kv = open(harness_for(server.url()));
  check_conformance(*kv);
  EXPECT_EQ(kv->probe().state, Health::State::kUp);
  EXPECT_EQ(kv->system().health().state, Health::State::kUp);
  EXPECT_GT(kv->system().pool()->open, 0U);
  EXPECT_EQ(
      server.query("select count(*) from zerver_kv where key = 'test:large' and length(value) > 200000"),
      "1");
}

// Expired rows go by themselves, more of them than are deleted at once.
template <class Count> void expect_sweep(AdapterHarness& kv, const Count& count) {
  constexpr int kRows = 1200;
  std::vector<std::string> keys;
  for (int i = 0; i < kRows; ++i)
    keys.push_back("brief:" + std::to_string(i));
  std::vector<std::unique_ptr<testing::Performed<KvAdapter::SetForArguments>>> written;
  for (const std::string& key : keys)
    written.push_back(kv.start(KvAdapter::SetForArguments{String::borrowed(key), Json::borrowed("1"),
                                                          Duration::from_milliseconds(50)}));
  ASSERT_TRUE(
      kv.perform(KvAdapter::SetForArguments{"long", Json::borrowed("1"), Duration::from_seconds(600)})->ok());
  ASSERT_TRUE(kv.perform(KvAdapter::SetArguments{"kept", Json::borrowed("1")})->ok());
  ASSERT_TRUE(kv.perform(KvAdapter::TakeArguments{"limit", 5, Duration::from_milliseconds(50)})->ok());
  ASSERT_TRUE(kv.perform(KvAdapter::TakeArguments{"limit", 5, Duration::from_seconds(600)})->ok());
  EXPECT_TRUE(kv.run_until([&] {
    return count("select count(*) from zerver_kv") == 2 && count("select count(*) from zerver_kv_taken") == 1;
  }));
  EXPECT_TRUE(kv.perform(KvAdapter::GetArguments{"long"})->ok());
  EXPECT_TRUE(kv.perform(KvAdapter::GetArguments{"kept"})->ok());
}

TEST_F(KvSqlite, SweepsWhatHasExpired) {
  const auto kv = open(harness_for("sqlite:" + path));
  expect_sweep(*kv, [&](const char* statement) { return number_of(path, statement); });
}

TEST(KvPostgres, SweepsWhatHasExpired) {
  const test::PostgresServer server;
  const auto kv = open(harness_for(server.url()));
  expect_sweep(*kv, [&](const char* statement) { return std::stoll(server.query(statement)); });
}

// One file, one thread that writes, and neither is in the way of the other's tables.
TEST_F(KvSqlite, SharesItsDatabaseWithStatements) {
  HarnessOptions options;
  options.arguments = {{"url", "sqlite:" + path}};
  options.schema = "create table entry (id integer primary key)";
  AdapterHarness sql(standard_registry(), "zerver.sql", options);
  ASSERT_EQ(sql.error(), "");
  const auto kv = open(harness_for("sqlite:" + path));
  for (std::int64_t i = 0; i < 50; ++i) {
    const flow::Value id[] = {flow::Value(i)};
    EXPECT_TRUE(sql.perform(SqlAdapter::ExecArguments{{"insert into entry (id) values (?)", id}})->ok());
    EXPECT_TRUE(kv->perform(KvAdapter::IncrementArguments{"n", 1})->ok());
  }
  EXPECT_EQ(kv->perform(KvAdapter::GetArguments{"n"})->value(), "50");
  EXPECT_EQ(number_of(path, "select count(*) from entry"), 50);
}

void expect_one_winner(AdapterHarness& first, AdapterHarness& second) {
  ASSERT_TRUE(first.perform(KvAdapter::SetArguments{"cas", Json::borrowed("0")})->ok());
  for (int round = 0; round < 30; ++round) {
    const std::string value = std::to_string(round);
    const std::string next = std::to_string(round + 1);
    const KvAdapter::CompareAndSetArguments swap{"cas", Json::borrowed(value), Json::borrowed(next)};
    const auto one = first.start(swap);
    const auto other = second.start(swap);
    ASSERT_TRUE(first.run_until([&] { return one->ended(); }));
    ASSERT_TRUE(second.run_until([&] { return other->ended(); }));
    EXPECT_NE(one->ok(), other->ok()) << one->why() << other->why();
  }
}

TEST_F(KvSqlite, OneOfTwoWhoCompareWins) {
  expect_one_winner(*open(harness_for("sqlite:" + path)), *open(harness_for("sqlite:" + path)));
}

TEST(KvPostgres, OneOfTwoWhoCompareWins) {
  const test::PostgresServer server;
  expect_one_winner(*open(harness_for(server.url())), *open(harness_for(server.url())));
}

TEST(KvDatabases, MustBeThereAndKeepValues) {
  const auto error_of = [](const std::string& url) {
    return AdapterHarness(standard_registry(), "zerver.kv", harness_for(url)).error();
  };
  EXPECT_NE(error_of("sqlite::memory:").find("must name a file"), std::string::npos);
  EXPECT_NE(error_of("sqlite:/no/such/folder/kv.db").find("unable to open"), std::string::npos);
  EXPECT_NE(error_of("postgres://127.0.0.1:1/nowhere").find("database `127.0.0.1:1/nowhere`"),
            std::string::npos);
  EXPECT_NE(error_of("mysql://host").find("its URL must begin with"), std::string::npos);
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
