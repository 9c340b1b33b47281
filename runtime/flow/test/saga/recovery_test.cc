// What becomes of the sagas that their flows leave behind.
#include "saga_fixture.h"

#include <algorithm>

namespace zerver::testing {
namespace {

using Fate = Bank::Fate;
using flow::SagaRecordKind;

class SagaRecoveryTest : public SagaTest {
 protected:
  void recover() {
    recovery.start();
    service.loop().run_until([this] { return recovery.settled(); });
  }
  // Runs the flow in a process that is killed when it writes down such a record: neither that nor anything
  // behind it reaches the journal or the bank.
  void buy_and_die_at(SagaRecordKind kind, std::uint32_t run) {
    log.on_append = [this, kind, run](const flow::SagaRecord& record) {
      if (record.kind != kind || record.run != run) return;
      log.freeze();
      bank.connect(false);
    };
    buy();
    log.on_append = nullptr;
    bank.connect(true);
    log.restart();
  }

  flow::SagaRecovery recovery{service.worker(), log, {service.saga_package()}};
};

TEST_F(SagaRecoveryTest, HasNothingToDoAfterSagasThatEnded) {
  buy();
  recover();
  EXPECT_TRUE(recovery.open().empty());
  EXPECT_EQ(bank.happened().size(), 4U);
}

TEST_F(SagaRecoveryTest, TriesAnUndoAgainUntilItSucceeds) {
  bank.always("charge", Fate::kRefused);
  bank.plan("cancel", {Fate::kRefused, Fate::kRefused});
  EXPECT_EQ(buy().status, 402);
  recover();
  EXPECT_EQ(log.size(), 0U);
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "release h1", "cancel h1"}));
  EXPECT_GE(service.loop().now(), TimePoint{500'000'000});  // at least half of the first wait
  EXPECT_EQ(service.worker().counters().undos_failed.value(), 2U);
  EXPECT_EQ(service.worker().counters().sagas_recovered.value(), 1U);
  EXPECT_TRUE(recovery.settled());
}

TEST_F(SagaRecoveryTest, ListsWhatIsStuck) {
  bank.always("charge", Fate::kRefused);
  bank.always("cancel", Fate::kRefused);
  buy();
  recovery.start();
  service.loop().run_for(Duration::from_seconds(60));
  const std::vector<flow::OpenSaga> open = recovery.open();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].history.flow, "orders.buy");
  EXPECT_TRUE(open[0].why.empty());
  EXPECT_GT(open[0].rounds, 3U);
  const std::string text = flow::to_text(open);
  EXPECT_NE(text.find("orders.book: stuck, the bank says no"), std::string::npos) << text;
  OutputBuffer out;
  flow::JsonWriter json(out);
  flow::write_json(json, open);
  EXPECT_NE(out.view().find(R"({"run":2,"step":"orders.book","status":"stuck","why":"the bank says no"})"),
            std::string_view::npos)
      << out.view();
}

TEST_F(SagaRecoveryTest, WaitsLongerEachTime) {
  bank.always("charge", Fate::kRefused);
  bank.always("cancel", Fate::kRefused);
  buy();
  recovery.start();
  service.loop().run_for(Duration::from_seconds(3600));
  // At most one each five minutes in the end, half of that at least.
  EXPECT_LT(bank.asked(), 60U);
}

TEST_F(SagaRecoveryTest, SettlesADoubtByDoingItAgain) {
  bank.plan("book", {Fate::kLost});
  EXPECT_EQ(buy().status, 503);
  recover();
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "release h1", "book h1", "cancel h1"}));
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaRecoveryTest, UndoesNothingOfADoubtThatProvesUnfounded) {
  bank.plan("book", {Fate::kSilent, Fate::kRefused});
  EXPECT_EQ(buy().status, 503);
  recover();
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "release h1"}));
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaRecoveryTest, AsksForAnOperatorWhenNothingElseHelps) {
  bank.plan("reserve", {Fate::kLost});
  EXPECT_EQ(buy().status, 503);
  recover();
  const std::vector<flow::OpenSaga> open = recovery.open();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_FALSE(open[0].why.empty());
  ASSERT_FALSE(service.log().empty());
  EXPECT_NE(service.log().back().find("of orders.buy, step `orders.reserve`: it may have happened"),
            std::string::npos)
      << service.log().back();
  EXPECT_FALSE(recovery.resolve(Uuid{}, 1, flow::SagaVerdict::kUndone));
  EXPECT_TRUE(recovery.resolve(open[0].history.id, 1, flow::SagaVerdict::kUndone));
  service.loop().run_until([this] { return recovery.settled(); });
  EXPECT_EQ(log.size(), 0U);
  EXPECT_TRUE(recovery.open().empty());
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1"}));
}

TEST_F(SagaRecoveryTest, AnOperatorEndsASagaAsAWhole) {
  bank.plan("reserve", {Fate::kLost});
  buy();
  recover();
  EXPECT_TRUE(recovery.resolve(recovery.open().at(0).history.id, 0, flow::SagaVerdict::kUndone));
  EXPECT_EQ(log.size(), 0U);
  EXPECT_TRUE(recovery.open().empty());
}

TEST_F(SagaRecoveryTest, TriesAnUndoAgainThatItCouldNotWriteDown) {
  bank.always("charge", Fate::kRefused);
  bank.plan("cancel", {Fate::kRefused});
  buy();
  bool had_room = false;
  log.on_append = [&](const flow::SagaRecord& record) {
    const bool is_full = record.kind == SagaRecordKind::kUndoing && !had_room;
    had_room = had_room || !is_full;
    log.break_down(is_full ? "the disk is full" : "");
  };
  recover();
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "release h1", "cancel h1"}));
  EXPECT_TRUE(recovery.open().empty());
}

// A server may say a little later that a process has died.
TEST_F(SagaRecoveryTest, LooksSoonerBehindItsStart) {
  recover();
  buy_and_die_at(SagaRecordKind::kCompleted, 2);
  ASSERT_EQ(log.size(), 1U);
  service.loop().run_for(Duration::from_seconds(4));
  EXPECT_EQ(log.size(), 0U);
}

// --- A journal that others have, too ---

TEST_F(SagaRecoveryTest, UndoesLaterWhatItsFlowCouldNotWriteDown) {
  log.share();
  bank.always("charge", Fate::kRefused);
  log.on_append = [this](const flow::SagaRecord& record) {
    if (record.kind == SagaRecordKind::kUnwinding) log.break_down("the server is away");
  };
  buy();
  log.on_append = nullptr;
  recovery.start();
  service.loop().run_for(Duration::from_seconds(100));
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1"}));
  log.break_down("");
  service.loop().run_for(Duration::from_seconds(100));
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1", "book h1", "cancel h1", "release h1"}));
  EXPECT_EQ(log.size(), 0U);
}

TEST_F(SagaRecoveryTest, LeavesASagaToWhoeverHasTakenIt) {
  log.share();
  bank.always("charge", Fate::kRefused);
  bank.always("cancel", Fate::kRefused);
  buy();
  recovery.start();
  service.loop().run_for(Duration::from_seconds(10));
  const std::size_t asked = bank.asked();
  log.take_over(recovery.open().at(0).history.id);
  bank.always("cancel", Fate::kDone);
  service.loop().run_for(Duration::from_seconds(1000));
  EXPECT_TRUE(recovery.open().empty());
  EXPECT_EQ(bank.asked(), asked);
  EXPECT_NE(service.log().back().find("another process has taken it over"), std::string::npos);
}

TEST_F(SagaRecoveryTest, DoesNotListWhatWaitsElsewhere) {
  log.share();
  bank.plan("reserve", {Fate::kLost});
  buy();
  recover();
  log.take_over(recovery.open().at(0).history.id);
  service.loop().run_for(Duration::from_seconds(31));
  EXPECT_TRUE(recovery.open().empty());
}

// As a program for operators writes it, beside the service.
TEST_F(SagaRecoveryTest, TakesUpWhatAnOperatorHasWrittenIntoTheJournal) {
  for (const SagaRecordKind verdict : {SagaRecordKind::kUndone, SagaRecordKind::kDismissed}) {
    bank.plan("reserve", {Fate::kLost});
    buy();
    recover();
    const flow::OpenSaga saga = recovery.open().at(0);
    EXPECT_EQ(saga.history.blocked, saga.why);
    const std::uint32_t run = verdict == SagaRecordKind::kUndone ? 1 : 0;
    log.append({.saga = saga.history.id, .kind = verdict, .run = run, .name = {}, .data = {}, .at = {}});
    log.append(
        {.saga = saga.history.id, .kind = SagaRecordKind::kReleased, .name = {}, .data = {}, .at = {}});
    service.loop().run_until([this] { return log.size() == 0; });
    EXPECT_EQ(log.size(), 0U);
    service.loop().run_until([this] { return recovery.open().empty(); });
    EXPECT_TRUE(recovery.open().empty());
  }
}

TEST_F(SagaRecoveryTest, AsksForAnOperatorWhenTheResultIsLostWithTheProcess) {
  buy_and_die_at(SagaRecordKind::kCompleted, 1);
  recover();
  EXPECT_EQ(bank.happened(), (Lines{"reserve h1"}));
  EXPECT_EQ(recovery.open().size(), 1U);
}

// --- After a crash: at each record of the saga `buy`, which is killed as it writes it ---

struct Crash {
  SagaRecordKind kind;
  std::uint32_t run;
  std::vector<std::string> happened;  // in the end
};

class SagaCrashTest : public SagaRecoveryTest, public ::testing::WithParamInterface<Crash> {};

TEST_P(SagaCrashTest, IsCompletedOrCompensated) {
  buy_and_die_at(GetParam().kind, GetParam().run);
  recover();
  EXPECT_EQ(bank.happened(), GetParam().happened);
}

// Of a process that is killed as well, at each record that it writes.
TEST_P(SagaCrashTest, GoesOnWithARecoveryThatWasKilled) {
  buy_and_die_at(GetParam().kind, GetParam().run);
  for (std::uint64_t left = 0; left < 4; ++left) {
    log.on_append = [this, count = left](const flow::SagaRecord&) mutable {
      if (count-- != 0) return;
      log.freeze();
      bank.connect(false);
    };
    {
      flow::SagaRecovery dying(service.worker(), log, {service.saga_package()});
      dying.start();
      service.loop().run_for(Duration::from_seconds(1));
    }
    log.on_append = nullptr;
    bank.connect(true);
    log.restart();
  }
  recover();
  // An effect that may be repeated may have been, and no other; what counts is where it ends.
  const auto count = [this](std::string_view line) { return std::ranges::count(bank.happened(), line); };
  const auto wanted = [](std::string_view line) { return std::ranges::count(GetParam().happened, line); };
  EXPECT_EQ(count("charge h1") > 0, wanted("charge h1") > 0);
  EXPECT_EQ(count("release h1") > 0, wanted("release h1") > 0);
  EXPECT_LE(count("cancel h1"), 1);
  EXPECT_EQ(count("reserve h1"), wanted("reserve h1"));
}

INSTANTIATE_TEST_SUITE_P(
    EachRecord, SagaCrashTest,
    ::testing::Values(
        Crash{SagaRecordKind::kIntended, 1, {}},
        Crash{SagaRecordKind::kIntended, 2, {"reserve h1", "release h1"}},
        Crash{SagaRecordKind::kCompleted, 2, {"reserve h1", "book h1", "book h1", "cancel h1", "release h1"}},
        Crash{SagaRecordKind::kIntended, 3, {"reserve h1", "book h1", "cancel h1", "release h1"}},
        Crash{SagaRecordKind::kCompleted, 3, {"reserve h1", "book h1", "charge h1", "charge h1"}},
        Crash{SagaRecordKind::kIntended, 4, {"reserve h1", "book h1", "charge h1"}},
        Crash{SagaRecordKind::kCompleted, 4, {"reserve h1", "book h1", "charge h1", "close h1", "close h1"}},
        Crash{SagaRecordKind::kCommitted, 0, {"reserve h1", "book h1", "charge h1", "close h1"}}),
    [](const ::testing::TestParamInfo<Crash>& crash) {
      return "Record" + std::to_string(static_cast<unsigned>(crash.param.kind)) + "OfRun" +
             std::to_string(crash.param.run);
    });

}  // namespace
}  // namespace zerver::testing
