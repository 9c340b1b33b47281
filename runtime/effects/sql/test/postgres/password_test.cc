// A password that is rotated while a service runs.
#include "runtime/effects/sql/test/postgres/fixture.h"
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zerver::effects {
namespace {

using testing::AdapterHarness;
using Exec = SqlAdapter::ExecArguments;

std::string url_with(const std::string& password, const std::string& rest = "/postgres") {
  return "postgres://rotated:" + password + "@127.0.0.1:" + std::to_string(server().port()) + rest;
}

void end_connections() {
  server().query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'");
}

TEST(PostgresPassword, IsThatOfNewConnectionsFromItsRotationOn) {
  server().query("create role rotated login password 'one'");
  Registry registry;
  add_standard_adapters(registry);
  AdapterHarness sql(registry, "zerver.sql", {.arguments = {{"url", url_with("one")}}, .pool = 1});
  ASSERT_EQ(sql.error(), "");
  const auto ask = [&] { return sql.perform(Exec{{"select 1", {}}})->fault(); };
  EXPECT_EQ(ask(), std::nullopt);

  server().query("alter role rotated password 'two'");
  EXPECT_EQ(ask(), std::nullopt);  // on the connection that there is
  end_connections();
  EXPECT_EQ(ask(), FaultKind::kUnavailable);

  ASSERT_EQ(sql.system().renew("url", url_with("two")), "");
  std::unique_ptr<testing::Performed<Exec>> tried;
  EXPECT_TRUE(sql.run_until([&] {
    if (tried != nullptr && !tried->ended()) return false;
    if (tried != nullptr && tried->ok()) return true;
    tried = sql.start(Exec{{"select 1", {}}});
    return false;
  }));
}

TEST(PostgresPassword, IsAllOfAUrlThatCanChange) {
  server().query("create role steady login password 'steady'");
  Registry registry;
  add_standard_adapters(registry);
  const std::string host = "@127.0.0.1:" + std::to_string(server().port());
  AdapterHarness sql(registry, "zerver.sql",
                     {.arguments = {{"url", "postgres://steady:steady" + host + "/postgres"}}});
  ASSERT_EQ(sql.error(), "");
  const std::vector<std::string> others{
      "postgres://steady:x" + host + "/other", "postgres://rotated:steady" + host + "/postgres",
      "postgres://steady:x@127.0.0.2/postgres", "postgres://steady" + host + "/postgres", "sqlite:a.db"};
  for (const std::string& other : others)
    EXPECT_NE(sql.system().renew("url", other), "") << other;
  EXPECT_EQ(sql.system().renew("url", "postgres://steady:x" + host + "/postgres"), "");
  EXPECT_NE(sql.system().renew("schema", "x"), "");
}

}  // namespace
}  // namespace zerver::effects
