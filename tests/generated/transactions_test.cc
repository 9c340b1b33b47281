// What zerver-compile makes of `tx`, run over a simulated worker: what is committed, and what is rolled back
// once.

#include "transactions.flow.h"
#include <zerver/flow/service.h>
#include <zerver/flow/transaction/transaction.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace zerver::testing {
namespace {

using Journal = std::vector<std::string>;

// Writes down what happens, and how its transactions end.
class Books final : public transactions::v1::LedgerAdapter {
 public:
  void add(const AddArguments& arguments, flow::Reply<std::int64_t> reply) override {
    enter(reply.operation());
    journal.push_back("add " + std::to_string(arguments.id));
    if (conflicts[arguments.id] > 0) {
      --conflicts[arguments.id];
      bonus = 0;
      if (reply.operation().transaction() != nullptr) reply.operation().transaction()->note_conflict();
      return reply.fail({FaultKind::kConflict, "another one", {}});
    }
    if (faults.contains("add")) return reply.fail({faults["add"], "as the test says", {}});
    if (silent == arguments.id) return;
    reply.succeed(arguments.id + bonus);
  }
  void find(const FindArguments& arguments, flow::Reply<std::int64_t> reply) override {
    enter(reply.operation());
    journal.push_back("find " + std::to_string(arguments.id));
    if (faults.contains("find")) return reply.fail({faults["find"], "as the test says", {}});
    reply.succeed(arguments.id);
  }
  void commit(const CommitArguments& /*arguments*/, flow::Reply<void> reply) override {
    EXPECT_EQ(reply.operation().transaction()->adapter_data, this);
    reply.operation().transaction()->adapter_data = nullptr;
    journal.emplace_back("commit");
    if (faults.contains("commit")) return reply.fail({faults["commit"], "as the test says", {}});
    reply.succeed();
  }
  void roll_back(flow::Transaction& transaction) noexcept override {
    EXPECT_EQ(transaction.adapter_data, this);
    journal.emplace_back("roll back");
  }
  void cancel(flow::Operation& /*operation*/) noexcept override { journal.emplace_back("cancel"); }

  Journal journal;
  std::map<std::string, FaultKind> faults;
  std::map<std::int64_t, int> conflicts;
  std::optional<std::int64_t> silent;
  std::int64_t bonus = 0;
  std::optional<flow::Isolation> isolation;

 private:
  void enter(flow::Operation& operation) {
    flow::Transaction* const transaction = operation.transaction();
    if (transaction == nullptr || transaction->is_open()) return;
    transaction->adapter_data = this;
    isolation = transaction->isolation();
    journal.emplace_back("begin");
  }
};

class Transactions : public ::testing::Test {
 protected:
  Transactions() { service.set_adapter("transactions.v1.books", books); }
  auto post(const std::string& target, std::string body = "") {
    return service.send({Method::kPost, target, std::move(body)});
  }

  ReqTest service{transactions::v1::package()};
  Books books;
};

TEST_F(Transactions, CommitBehindTheLastStatement) {
  EXPECT_EQ(post("/move?id=1").status, 200);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 101", "commit"}));
  EXPECT_EQ(books.isolation, flow::Isolation::kDefault);
}

TEST_F(Transactions, AreRolledBackWhenAStatementFails) {
  books.faults["add"] = FaultKind::kUnavailable;
  EXPECT_EQ(post("/move?id=1").status, 503);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "roll back"}));
}

TEST_F(Transactions, AreRolledBackWhenAStepFailsOrThrows) {
  EXPECT_EQ(post("/move?id=13").status, 418);
  EXPECT_EQ(post("/move?id=14").status, 500);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 13", "roll back", "begin", "add 14", "roll back"}));
}

TEST_F(Transactions, AreTheAdaptersWhenTheirCommitFails) {
  books.faults["commit"] = FaultKind::kConflict;
  EXPECT_EQ(post("/move?id=1").status, 409);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 101", "commit"}));
}

TEST_F(Transactions, AreRolledBackWhenTheRequestIsCancelled) {
  books.silent = 101;
  flow::Exchange& exchange = service.begin({Method::kPost, "/move?id=1"});
  exchange.cancel();
  ASSERT_TRUE(service.finished());
  static_cast<void>(service.take());
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 101", "cancel", "roll back"}));
}

TEST_F(Transactions, AreRolledBackWhenAStatementTakesTooLong) {
  books.silent = 1;
  EXPECT_EQ(post("/move?id=1").status, 503);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "cancel", "roll back"}));
}

TEST_F(Transactions, AreRepeatedBehindAConflict) {
  books.conflicts[101] = 2;
  EXPECT_EQ(post("/again?id=1").status, 200);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 101", "roll back", "begin", "add 1", "add 101",
                                    "roll back", "begin", "add 1", "add 101", "commit"}));
  EXPECT_EQ(books.isolation, flow::Isolation::kSerializable);
}

TEST_F(Transactions, AreRepeatedOnlyThatOften) {
  books.conflicts[1] = 3;
  EXPECT_EQ(post("/again?id=1").status, 202);
  EXPECT_EQ(books.journal.size(), 9U);
}

TEST_F(Transactions, AreNotRepeatedBehindAnythingElse) {
  books.faults["commit"] = FaultKind::kConflict;
  EXPECT_EQ(post("/again?id=1").status, 202);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 101", "commit"}));
}

TEST_F(Transactions, ForgetWhatAnAttemptHasWritten) {
  books.bonus = 1000;  // of the first attempt, which therefore finds something
  books.conflicts[1101] = 1;
  const auto answer = post("/again?id=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"sum":1,"found":-1})");
}

TEST_F(Transactions, CommitBeforeAnAnswerInside) {
  EXPECT_EQ(post("/early?id=7").status, 207);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 7", "commit"}));
  books.journal.clear();
  EXPECT_EQ(post("/early?id=1").status, 204);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 101", "commit"}));
  books.journal.clear();
  books.faults["commit"] = FaultKind::kUnavailable;
  EXPECT_EQ(post("/early?id=7").status, 503);
}

TEST_F(Transactions, GoOnWhereThereIsNoRow) {
  books.faults["find"] = FaultKind::kMissing;
  EXPECT_EQ(post("/found?id=1").status, 204);
  EXPECT_EQ(books.journal, (Journal{"begin", "find 1", "add 1", "add 1001", "commit"}));
}

TEST_F(Transactions, HaveEveryRunOfALoop) {
  EXPECT_EQ(post("/looped", "[1,2,3]").status, 204);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 2", "add 3", "commit"}));
  books.journal.clear();
  books.conflicts[2] = 1;
  EXPECT_EQ(post("/looped", "[1,2,3]").status, 409);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "add 2", "roll back"}));
}

TEST_F(Transactions, WithoutAStatementCommitNothing) {
  EXPECT_EQ(post("/looped", "[]").status, 204);
  EXPECT_TRUE(books.journal.empty());
}

TEST_F(Transactions, StandBehindEachOther) {
  books.conflicts[101] = 1;
  EXPECT_EQ(post("/two?id=1").status, 409);
  EXPECT_EQ(books.journal, (Journal{"begin", "add 1", "commit", "begin", "add 101", "roll back"}));
}

}  // namespace
}  // namespace zerver::testing
