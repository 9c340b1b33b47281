// Statements and notifications without a flow.
#include "postgres/connection/options.h"
#include "runtime/effects/sql/test/postgres/fixture.h"
#include <zerver/effects/sql/postgres/client.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace zerver::effects::postgres {
namespace {

struct RowsAsk final : Request {
  void answered(const postgres::Answer& answer) noexcept override {
    rows = answer.rows.rows();
    affected = answer.affected;
    command = answer.command;
    done = true;
  }
  void failed(const Failure& failure) noexcept override {
    state = failure.sql_state;
    fault = failure.kind;
    done = true;
  }
  std::size_t rows = 0;
  std::int64_t affected = 0;
  std::string command, state;
  std::optional<FaultKind> fault;
  bool done = false;
};

struct Ears final : Listener::Heard {
  void notified(std::string_view channel, std::string_view payload) noexcept override {
    heard.push_back(std::string(channel) + ':' + std::string(payload));
  }
  void listening() noexcept override { ++listens; }
  std::vector<std::string> heard;
  int listens = 0;
};

class PostgresClient : public PostgresTest {};

TEST_F(PostgresClient, RunsStatements) {
  Server server;
  ASSERT_EQ(server.open(url(), "create table job (id bigint primary key, what text not null)"), "");
  EXPECT_EQ(server.describe(), "127.0.0.1:" + std::to_string(effects::server().port()) + "/postgres");
  ASSERT_EQ(server.execute("insert into job values (1, 'a'); insert into job values (2, 'b')"), "");
  EXPECT_NE(server.execute("insert into job values (3, 'c'); insert into job values (1, 'a')"), "");

  Client client(server, loop, random, 2);
  const std::array<flow::Value, 1> least{flow::Value(std::int64_t{1})};
  RowsAsk ask;
  ask.statement = {"update job set what = 'c' where id >= $1 returning id", least};
  client.start(ask);
  ASSERT_TRUE(run_until([&] { return ask.done; }));
  EXPECT_FALSE(ask.fault);
  EXPECT_EQ(ask.rows, 2U);
  EXPECT_EQ(ask.affected, 2);
  EXPECT_EQ(ask.command, "UPDATE 2");

  RowsAsk twice;
  twice.statement = {"insert into job values (1, 'a')", {}};
  client.start(twice);
  ASSERT_TRUE(run_until([&] { return twice.done; }));
  EXPECT_EQ(twice.fault, FaultKind::kConflict);
  EXPECT_EQ(twice.state, "23505");
}

TEST_F(PostgresClient, HearsNotificationsAndListensAgain) {
  Server server;
  ASSERT_EQ(server.open(url(), ""), "");
  Ears ears;
  const Listener listener(server, loop, random, "wake \"up\"", ears);
  ASSERT_TRUE(run_until([&] { return ears.listens == 1; }));
  query("notify \"wake \"\"up\"\"\", 'one'");
  ASSERT_TRUE(run_until([&] { return !ears.heard.empty(); }));
  EXPECT_EQ(ears.heard, (std::vector<std::string>{"wake \"up\":one"}));

  query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'");
  ASSERT_TRUE(run_until([&] { return ears.listens == 2; }));
  query("notify \"wake \"\"up\"\"\", 'two'");
  ASSERT_TRUE(run_until([&] { return ears.heard.size() == 2; }));
  EXPECT_EQ(ears.heard.back(), "wake \"up\":two");
}

TEST_F(PostgresClient, KnowsADatabaseHoweverItsUrlIsSpelled) {
  effects::server().query("create database other");
  effects::server().query("create role guest superuser login password 'guest'");
  const auto name = [](const std::string& url) {
    Server server;
    EXPECT_EQ(server.open(url, ""), "") << url;
    return server.options().database;
  };
  const std::string port = std::to_string(effects::server().port());
  const std::string plain = effects::server().url();
  const std::string password =
      plain.substr(plain.find("tester:") + 7, plain.find('@') - plain.find("tester:") - 7);
  const std::string known = name(plain);
  EXPECT_EQ(name("postgresql:///postgres?host=127.0.0.1&port=" + port + "&user=tester&password=" + password),
            known);
  EXPECT_EQ(name("postgres://tester:" + password + "@localhost:" + port + "/postgres?sslmode=disable"),
            known);
  EXPECT_EQ(name("postgres://tester:" + password + "@wherever:" + port + "/postgres?hostaddr=127.0.0.1"),
            known);
  EXPECT_NE(name("postgres://tester:" + password + "@127.0.0.1:" + port + "/other"), known);
  EXPECT_NE(name("postgres://guest:guest@127.0.0.1:" + port + "/postgres"), known);
}

}  // namespace
}  // namespace zerver::effects::postgres
