// What zerver-compile makes of `saga`, run over a simulated worker: what is undone, and in which order, is
// what
// `--dump=plan` says.

#include "sagas.flow.h"
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::testing {
namespace {

using Journal = std::vector<std::string>;

// A bank that writes down what it is asked for, and does with an operation what a test says.
class Bank final : public sagas::v1::BankAdapter {
 public:
  Bank(std::string name, async::Loop& loop, Journal& journal)
      : name_(std::move(name)), loop_(&loop), journal_(&journal) {}

  void reserve(const ReserveArguments& arguments, flow::Reply<String> reply) override {
    const std::string hold = name_ + std::to_string(arguments.id);
    answer("reserve", hold, reply, [reply, hold] { reply.succeed(reply.operation().arena().text(hold)); });
  }
  void release(const ReleaseArguments& arguments, flow::Reply<void> reply) override {
    answer("release", std::string(arguments.hold.view()), reply, [reply] { reply.succeed(); });
  }
  void book(const BookArguments& arguments, flow::Reply<void> reply) override {
    answer("book", std::string(arguments.hold.view()), reply, [reply] { reply.succeed(); });
  }
  void unbook(const UnbookArguments& arguments, flow::Reply<void> reply) override {
    answer("unbook", std::string(arguments.hold.view()), reply, [reply] { reply.succeed(); });
  }
  void charge(const ChargeArguments& arguments, flow::Reply<void> reply) override {
    answer("charge", std::string(arguments.hold.view()), reply, [reply] { reply.succeed(); });
  }
  void note(const NoteArguments& arguments, flow::Reply<void> reply) override {
    answer("note", std::to_string(arguments.id), reply, [reply] { reply.succeed(); });
  }
  void cancel(flow::Operation& operation) noexcept override {
    pending_.remove_if([&](const std::unique_ptr<Later>& each) {
      if (each->operation != &operation) return false;
      loop_->stop(*each);
      return true;
    });
  }

  std::map<std::string, FaultKind> faults;  // by operation, or by operation and argument: "reserve 2"
  std::map<std::string, Duration> delays;
  std::map<std::string, bool> silent;

 private:
  struct Later final : async::Timer {
    Later(Bank& bank, flow::Operation& of, std::function<void()> then)
        : Timer([](Timer& timer) noexcept { static_cast<Later&>(timer).run(); }),
          owner(&bank),
          operation(&of),
          finish(std::move(then)) {}
    void run() noexcept {
      Bank& bank = *owner;
      const std::function<void()> then = std::move(finish);
      bank.pending_.remove_if([this](const std::unique_ptr<Later>& each) { return each.get() == this; });
      then();
    }
    Bank* owner;
    flow::Operation* operation;
    std::function<void()> finish;
  };

  void answer(const std::string& operation, const std::string& argument, const flow::ReplyBase& reply,
              std::function<void()> succeed) {
    journal_->push_back(operation + " " + argument);
    if (silent.contains(operation)) return;
    const auto fault = faults.contains(operation + " " + argument) ? faults.find(operation + " " + argument)
                                                                   : faults.find(operation);
    if (fault != faults.end())
      succeed = [reply, kind = fault->second] { reply.fail({kind, "as the test says", {}}); };
    const auto delay = delays.find(operation);
    if (delay == delays.end()) return succeed();
    pending_.push_back(std::make_unique<Later>(*this, reply.operation(), std::move(succeed)));
    loop_->start(*pending_.back(), loop_->now() + delay->second);
  }

  std::string name_;
  async::Loop* loop_;
  Journal* journal_;
  std::list<std::unique_ptr<Later>> pending_;
};

class Sagas : public ::testing::Test {
 protected:
  Sagas() {
    service.set_adapter("sagas.v1.pay", pay);
    service.set_adapter("sagas.v1.desk", desk);
    service.set_adapter("sagas.v1.other", other);
  }
  std::uint16_t post(const std::string& target, std::string body = "") {
    return service.send({Method::kPost, target, std::move(body)}).status;
  }
  static Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }

  Journal journal;
  ReqTest service{sagas::v1::package()};
  Bank pay{"p", service.loop(), journal};
  Bank desk{"d", service.loop(), journal};
  Bank other{"o", service.loop(), journal};
};

TEST_F(Sagas, WhatCompletesIsNotUndone) {
  EXPECT_EQ(post("/buy?id=1"), 200);
  EXPECT_EQ(journal, (Journal{"reserve p1", "book p1"}));
}

TEST_F(Sagas, AStepThatFailsUndoesThoseBeforeItBehindTheHook) {
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/buy?id=1"), 409);
  EXPECT_EQ(journal, (Journal{"reserve p1", "book p1", "note 2", "release p1"}));
}

TEST_F(Sagas, TheLogNamesTheStepThatFailedAndNotTheUndosBehindIt) {
  desk.faults["book"] = FaultKind::kUnavailable;
  EXPECT_EQ(post("/buy?id=1"), 503);
  ASSERT_EQ(service.log().size(), 1U);
  const std::string& line = service.log()[0];
  for (const char* const part :
       {R"("status":503,"error":"sagas.v1.Busy","domain":"sagas.v1","kind":"unavailable")",
        R"("package":"sagas.v1","flow":"buy","method":"POST","route":"/buy","flow_at":"sagas.flow:)",
        R"("step":"book","at":"sagas.flow:33","target":"sagas.v1.desk","operation":"book")",
        R"("causes":[{"attempt":1,"kind":"unavailable")"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
}

TEST_F(Sagas, TheLastOneIsUndoneFirst) {
  EXPECT_EQ(post("/buy?id=13"), 418);
  EXPECT_EQ(journal, (Journal{"reserve p13", "book p13", "unbook p13", "release p13"}));
}

TEST_F(Sagas, AnExceptionUndoesToo) {
  EXPECT_EQ(post("/buy?id=14"), 500);
  EXPECT_EQ(journal, (Journal{"reserve p14", "book p14", "unbook p14", "release p14"}));
  ASSERT_FALSE(service.log().empty());
  EXPECT_NE(service.log()[0].find("fourteen"), std::string::npos);
}

TEST_F(Sagas, AHandlerAroundTheSagaRunsBehindIt) {
  pay.faults["reserve"] = FaultKind::kRejected;
  EXPECT_EQ(post("/buy?id=1"), 202);
  EXPECT_EQ(journal, Journal{"reserve p1"});
}

TEST_F(Sagas, ACancelledRequestRunsItsHookThenIsUndone) {
  desk.silent["book"] = true;
  flow::Exchange& exchange = service.begin({Method::kPost, "/buy?id=1"});
  service.loop().run_for(ms(10));
  exchange.cancel();
  service.loop().run();
  ASSERT_TRUE(service.finished());
  EXPECT_EQ(service.take().status, 504);
  // Whether the booking has happened nobody knows; it has not completed, and is left to the recovery.
  ASSERT_GE(journal.size(), 4U);
  EXPECT_EQ(Journal(journal.begin(), journal.begin() + 4),
            (Journal{"reserve p1", "book p1", "note 3", "release p1"}));
}

TEST_F(Sagas, TheUndoIsNotCutOffByTheDeadline) {
  desk.silent["book"] = true;
  pay.delays["release"] = ms(40);
  flow::Exchange& exchange = service.begin({Method::kPost, "/buy?id=1"});
  service.loop().run_for(ms(10));
  exchange.cancel();
  EXPECT_FALSE(service.finished()) << "the answer waits for the undo";
  service.loop().run();
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(journal.back(), "release p1");
}

TEST_F(Sagas, BehindThePivotNothingIsUndone) {
  EXPECT_EQ(post("/pay?id=13"), 418);
  EXPECT_EQ(journal, (Journal{"reserve p13", "charge p13"}));
  journal.clear();
  pay.faults["charge"] = FaultKind::kRejected;
  EXPECT_EQ(post("/pay?id=1"), 402);
  EXPECT_EQ(journal, (Journal{"reserve p1", "charge p1", "release p1"})) << "a pivot that failed is none";
}

TEST_F(Sagas, AHookThatAnswersEndsTheSagaEarlyAllTheSame) {
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/booked?id=1"), 299);
  EXPECT_EQ(journal, (Journal{"reserve p1", "book p1", "release p1"}));
}

TEST_F(Sagas, AnAnswerInsideCompletesTheSaga) {
  EXPECT_EQ(post("/early?id=7"), 207);
  EXPECT_EQ(journal, Journal{"reserve p7"});
}

TEST_F(Sagas, BranchesAreUndoneInTheReverseOfTheirCompletion) {
  pay.delays["reserve"] = ms(20);
  other.delays["reserve"] = ms(10);
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/wide?id=1"), 409);
  EXPECT_EQ(journal, (Journal{"reserve p1", "reserve o1", "book p1", "release p1", "release o1"}));
}

TEST_F(Sagas, ABranchThatCompletesBesideOneThatFailsIsUndone) {
  pay.faults["reserve"] = FaultKind::kRejected;
  other.delays["reserve"] = ms(10);
  EXPECT_EQ(post("/wide?id=1"), 402);
  EXPECT_EQ(journal, (Journal{"reserve p1", "reserve o1", "release o1"}));
}

TEST_F(Sagas, ASagaInASagaIsUndoneByItself) {
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/within?id=1"), 204) << "its error is rescued, the outer one goes on";
  EXPECT_EQ(journal, (Journal{"reserve p1", "reserve o1", "book p1", "release o1"}));
}

TEST_F(Sagas, ASagaInASagaIsUndoneWithTheRest) {
  EXPECT_EQ(post("/within?id=13"), 418);
  EXPECT_EQ(journal,
            (Journal{"reserve p13", "reserve o13", "book p13", "unbook p13", "release o13", "release p13"}));
}

TEST_F(Sagas, EveryRunOfALoopIsUndone) {
  pay.faults["reserve p3"] = FaultKind::kRejected;
  EXPECT_EQ(post("/looped", "[1,2,3,4]"), 402);
  EXPECT_EQ(journal, (Journal{"reserve p1", "reserve p2", "reserve p3", "release p2", "release p1"}));
}

TEST_F(Sagas, AnUndoThatFailsIsNoErrorOfTheFlow) {
  pay.faults["release"] = FaultKind::kUnavailable;
  desk.faults["book"] = FaultKind::kConflict;
  EXPECT_EQ(post("/buy?id=1"), 409);
}

}  // namespace
}  // namespace zerver::testing
