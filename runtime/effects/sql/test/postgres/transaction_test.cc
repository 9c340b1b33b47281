// What transactions on a server meet that those of a file do not.
#include "runtime/effects/sql/test/postgres/entry_table.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace zerver::effects {
namespace {

using testing::PerformOptions;
using Exec = SqlAdapter::ExecArguments;
using Many = SqlAdapter::ManyArguments;
using Commit = SqlAdapter::CommitArguments;

class PostgresTransaction : public EntryTable {
 protected:
  PostgresTransaction() : EntryTable("id bigint primary key, size bigint not null", 4) {}

  auto exec(std::string_view text, flow::Transaction* tx = nullptr) {
    return sql->perform(Exec{{text, {}}}, {.transaction = tx});
  }
  auto commit(flow::Transaction& tx) { return sql->perform(Commit{}, {.transaction = &tx}); }
};

TEST_F(PostgresTransaction, IsAsIsolatedAsItIsDeclared) {
  ASSERT_TRUE(exec("insert into entry values (1, 0)")->ok());
  flow::Transaction tx(*request, 0, flow::Isolation::kRepeatableRead, 1);
  ASSERT_TRUE(sql->perform(Many{{"select size from entry", {}}}, {.transaction = &tx})->ok());
  ASSERT_TRUE(exec("update entry set size = 1")->ok());
  const auto met = exec("update entry set size = 2", &tx);
  EXPECT_EQ(met->fault(), FaultKind::kConflict);
  EXPECT_EQ(met->why(), "could not serialize access due to concurrent update (40001)");
  EXPECT_TRUE(tx.again());
  ASSERT_TRUE(exec("update entry set size = 2", &tx)->ok());
  EXPECT_TRUE(commit(tx)->ok());
  EXPECT_EQ(query("select size from entry"), "2");
}

TEST_F(PostgresTransaction, ThatHasFailedIsNotCommitted) {
  flow::Transaction tx(*request, 0);
  ASSERT_TRUE(exec("insert into entry values (1, 0)", &tx)->ok());
  ASSERT_EQ(exec("insert into entry values (1, 0)", &tx)->fault(), FaultKind::kConflict);
  EXPECT_EQ(exec("insert into entry values (2, 0)", &tx)->fault(), FaultKind::kInternal);
  EXPECT_EQ(commit(tx)->fault(), FaultKind::kInternal);
  EXPECT_EQ(query("select count(*) from entry"), "0");
}

TEST_F(PostgresTransaction, WaitsForAConnectionInItsTurn) {
  open(1);
  auto first = std::make_unique<flow::Transaction>(*request, 0);
  ASSERT_TRUE(exec("insert into entry values (1, 0)", first.get())->ok());
  flow::Transaction second(*request, 0);
  const auto waiting = sql->start(Exec{{"insert into entry values (2, 0)", {}}}, {.transaction = &second});
  const auto behind = sql->start(Exec{{"insert into entry values (3, 0)", {}}});
  const auto gives_up = sql->perform(Exec{{"insert into entry values (4, 0)", {}}},
                                     {.patience = Duration::from_milliseconds(50)});
  EXPECT_EQ(gives_up->fault(), FaultKind::kTimeout);
  EXPECT_FALSE(waiting->ended());
  EXPECT_EQ(sql->system().pool()->waiting, 2U);
  EXPECT_TRUE(commit(*first)->ok());
  ASSERT_TRUE(sql->run_until([&] { return waiting->ended(); }));
  EXPECT_FALSE(behind->ended());
  EXPECT_TRUE(commit(second)->ok());
  ASSERT_TRUE(sql->run_until([&] { return behind->ended(); }));
  EXPECT_EQ(query("select count(*) from entry"), "3");
}

TEST_F(PostgresTransaction, GivesItsConnectionBackWhenItsStatementIsCancelled) {
  open(1);
  {
    flow::Transaction tx(*request, 0);
    ASSERT_TRUE(exec("insert into entry values (1, 0)", &tx)->ok());
    const auto slow = sql->perform(Many{{"select pg_sleep(60)", {}}},
                                   {.patience = Duration::from_milliseconds(50), .transaction = &tx});
    EXPECT_EQ(slow->fault(), FaultKind::kTimeout);
  }
  EXPECT_TRUE(exec("insert into entry values (2, 0)")->ok());
  EXPECT_EQ(query("select id from entry"), "2");
}

TEST_F(PostgresTransaction, ThatLosesItsConnectionIsUnavailable) {
  flow::Transaction tx(*request, 0);
  ASSERT_TRUE(exec("insert into entry values (1, 0)", &tx)->ok());
  query("select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'");
  EXPECT_EQ(exec("insert into entry values (2, 0)", &tx)->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(commit(tx)->fault(), FaultKind::kUnavailable);
  EXPECT_TRUE(exec("insert into entry values (3, 0)")->ok());
  EXPECT_EQ(query("select id from entry"), "3");
}

// The rollback fails with the connection, and gives it back while it is being lost.
TEST_F(PostgresTransaction, ThatIsRolledBackOnALostConnectionGivesItBackOnce) {
  open(1);
  for (std::int64_t turn = 1; turn <= 3; ++turn) {
    {
      flow::Transaction tx(*request, 0);
      ASSERT_TRUE(exec("insert into entry values (1, 0)", &tx)->ok());
      query("select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'");
    }
    ASSERT_TRUE(exec("select 1")->ok());
    EXPECT_EQ(sql->system().pool()->open, 1U);
  }
  EXPECT_EQ(query("select count(*) from entry"), "0");
}

TEST_F(PostgresTransaction, EndsOthersThatWaitForALockBeforeTheyAreKnownToTheServer) {
  open(2);
  flow::Transaction locker(*request, 0);
  ASSERT_TRUE(exec("lock table entry", &locker)->ok());
  const auto patience = PerformOptions{.patience = Duration::from_milliseconds(50)};
  EXPECT_EQ(sql->perform(Many{{"select id from entry", {}}}, patience)->fault(), FaultKind::kTimeout);
  // On that connection, as the other one is the locker's.
  EXPECT_TRUE(exec("select 1")->ok());
  EXPECT_EQ(query("select count(*) from pg_stat_activity where query like 'select id from entry%' and"
                  " state = 'active'"),
            "0");
}

}  // namespace
}  // namespace zerver::effects
