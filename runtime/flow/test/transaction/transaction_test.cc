// What becomes of a transaction, whatever its flow leaves it by.
#include "runtime/flow/test/call/by_hand_adapter.h"
#include <zerver/flow/transaction/transaction.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace zerver::flow {
namespace {

using test::ms;
using test::TestExchange;
using test::World;
using Events = std::vector<std::string>;

constexpr std::uint16_t kWrite = 1;
constexpr std::uint16_t kCommit = 2;
constexpr std::uint16_t kPut = 3;

constexpr CallSite kWriteSite{
    .step = "write", .target = 0, .operation = kWrite, .policy = {.timeout = ms(50)}};
constexpr CallSite kCommitSite{
    .step = "commit", .target = 0, .operation = kCommit, .policy = {.timeout = ms(50)}};
constexpr CallSite kPutSite{.step = "enqueue", .target = 1, .operation = kPut};

// Answers at once, or as the test says, and writes down what it was asked for.
class Database final : public Adapter {
 public:
  void start(Operation& operation) override {
    Transaction* const tx = operation.transaction();
    const bool begins = tx != nullptr && !tx->is_open();
    if (tx != nullptr && operation.index() != kCommit && operation.index() != kPut) tx->adapter_data = this;
    switch (operation.index()) {
      case kWrite:
        events.push_back(tx == nullptr ? "write" : begins ? "begin, write" : "write in it");
        break;
      case kCommit:
        EXPECT_TRUE(tx->is_open());
        tx->adapter_data = nullptr;
        events.push_back("commit");
        break;
      default:
        events.push_back(tx == nullptr ? "put" : "put in it");
    }
    if (conflicts > 0 && operation.index() == kWrite) {
      --conflicts;
      tx->note_conflict();
      return operation.fail({FaultKind::kConflict, "another one", {}});
    }
    if (fails == operation.index()) return operation.fail({FaultKind::kUnavailable, "as the test says", {}});
    if (hangs == operation.index()) return;
    operation.complete(nullptr);
  }
  void cancel(Operation& operation) noexcept override {
    events.push_back("cancel " + std::to_string(operation.index()));
  }
  void roll_back(Transaction& transaction) noexcept override {
    EXPECT_EQ(transaction.adapter_data, this);
    events.push_back("roll back");
  }
  bool joins(const Target& target) const noexcept override {
    static_cast<void>(target);
    return keeps_jobs;
  }

  Events events;
  std::uint16_t fails = 0;
  std::uint16_t hangs = 0;
  int conflicts = 0;
  bool keeps_jobs = false;
};

struct Bank : World {
  Bank() { exchange.set_targets(both); }

  template <class Body> void run(Body body) {
    if (body(exchange, *this).handled() == Handled::kNow) ++exchange.finishes;
  }

  Database database;
  Target bank{"bank", &database, &shared.in_flight};
  Target* both[2] = {&bank, &bank};
  TestExchange exchange{worker};
  Result<void> committed = Fault{};
  Result<void> written = Fault{};  // by the last statement
  std::uint32_t retries = 0;
  int attempts = 0;
};

FlowTask write_and_commit(Exchange& exchange, Bank& bank) {
  Transaction tx(exchange, 0);
  ValueCall<void> write(exchange, kWriteSite, nullptr);
  write.set_transaction(tx);
  co_await write;
  if (!write.result()) co_return;
  ValueCall<void> call(exchange, kCommitSite, nullptr);
  call.set_transaction(tx);
  co_await tx.commit(call);
  bank.committed = tx.committed();
}

TEST(Transaction, IsCommittedOnce) {
  Bank bank;
  bank.run(write_and_commit);
  EXPECT_TRUE(bank.committed);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "commit"}));
}

TEST(Transaction, IsRolledBackOnceWhenSomethingFails) {
  Bank bank;
  bank.database.fails = kWrite;
  bank.run(write_and_commit);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "roll back"}));
}

TEST(Transaction, IsTheAdaptersOnceTheCommitHasBegun) {
  Bank bank;
  bank.database.fails = kCommit;
  bank.run(write_and_commit);
  EXPECT_EQ(bank.committed.error().kind, FaultKind::kUnavailable);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "commit"}));
}

TEST(Transaction, IsRolledBackBehindTheStatementThatIsCancelled) {
  Bank bank;
  bank.database.hangs = kWrite;
  bank.run(write_and_commit);
  bank.exchange.cancel();
  EXPECT_EQ(bank.exchange.finishes, 1);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "cancel 1", "roll back"}));
}

TEST(Transaction, IsRolledBackAtTheDeadline) {
  Bank bank;
  bank.database.hangs = kWrite;
  bank.exchange.set_deadline_in(ms(10));
  bank.run(write_and_commit);
  bank.loop.run_for(ms(11));
  EXPECT_EQ(bank.exchange.finishes, 1);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "cancel 1", "roll back"}));
}

FlowTask write_and_throw(Exchange& exchange, Bank& /*bank*/) {
  try {
    Transaction tx(exchange, 0);
    ValueCall<void> write(exchange, kWriteSite, nullptr);
    write.set_transaction(tx);
    co_await write;
    throw std::runtime_error("a step");
  } catch (const std::runtime_error&) {
    co_return;
  }
}

TEST(Transaction, IsRolledBackWhenAStepThrows) {
  Bank bank;
  bank.run(write_and_throw);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "roll back"}));
}

FlowTask commit_alone(Exchange& exchange, Bank& bank) {
  Transaction tx(exchange, 0);
  ValueCall<void> call(exchange, kCommitSite, nullptr);
  call.set_transaction(tx);
  co_await tx.commit(call);
  bank.committed = tx.committed();
}

TEST(Transaction, WithoutAStatementAsksForNothing) {
  Bank bank;
  bank.run(commit_alone);
  EXPECT_TRUE(bank.committed);
  EXPECT_TRUE(bank.database.events.empty());
}

FlowTask write_twice(Exchange& exchange, Bank& bank) {
  Transaction tx(exchange, 0);
  ValueCall<void> write(exchange, kWriteSite, nullptr);
  write.set_transaction(tx);
  co_await write;
  const bool taken = bank.bank.in_flight->try_enter();  // by somebody else
  EXPECT_TRUE(taken);
  ValueCall<void> second(exchange, kWriteSite, nullptr);
  second.set_transaction(tx);
  co_await second;
  bank.written = second.result();
  bank.bank.in_flight->leave();
}

// Who holds a connection must not wait for those who wait for one.
TEST(Transaction, NeedsAPlaceOnce) {
  Bank bank;
  SharedTarget narrow({.name = "bank", .adapter = "test", .configure = nullptr, .in_flight = 1});
  bank.bank.in_flight = &narrow.in_flight;
  bank.run(write_twice);
  EXPECT_TRUE(bank.written);
  EXPECT_EQ(narrow.in_flight.count(), 0U);
}

FlowTask write_again_and_again(Exchange& exchange, Bank& bank) {
  Transaction tx(exchange, 0, Isolation::kSerializable, bank.retries);
  while (true) {
    ++bank.attempts;
    ValueCall<void> write(exchange, kWriteSite, nullptr);
    write.set_transaction(tx);
    co_await write;
    bank.written = write.result();
    if (bank.written || !tx.again()) break;
  }
}

TEST(Transaction, IsRepeatedBehindConflictsAsOftenAsItMay) {
  for (const int conflicts : {0, 1, 2, 3}) {
    Bank bank;
    bank.database.conflicts = conflicts;
    bank.retries = 2;
    bank.run(write_again_and_again);
    EXPECT_EQ(bank.attempts, std::min(conflicts + 1, 3));
    EXPECT_EQ(bank.written.has_value(), conflicts < 3);
  }
}

TEST(Transaction, IsNotRepeatedBehindOtherFailures) {
  Bank bank;
  bank.database.fails = kWrite;
  bank.retries = 5;
  bank.run(write_again_and_again);
  EXPECT_EQ(bank.attempts, 1);
}

FlowTask write_enqueue_and_commit(Exchange& exchange, Bank& bank) {
  Transaction tx(exchange, 0);
  ValueCall<void> write(exchange, kWriteSite, nullptr);
  write.set_transaction(tx);
  co_await write;
  tx.enqueue(kPutSite, JobRequest{});
  ValueCall<void> call(exchange, kCommitSite, nullptr);
  call.set_transaction(tx);
  co_await tx.commit(call);
  bank.committed = tx.committed();
}

TEST(Transaction, HandsOverBehindTheCommit) {
  Bank bank;
  bank.run(write_enqueue_and_commit);
  EXPECT_TRUE(bank.committed);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "commit", "put"}));
}

TEST(Transaction, HandsOverNothingWhenTheCommitFails) {
  Bank bank;
  bank.database.fails = kCommit;
  bank.run(write_enqueue_and_commit);
  EXPECT_FALSE(bank.committed);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "commit"}));
}

TEST(Transaction, HasTheJobsOfAQueueThatJoinsIt) {
  Bank bank;
  bank.database.keeps_jobs = true;
  bank.run(write_enqueue_and_commit);
  EXPECT_TRUE(bank.committed);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "put in it", "commit"}));
}

TEST(Transaction, IsRolledBackWhenAJobOfItIsRefused) {
  Bank bank;
  bank.database.keeps_jobs = true;
  bank.database.fails = kPut;
  bank.run(write_enqueue_and_commit);
  EXPECT_FALSE(bank.committed);
  EXPECT_EQ(bank.database.events, (Events{"begin, write", "put in it", "roll back"}));
}

}  // namespace
}  // namespace zerver::flow
