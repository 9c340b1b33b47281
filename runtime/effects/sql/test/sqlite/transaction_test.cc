// Transactions on SQLite, and statements of several flows under one commit.
#include "runtime/effects/test/probe.h"
#include "zerver.flow.h"
#include <zerver/effects/registry.h>
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/transaction/transaction.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {
namespace {

using flow::Value;
using testing::AdapterHarness;
using testing::HarnessOptions;
using testing::PerformOptions;
using Many = SqlAdapter::ManyArguments;
using Exec = SqlAdapter::ExecArguments;
using Commit = SqlAdapter::CommitArguments;

constexpr std::string_view kEntryTable =
    "create table entry (id integer primary key, text text not null unique)";
constexpr std::string_view kForever =
    "insert into entry(text) with recursive n(x) as (select 1 union all select x + 1 from n) "
    "select x from n where x < 0";

struct Request final : flow::Exchange {
  explicit Request(flow::Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

class SqliteTransaction : public ::testing::TestWithParam<bool> {
 protected:
  SqliteTransaction() { open(); }

  void open(std::string_view options = {}) {
    Registry registry;
    add_standard_adapters(registry);
    request_.reset();
    harness_ = std::make_unique<AdapterHarness>(
        registry, "zerver.sql",
        HarnessOptions{.arguments = {{"url", "sqlite:" + folder_.file("a.db") + std::string(options)}},
                       .schema = std::string(kEntryTable),
                       .limits = {.inline_effects = GetParam()}});
    ASSERT_EQ(harness_->error(), "");
    target_.emplace("db", &harness_->adapter(), &in_flight_);
    targets_[0] = &*target_;
    request_ = std::make_unique<Request>(harness_->worker());
    request_->set_targets(targets_);
  }

  auto exec(std::string_view text, flow::Transaction* transaction = nullptr,
            std::span<const Value> parameters = {}) {
    return harness_->perform(Exec{{text, parameters}}, {.transaction = transaction});
  }
  auto start(std::string_view text, flow::Transaction* transaction = nullptr,
             std::span<const Value> parameters = {}) {
    return harness_->start(Exec{{text, parameters}}, {.transaction = transaction});
  }
  auto commit(flow::Transaction& transaction) {
    return harness_->perform(Commit{}, {.transaction = &transaction});
  }
  std::int64_t count(flow::Transaction* transaction = nullptr) {
    const auto rows =
        harness_->perform(Many{{"select count(*) from entry", {}}}, {.transaction = transaction});
    return rows->ok() ? rows->value().cell(0, 0).integer() : -1;
  }

  Folder folder_;
  flow::InFlight in_flight_{64, 0};
  std::unique_ptr<AdapterHarness> harness_;
  std::optional<flow::Target> target_;
  flow::Target* targets_[1] = {nullptr};
  std::unique_ptr<Request> request_;
};

INSTANTIATE_TEST_SUITE_P(Executors, SqliteTransaction, ::testing::Bool(),
                         [](const auto& the) { return the.param ? "Inline" : "Proactor"; });

TEST_P(SqliteTransaction, IsSeenByOthersWhenItIsCommitted) {
  flow::Transaction tx(*request_, 0);
  EXPECT_EQ(exec("insert into entry(text) values ('a')", &tx)->value(), 1);
  EXPECT_TRUE(tx.is_open());
  EXPECT_EQ(exec("insert into entry(text) values ('b')", &tx)->value(), 1);
  EXPECT_EQ(count(&tx), 2);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(commit(tx)->ok());
  EXPECT_FALSE(tx.is_open());
  EXPECT_EQ(count(), 2);
}

TEST_P(SqliteTransaction, LeavesNothingWhenItIsGivenUp) {
  {
    flow::Transaction tx(*request_, 0);
    EXPECT_TRUE(exec("insert into entry(text) values ('a')", &tx)->ok());
  }
  EXPECT_EQ(exec("insert into entry(text) values ('b')")->value(), 1);
  EXPECT_EQ(count(), 1);
}

TEST_P(SqliteTransaction, MakesOtherWritesWaitAndNoReads) {
  auto tx = std::make_unique<flow::Transaction>(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", tx.get())->ok());
  const auto other = start("insert into entry(text) values ('b')");
  EXPECT_EQ(count(), 0);
  EXPECT_FALSE(other->ended());
  EXPECT_TRUE(commit(*tx)->ok());
  EXPECT_TRUE(harness_->run_until([&] { return other->ended(); }));
  EXPECT_TRUE(other->ok());
  EXPECT_EQ(count(), 2);
}

TEST_P(SqliteTransaction, GoesOnBehindABrokenConstraint) {
  EXPECT_TRUE(exec("insert into entry(text) values ('a')")->ok());
  flow::Transaction tx(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('b')", &tx)->ok());
  EXPECT_EQ(exec("insert into entry(text) values ('a')", &tx)->fault(), FaultKind::kConflict);
  EXPECT_TRUE(commit(tx)->ok());
  EXPECT_EQ(count(), 2);
}

TEST_P(SqliteTransaction, EndsWithTheStatementThatIsCancelled) {
  {
    flow::Transaction tx(*request_, 0);
    EXPECT_TRUE(exec("insert into entry(text) values ('a')", &tx)->ok());
    const auto endless = harness_->perform(Exec{{kForever, {}}},
                                           {.patience = Duration::from_milliseconds(50), .transaction = &tx});
    EXPECT_EQ(endless->fault(), FaultKind::kTimeout);
    // What SQLite has rolled back does not go on as if nothing had been before.
    EXPECT_EQ(exec("insert into entry(text) values ('b')", &tx)->fault(), FaultKind::kUnavailable);
    EXPECT_EQ(commit(tx)->fault(), FaultKind::kUnavailable);
  }
  EXPECT_EQ(exec("insert into entry(text) values ('c')")->value(), 1);
  EXPECT_EQ(count(), 1);
}

TEST_P(SqliteTransaction, ThatNeverBeganIsRolledBackToo) {
  flow::Transaction first(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", &first)->ok());
  {
    flow::Transaction second(*request_, 0);
    const auto waiting = start("insert into entry(text) values ('b')", &second);
    EXPECT_TRUE(second.is_open());
    waiting->cancel();
  }
  EXPECT_TRUE(commit(first)->ok());
  EXPECT_EQ(exec("insert into entry(text) values ('c')")->value(), 1);
  EXPECT_EQ(count(), 2);
}

TEST_P(SqliteTransaction, IsRolledBackWhenItsCommitIsGivenUpBeforeItBegins) {
  auto tx = std::make_unique<flow::Transaction>(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", tx.get())->ok());
  harness_->start(Commit{}, {.transaction = tx.get()})->cancel();
  tx.reset();
  // It may have happened or not; the database goes on in both cases.
  EXPECT_EQ(exec("insert into entry(text) values ('b')")->value(), 1);
  const std::int64_t entries = count();
  EXPECT_TRUE(entries == 1 || entries == 2);
}

TEST_P(SqliteTransaction, IsRolledBackWhenItsWorkerGoes) {
  auto tx = std::make_unique<flow::Transaction>(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", tx.get())->ok());
  tx->adapter_data = nullptr;  // its request has gone without it
  tx.reset();
  open();
  EXPECT_EQ(exec("insert into entry(text) values ('b')")->value(), 1);
  EXPECT_EQ(count(), 1);
}

TEST_P(SqliteTransaction, IsNotEndedByAStatement) {
  EXPECT_EQ(exec("begin")->fault(), FaultKind::kInternal);
  flow::Transaction tx(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", &tx)->ok());
  EXPECT_EQ(exec("commit", &tx)->fault(), FaultKind::kInternal);
  EXPECT_EQ(exec("savepoint s", &tx)->fault(), FaultKind::kInternal);
}

TEST_P(SqliteTransaction, OfOneWorkerAtATime) {
  // Each of them adds to what the one before has left.
  for (int round = 0; round < 20; ++round) {
    flow::Transaction one(*request_, 0);
    flow::Transaction other(*request_, 0);
    const auto first = start("insert into entry(text) select count(*) from entry", &one);
    const auto second = start("insert into entry(text) select count(*) from entry", &other);
    ASSERT_TRUE(harness_->run_until([&] { return first->ended(); }));
    EXPECT_FALSE(second->ended());
    ASSERT_TRUE(commit(one)->ok());
    ASSERT_TRUE(harness_->run_until([&] { return second->ended(); }));
    ASSERT_TRUE(second->ok()) << second->why();
    ASSERT_TRUE(commit(other)->ok());
  }
  EXPECT_EQ(count(), 40);
}

// --- Under one commit ---

TEST_P(SqliteTransaction, WritesThatWaitTogetherEndAsTheyWouldAlone) {
  open("?synchronous=full");
  flow::Transaction tx(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", &tx)->ok());  // so that the others wait
  std::vector<std::unique_ptr<testing::Performed<Exec>>> writes;
  for (int index = 0; index < 50; ++index) {
    const Value text[] = {Value(static_cast<std::int64_t>(index % 40))};  // ten of them twice
    writes.push_back(start("insert into entry(text) values ('n' || ?)", nullptr, text));
  }
  const auto wrong = start("insert into nothing values (1)");
  const auto vacuum = start("vacuum");  // not inside a transaction
  EXPECT_TRUE(commit(tx)->ok());
  ASSERT_TRUE(
      harness_->run_until([&] { return vacuum->ended() && wrong->ended() && writes.back()->ended(); }));
  for (int index = 0; index < 50; ++index) {
    EXPECT_EQ(writes[static_cast<std::size_t>(index)]->ok(), index < 40) << index;
    if (index >= 40) {
      EXPECT_EQ(writes[static_cast<std::size_t>(index)]->fault(), FaultKind::kConflict);
    }
  }
  EXPECT_EQ(wrong->fault(), FaultKind::kInternal);
  EXPECT_TRUE(vacuum->ok()) << vacuum->why();
  EXPECT_EQ(count(), 41);
}

TEST_P(SqliteTransaction, WritesTogetherSurviveOneThatIsCancelled) {
  flow::Transaction tx(*request_, 0);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')", &tx)->ok());
  const auto before = start("insert into entry(text) values ('b')");
  const auto endless = start(kForever);
  const auto behind = start("insert into entry(text) values ('c')");
  EXPECT_TRUE(commit(tx)->ok());
  EXPECT_EQ(count(), 1);  // what they write is not there before their commit
  endless->cancel();
  ASSERT_TRUE(harness_->run_until([&] { return before->ended() && behind->ended(); }));
  EXPECT_TRUE(before->ok()) << before->why();
  EXPECT_TRUE(behind->ok()) << behind->why();
  EXPECT_EQ(count(), 3);
}

// --- What a disk can do ---

TEST_P(SqliteTransaction, CallsAFullOrReadOnlyDatabaseUnavailable) {
  EXPECT_TRUE(exec("pragma max_page_count = 3")->ok());
  const Value large[] = {Value(Bytes::borrowed(std::string_view("x"))), Value(std::int64_t{100'000})};
  EXPECT_EQ(
      exec("insert into entry(text) values (replace(hex(zeroblob(?2)), '00', ?1))", nullptr, large)->fault(),
      FaultKind::kUnavailable);
  EXPECT_TRUE(exec("insert into entry(text) values ('a')")->ok());
  EXPECT_TRUE(exec("pragma query_only = on")->ok());
  EXPECT_EQ(exec("insert into entry(text) values ('b')")->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(count(), 1);
}

}  // namespace
}  // namespace zerver::effects
