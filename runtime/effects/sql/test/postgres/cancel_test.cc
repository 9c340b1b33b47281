// Statements that nobody waits for any more.
#include "runtime/effects/sql/test/postgres/fixture.h"

#include <algorithm>
#include <string>
#include <vector>

namespace zerver::effects {
namespace {

using Lines = std::vector<std::vector<std::string>>;

class PostgresCancel : public PostgresTest {
 protected:
  // How many of our statements with that mark run on the server.
  std::string running(const std::string& mark) const {
    return query("select count(*) from pg_stat_activity where state = 'active' and query like '%" + mark +
                 "%' and pid <> pg_backend_pid()");
  }
};

TEST_F(PostgresCancel, EndsTheStatementOnTheServer) {
  ASSERT_EQ(open(), "");
  const auto sleeper = start("select pg_sleep(60) /* sleeper */");
  ASSERT_TRUE(run_until([&] { return running("sleeper") == "1"; }));
  sleeper->cancel();
  EXPECT_TRUE(run_until([&] { return running("sleeper") == "0"; }));
  EXPECT_FALSE(sleeper->done());
  EXPECT_EQ(many("select 1").rows, (Lines{{"1"}}));
}

TEST_F(PostgresCancel, LetsAStatementGoOnThatIsNotWaitedFor) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a integer)").is_good());
  const auto writer = start("insert into t select 1 from pg_sleep(0.2)", {}, StatementProbe::As::kExec);
  ASSERT_TRUE(run_until([&] { return running("insert into t") == "1"; }));
  writer->let_go();
  EXPECT_TRUE(run_until([&] { return query("select count(*) from t") == "1"; }));
  EXPECT_FALSE(writer->done());
}

TEST_F(PostgresCancel, OneThatWaitsIsNeverBegun) {
  ASSERT_EQ(open_url(url("connect_timeout=5")), "");
  ASSERT_TRUE(exec("create table t (a integer)").is_good());
  std::vector<std::unique_ptr<StatementProbe>> sleepers;
  for (int i = 0; i < 8; ++i)
    sleepers.push_back(start("select pg_sleep(60) /* all busy */"));
  ASSERT_TRUE(run_until([&] { return running("all busy") == "8"; }));
  const auto waiting = start("insert into t values (1)", {}, StatementProbe::As::kExec);
  waiting->cancel();
  for (const auto& sleeper : sleepers)
    sleeper->cancel();
  EXPECT_TRUE(run_until([&] { return running("all busy") == "0"; }));
  EXPECT_EQ(many("select count(*) from t").rows, (Lines{{"0"}}));
}

// A cancel request says no more than "what runs now": who is hit by one that was meant for another runs
// again.
TEST_F(PostgresCancel, HitsNobodyElse) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a bigserial)").is_good());
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(many("select ?::integer", {flow::Value(std::int64_t{1})}).is_good());
  std::vector<std::unique_ptr<StatementProbe>> probes;
  std::size_t cancelled = 0;
  for (int i = 0; i < 400; ++i) {
    probes.push_back(start("select ?::integer", {flow::Value(std::int64_t{i})}));
    if (i % 3 != 0) continue;
    probes.back()->cancel();
    ++cancelled;
  }
  const auto answered = [&] {
    return static_cast<std::size_t>(std::ranges::count_if(probes, &StatementProbe::done));
  };
  ASSERT_TRUE(run_until([&] { return answered() == probes.size() - cancelled; }));
  for (const auto& probe : probes) {
    if (probe->done()) {
      EXPECT_TRUE(probe->answer().is_good()) << probe->answer().why;
    }
  }
}

TEST_F(PostgresCancel, AServersOwnTimeoutIsATimeout) {
  ASSERT_EQ(open_url(url() + "%20-cstatement_timeout%3D50"), "");
  const Answer answer = many("select pg_sleep(60)");
  EXPECT_EQ(answer.fault, FaultKind::kTimeout);
  EXPECT_EQ(answer.why, "canceling statement due to statement timeout (57014)");
}

}  // namespace
}  // namespace zerver::effects
