// What zerver-compile makes of `enqueue` inside a `saga`: when it is handed over, and what follows when it is
// not taken.

#include "saga_jobs.flow.h"
#include <zerver/flow/job/job.h>
#include <zerver/flow/saga/log.h>
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zerver::testing {
namespace {

using Journal = std::vector<std::string>;

class Bank final : public handed::v1::BankAdapter {
 public:
  explicit Bank(Journal& journal) : journal_(&journal) {}

  void look(const LookArguments& arguments, flow::Reply<void> reply) override {
    answer("look", arguments.id, reply);
  }
  void reserve(const ReserveArguments& arguments, flow::Reply<String> reply) override {
    journal_->push_back("reserve " + std::to_string(arguments.id));
    reply.succeed(reply.operation().arena().text("h" + std::to_string(arguments.id)));
  }
  void release(const ReleaseArguments& arguments, flow::Reply<void> reply) override {
    journal_->push_back("release " + std::string(arguments.hold.view()));
    reply.succeed();
  }
  void book(const BookArguments& arguments, flow::Reply<void> reply) override {
    answer("book", arguments.id, reply);
  }
  void unbook(const UnbookArguments& arguments, flow::Reply<void> reply) override {
    answer("unbook", arguments.id, reply);
  }
  void charge(const ChargeArguments& arguments, flow::Reply<void> reply) override {
    answer("charge", arguments.id, reply);
  }
  void note(const NoteArguments& arguments, flow::Reply<void> reply) override {
    answer("note", arguments.id, reply);
  }
  void cancel(flow::Operation& operation) noexcept override {
    if (waiting_ == &operation) waiting_ = nullptr;
  }

  std::map<std::string, FaultKind> faults;  // by operation
  std::string silent;                       // the operation that is not answered

 private:
  void answer(const std::string& operation, std::int64_t id, flow::Reply<void> reply) {
    journal_->push_back(operation + " " + std::to_string(id));
    if (operation == silent) {
      waiting_ = &reply.operation();
      return;
    }
    const auto fault = faults.find(operation);
    if (fault == faults.end()) return reply.succeed();
    reply.fail({fault->second, "as the test says", {}});
  }

  Journal* journal_;
  flow::Operation* waiting_ = nullptr;
};

// A queue with so much room as a test says.
class Queue final : public flow::JobsAdapter {
 public:
  explicit Queue(Journal& journal) : journal_(&journal) {}

  void put(const flow::JobRequest& request, flow::Reply<void> reply) override {
    if (taken == room) {
      if (fault) return reply.fail({*fault, "it is closed", {}});
      waiting_.emplace_back(&request, reply);
      return;
    }
    take(request, reply);
  }
  void cancel(flow::Operation& operation) noexcept override {
    std::erase_if(waiting_, [&](const auto& each) { return &each.second.operation() == &operation; });
  }
  std::size_t waiting() const { return waiting_.size(); }
  void take_waiting() {
    for (auto& [request, reply] : std::exchange(waiting_, {}))
      take(*request, reply);
  }

  std::size_t room = 100, taken = 0;
  std::optional<FaultKind> fault;  // when there is no room; none: it waits

 private:
  void take(const flow::JobRequest& request, flow::Reply<void> reply) {
    ++taken;
    std::string line = std::string(request.job) + std::string(request.arguments.view());
    if (request.after != Duration()) line += " after";
    if (request.priority == async::Priority::kBatch) line += " batch";
    if (!request.unique.empty()) line += " unique " + std::string(request.unique.view());
    journal_->push_back(std::move(line));
    reply.succeed();
  }

  Journal* journal_;
  std::vector<std::pair<const flow::JobRequest*, flow::Reply<void>>> waiting_;
};

class SagaJobs : public ::testing::Test {
 protected:
  SagaJobs() {
    service.set_adapter("handed.v1.desk", desk);
    service.set_adapter("zerver.jobs", queue);
    service.worker().set_saga_log(log);
  }
  std::uint16_t post(const std::string& target) { return service.send({Method::kPost, target, ""}).status; }
  static std::string tell(const std::string& text) {
    return R"(handed.v1.tell{"id":1,"hold":")" + text + R"("})";
  }
  static Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }

  Journal journal;
  flow::MemorySagaLog log;
  ReqTest service{handed::v1::package()};
  Bank desk{journal};
  Queue queue{journal};
};

TEST_F(SagaJobs, AreHandedOverInTheirOrderWhenItHasCompleted) {
  EXPECT_EQ(post("/buy?id=1"), 204);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", tell("first") + " after",
                              tell("h1") + " batch unique h1", tell("last")}));
}

TEST_F(SagaJobs, AreForgottenWhenAStepFailsButThoseOfTheHook) {
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/buy?id=1"), 409);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", tell("taken"), "release h1"}));
}

TEST_F(SagaJobs, AreForgottenWhenTheRequestIsCancelled) {
  desk.silent = "book";
  flow::Exchange& exchange = service.begin({Method::kPost, "/buy?id=1"});
  service.loop().run_for(ms(10));
  exchange.cancel();
  service.loop().run();
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(queue.taken, 0U);
  EXPECT_EQ(journal.back(), "release h1");
}

TEST_F(SagaJobs, OfASagaInsideAreTheOuterOnes) {
  EXPECT_EQ(post("/within?id=1"), 204);
  EXPECT_EQ(journal,
            (Journal{"reserve 1", "book 1", "charge 1", tell("outer"), tell("inner"), tell("after")}));
}

TEST_F(SagaJobs, OfASagaInsideThatFailsAreForgottenAlone) {
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/within?id=1"), 204);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", "charge 1", tell("outer"), tell("after")}));
}

TEST_F(SagaJobs, OfASagaInsideAreForgottenWithTheOuterOnes) {
  desk.faults["charge"] = FaultKind::kConflict;
  EXPECT_EQ(post("/within?id=1"), 409);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", "charge 1", "unbook 1", "release h1"}));
}

TEST_F(SagaJobs, OfABranchAreThoseOfTheSagaAroundIt) {
  EXPECT_EQ(post("/beside?id=1"), 204);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", tell("beside")}));
  journal.clear();
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/beside?id=1"), 409);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", "release h1"}));
}

TEST_F(SagaJobs, AreHandedOverBeforeAnAnswerInside) {
  EXPECT_EQ(post("/early?id=7"), 207);
  EXPECT_EQ(journal, (Journal{"reserve 7", R"(handed.v1.tell{"id":7,"hold":"early"})"}));
}

TEST_F(SagaJobs, WaitForASagaThatWritesNothing) {
  EXPECT_EQ(post("/reads?id=1"), 204);
  EXPECT_EQ(journal, (Journal{"look 1", tell("read")}));
  journal.clear();
  desk.faults["look"] = FaultKind::kConflict;
  EXPECT_EQ(post("/reads?id=1"), 409);
  EXPECT_EQ(journal, Journal{"look 1"});
}

TEST_F(SagaJobs, ThatAreNotTakenUndoTheSaga) {
  queue.room = 0;
  queue.fault = FaultKind::kUnavailable;
  EXPECT_EQ(post("/buy?id=1"), 503);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", "unbook 1", "release h1"}));
  ASSERT_FALSE(service.log().empty());
  EXPECT_NE(service.log()[0].find("it is closed"), std::string::npos) << service.log()[0];
}

TEST_F(SagaJobs, ThatFindNoRoomBeforeTheDeadlineUndoTheSaga) {
  queue.room = 0;
  EXPECT_EQ(post("/buy?id=1"), 504);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", "unbook 1", "release h1"}));
  EXPECT_EQ(queue.waiting(), 0U);
}

TEST_F(SagaJobs, ThatAreNotTakenBehindOneThatIsUndoNothing) {
  queue.room = 1;
  queue.fault = FaultKind::kUnavailable;
  EXPECT_EQ(post("/buy?id=1"), 503);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", tell("first") + " after"}));
}

TEST_F(SagaJobs, ThatAreNotTakenBehindThePivotUndoNothing) {
  queue.room = 0;
  queue.fault = FaultKind::kUnavailable;
  EXPECT_EQ(post("/pay?id=1"), 503);
  EXPECT_EQ(journal, (Journal{"reserve 1", "charge 1"}));
  journal.clear();
  EXPECT_EQ(post("/last_write?id=1"), 503) << "a write without undo is as good as one";
  EXPECT_EQ(journal, (Journal{"reserve 1", "charge 1"}));
  EXPECT_EQ(log.size(), 0U) << "its steps are done: nobody has to look";
}

TEST_F(SagaJobs, AreHandedOverBeforeItsEndIsWrittenDown) {
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kCommitted) journal.emplace_back("committed");
  };
  EXPECT_EQ(post("/beside?id=1"), 204);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", tell("beside"), "committed"}));
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaJobs, AreForgottenWhenItsEndCannotBeWrittenDown) {
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kCompleted && record.run == 2)
      log.break_down("the disk is full");
  };
  EXPECT_EQ(post("/beside?id=1"), 503);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1", "unbook 1", "release h1"}));
}

TEST_F(SagaJobs, AreForgottenWhenAnotherProcessHasTheSaga) {
  log.share();
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kCompleted && record.run == 2) log.take_over(record.saga);
  };
  EXPECT_EQ(post("/beside?id=1"), 503);
  EXPECT_EQ(journal, (Journal{"reserve 1", "book 1"}));
}

TEST_F(SagaJobs, BehindThePivotWaitLongerThanTheClient) {
  queue.room = 0;
  flow::Exchange& exchange = service.begin({Method::kPost, "/pay?id=1"});
  service.loop().run_for(ms(10));
  ASSERT_EQ(queue.waiting(), 1U);
  exchange.cancel();
  service.loop().run_for(ms(2000));
  ASSERT_EQ(queue.waiting(), 1U) << "neither the client nor the deadline ends it";
  queue.take_waiting();
  service.loop().run();
  ASSERT_TRUE(service.finished());
  EXPECT_EQ(journal, (Journal{"reserve 1", "charge 1", tell("paid")}));
}

}  // namespace
}  // namespace zerver::testing
