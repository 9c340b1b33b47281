// Each rule of docs/sagas.md about what happens while the flow runs.
#include "saga_fixture.h"

namespace zerver::testing {
namespace {

using Fate = Bank::Fate;

TEST_F(SagaTest, UndoesNothingWhenItCompletes) {
  EXPECT_EQ(buy().status, 204);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "charge h1", "close h1"}));
  EXPECT_EQ(log.size(), 0U);
  EXPECT_EQ(service.worker().counters().sagas.value(), 1U);
  EXPECT_EQ(service.worker().counters().sagas_unwound.value(), 0U);
}

TEST_F(SagaTest, EndsWhenItsFirstStepIsRefused) {
  bank.always("reserve", Fate::kRefused);
  EXPECT_EQ(buy().status, 402);
  EXPECT_TRUE(bank.happened().empty());
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaTest, UndoesTheLastStepFirst) {
  bank.always("charge", Fate::kRefused);
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "release h1"}));
  EXPECT_EQ(log.size(), 0U);
  EXPECT_EQ(service.worker().counters().sagas_unwound.value(), 1U);
}

TEST_F(SagaTest, UndoesOnlyWhatHasCompleted) {
  bank.always("book", Fate::kRefused);
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "release h1"}));
}

TEST_F(SagaTest, UndoesNothingBehindItsPivot) {
  bank.always("close", Fate::kRefused);
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "charge h1"}));
  EXPECT_EQ(log.size(), 1U);  // what is left to do is for somebody
}

TEST_F(SagaTest, UndoesWhenItsClientIsGone) {
  bank.always("charge", Fate::kSilent);
  flow::Exchange& exchange = service.begin({.target = "/buy"});
  EXPECT_FALSE(service.finished());
  exchange.cancel();
  EXPECT_EQ(service.take().status, 504);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "release h1"}));
}

TEST_F(SagaTest, UndoesWhenItsTimeIsOver) {
  bank.always("charge", Fate::kSilent);
  EXPECT_EQ(buy().status, 503);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "release h1"}));
}

// What runs when the deadline has passed has time of its own.
TEST_F(SagaTest, IsNotCutOffByTheDeadlineWhileItUndoes) {
  bank.always("charge", Fate::kSilent);
  bank.plan("cancel", {Fate::kSilent});
  flow::Exchange& exchange = service.begin({.target = "/buy"});
  service.loop().run_for(Duration::from_milliseconds(1));
  exchange.cancel();
  EXPECT_FALSE(service.finished());
  EXPECT_EQ(bank.asked(), 4U);
  exchange.cancel();  // a second time: nothing of the undo is cancelled
  service.loop().run_for(Duration::from_milliseconds(150));
  EXPECT_FALSE(service.finished());
  service.loop().run_for(Duration::from_seconds(4));
  EXPECT_TRUE(service.finished());
  EXPECT_EQ(service.take().status, 504);
  // The undo of `book` has had its 200 ms, and the one of `reserve` has run all the same.
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "release h1"}));
}

TEST_F(SagaTest, RetriesAnUndoAsItsPolicySays) {
  bank.always("book", Fate::kRefused);
  bank.plan("release", {Fate::kBroken});
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "release h1"}));
  EXPECT_EQ(service.worker().counters().undos_failed.value(), 0U);
}

// A failure of an undo is never the flow's, and the others run.
TEST_F(SagaTest, KeepsWhatCouldNotBeUndone) {
  bank.always("charge", Fate::kRefused);
  bank.always("cancel", Fate::kBroken);
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "release h1"}));
  EXPECT_EQ(service.worker().counters().undos_failed.value(), 1U);
  EXPECT_EQ(log.size(), 1U);
}

TEST_F(SagaTest, KeepsWhatIsInDoubt) {
  bank.always("book", Fate::kLost);
  EXPECT_EQ(buy().status, 503);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "release h1"}));
  EXPECT_EQ(log.size(), 1U);
}

TEST_F(SagaTest, StartsNoEffectThatItCannotWriteDown) {
  log.break_down("the disk is full");
  const ResponseText response = buy();
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find("the disk is full"), std::string::npos);
  EXPECT_TRUE(bank.happened().empty());
}

TEST_F(SagaTest, UndoesNothingBehindThePivotEvenWhenItCannotCommit) {
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kCommitted) log.break_down("the disk is full");
  };
  EXPECT_EQ(buy().status, 503);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "charge h1", "close h1"}));
}

// --- A journal that others have, too ---

TEST_F(SagaTest, UndoesWhatItKnowsWhenOnlyItsOwnJournalCannotBeWritten) {
  bank.always("charge", Fate::kRefused);
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kUnwinding) log.break_down("the disk is full");
  };
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "release h1"}));
}

TEST_F(SagaTest, UndoesNothingThatItCannotWriteDownWhereOthersMayDoSo) {
  log.share();
  bank.always("charge", Fate::kRefused);
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kUnwinding) log.break_down("the server is away");
  };
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1"}));
  EXPECT_EQ(log.size(), 1U);
}

TEST_F(SagaTest, UndoesWhereOthersMayDoSoWhatIsWrittenDown) {
  log.share();
  bank.always("charge", Fate::kRefused);
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "release h1"}));
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaTest, StopsUndoingWhenAnotherProcessHasIt) {
  log.share();
  bank.always("charge", Fate::kRefused);
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kUndone) log.take_over(record.saga);
  };
  EXPECT_EQ(buy().status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1"}));
}

TEST_F(SagaTest, EndsWithoutAWordWhenAnotherProcessHasIt) {
  log.share();
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kCompleted && record.run == 2) log.take_over(record.saga);
  };
  EXPECT_EQ(buy().status, 503);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1"}));
}

TEST_F(SagaTest, DoesNotGoOnBehindASagaInsideThatIsLeft) {
  log.share();
  bank.always("close", Fate::kRefused);
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kUnwinding) log.take_over(record.saga);
  };
  const ResponseText response = service.send({.target = "/nested"});
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find("left to the recovery"), std::string::npos) << response.body;
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1"}));
}

TEST_F(SagaTest, ASagaInsideIsUndoneAlone) {
  bank.always("close", Fate::kRefused);
  EXPECT_EQ(service.send({.target = "/nested"}).status, 204);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "charge h1"}));
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaTest, ASagaInsideIsUndoneWithTheOuterOne) {
  bank.always("charge", Fate::kRefused);
  EXPECT_EQ(service.send({.target = "/nested"}).status, 402);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "close h1", "cancel h1", "release h1"}));
}

TEST_F(SagaTest, BeginsNoSecondSagaInTheJournalForOneInside) {
  unsigned begun = 0;
  log.on_append = [&](const flow::SagaRecord& record) {
    if (record.kind == flow::SagaRecordKind::kBegan) ++begun;
  };
  EXPECT_EQ(service.send({.target = "/nested"}).status, 204);
  EXPECT_EQ(begun, 1U);
}

// The order of write-ahead: an intent before its effect, a completion before the next one.
TEST_F(SagaTest, WritesDownBeforeItActs) {
  std::string order;
  log.on_append = [&](const flow::SagaRecord& record) {
    order += std::to_string(static_cast<unsigned>(record.kind)) + "@" + std::to_string(bank.asked()) + " ";
  };
  buy();
  EXPECT_EQ(order, "1@0 2@0 3@1 2@1 3@2 2@2 3@3 2@3 3@4 10@4 12@4 ");
}

}  // namespace
}  // namespace zerver::testing
