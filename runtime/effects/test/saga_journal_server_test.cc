// The journal of sagas on a server whose connections break, and which fails itself: who has a saga then.
#include "runtime/effects/test/journal_place.h"
#include "runtime/effects/test/saga_process.h"
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace zerver::effects {
namespace {

using flow::SagaRecordKind;

constexpr const char* kTaken = "another process has taken the saga over";

class SagaServerTest : public ::testing::Test {
 protected:
  Uuid saga() { return Uuid::generate(random); }

  // As if the network had done so. The process that has opened the journal first.
  void cut_off_the_first() const {
    EXPECT_EQ(journal_server().query(
                  "select pg_terminate_backend((select pid from pg_stat_activity where datname = '" +
                  place.database() +
                  "' and application_name = 'zerver-journal' order by backend_start limit 1), 10000)"),
              "t");
  }
  std::vector<flow::SagaHistory> listed() const {
    std::vector<flow::SagaHistory> sagas;
    EXPECT_EQ(SagaJournal::list(place.url(), sagas), "");
    return sagas;
  }

  JournalPlace place{JournalPlaceKind::kServer};
  SeededRandom random{1};
};

TEST_F(SagaServerTest, RefusesWhatSomebodyWritesWhoIsThoughtDead) {
  const Uuid id = saga();
  SagaProcess first;
  SagaProcess second;
  ASSERT_EQ(first.journal->open(place.url()), "");
  ASSERT_EQ(second.journal->open(place.url()), "");
  EXPECT_TRUE(first.journal->can_be_taken_over());
  first.begin(id);
  ASSERT_EQ(first.sync(id), "");
  cut_off_the_first();
  ASSERT_EQ(second.claim_from_the_dead().size(), 1U);
  second.append(id, SagaRecordKind::kUnwinding);
  EXPECT_EQ(second.sync(id), "");
  // The first write finds out that the connection is gone; it is written again by another one.
  first.append(id, SagaRecordKind::kIntended, 2, "shop.pay");
  while (first.sync(id) == "the saga journal cannot be written")
    std::this_thread::yield();
  EXPECT_EQ(first.sync(id), kTaken);
  const std::vector<flow::SagaHistory> sagas = listed();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_TRUE(sagas[0].unwinding);
  EXPECT_EQ(sagas[0].runs.size(), 1U) << "what was refused is not written";
  // It may not end it either, and begins others as before.
  first.append(id, SagaRecordKind::kEnded);
  const Uuid other = saga();
  first.begin(other);
  EXPECT_EQ(first.sync(other), "");
  EXPECT_EQ(listed().size(), 2U);
  EXPECT_TRUE(second.claim().empty()) << "it has its lock again";
}

TEST_F(SagaServerTest, KeepsWhatNobodyHasTakenMeanwhile) {
  const Uuid id = saga();
  SagaProcess first;
  SagaProcess second;
  ASSERT_EQ(first.journal->open(place.url()), "");
  ASSERT_EQ(second.journal->open(place.url()), "");
  first.begin(id);
  ASSERT_EQ(first.sync(id), "");
  cut_off_the_first();
  first.append(id, SagaRecordKind::kIntended, 2, "shop.pay");
  while (!first.sync(id).empty())
    std::this_thread::yield();
  EXPECT_TRUE(second.claim().empty());
  EXPECT_EQ(listed().at(0).broken, "");
  EXPECT_EQ(listed().at(0).runs.size(), 2U);
}

// What one process has begun, another one has taken over, and left: the first one may still be at it.
TEST_F(SagaServerTest, TakesNothingBackFromAFlowOfItsOwn) {
  const Uuid id = saga();
  SagaProcess first;
  ASSERT_EQ(first.journal->open(place.url()), "");
  first.begin(id);
  ASSERT_EQ(first.sync(id), "");
  {
    SagaProcess second;
    ASSERT_EQ(second.journal->open(place.url()), "");
    cut_off_the_first();
    ASSERT_EQ(second.claim_from_the_dead().size(), 1U);
  }
  SagaProcess third;
  ASSERT_EQ(third.journal->open(place.url()), "");
  while (!first.try_claim().why.empty())
    std::this_thread::yield();
  EXPECT_TRUE(first.claim().empty());
  first.append(id, SagaRecordKind::kCompleted, 1);
  EXPECT_EQ(first.sync(id), kTaken);
  first.append(id, SagaRecordKind::kReleased);  // the flow has ended
  EXPECT_EQ(first.claim_from_the_dead().size(), 1U);
  EXPECT_TRUE(third.claim().empty());
  first.append(id, SagaRecordKind::kUnwinding);
  EXPECT_EQ(first.sync(id), "") << "it has it again";
}

TEST_F(SagaServerTest, SaysWhatItHasClaimedAndLost) {
  const Uuid id = saga();
  const Uuid other = saga();
  SagaProcess first;
  SagaProcess second;
  ASSERT_EQ(first.journal->open(place.url()), "");
  ASSERT_EQ(second.journal->open(place.url()), "");
  for (const Uuid& each : {id, other}) {
    first.begin(each);
    first.append(each, SagaRecordKind::kReleased);
  }
  ASSERT_EQ(first.sync(), "");
  ASSERT_EQ(first.claim().size(), 2U);
  first.append(other, SagaRecordKind::kEnded);
  ASSERT_EQ(first.sync(), "");
  EXPECT_TRUE(first.try_claim().lost.empty());
  cut_off_the_first();
  ASSERT_EQ(second.claim_from_the_dead().size(), 1U);
  SagaProcess::Claimed claimed = first.try_claim();
  while (!claimed.why.empty())
    claimed = first.try_claim();
  EXPECT_EQ(claimed.lost, std::vector<Uuid>{id});
  EXPECT_EQ(first.sync(id), kTaken);
}

TEST_F(SagaServerTest, GivesEachSagaOfADeadProcessToOneOfThoseWhoTry) {
  constexpr std::size_t kSagas = 200;
  SagaProcess one;
  SagaProcess two;
  {
    SagaProcess dead;
    ASSERT_EQ(dead.journal->open(place.url()), "");
    ASSERT_EQ(one.journal->open(place.url()), "");
    ASSERT_EQ(two.journal->open(place.url()), "");
    for (std::size_t i = 0; i < kSagas; ++i)
      dead.begin(saga());
    ASSERT_EQ(dead.sync(), "");
  }
  std::vector<flow::SagaHistory> taken[2];
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (taken[0].size() + taken[1].size() < kSagas && std::chrono::steady_clock::now() < end) {
    std::thread beside([&] { std::ranges::move(two.claim(), std::back_inserter(taken[1])); });
    std::ranges::move(one.claim(), std::back_inserter(taken[0]));
    beside.join();
  }
  std::set<Uuid> sagas;
  for (const std::vector<flow::SagaHistory>& each : taken)
    for (const flow::SagaHistory& history : each)
      EXPECT_TRUE(sagas.insert(history.id).second) << "both have it";
  EXPECT_EQ(sagas.size(), kSagas);
}

TEST_F(SagaServerTest, SaysWhatItCannotOpen) {
  SagaProcess process;
  const std::string error = process.journal->open("postgres://shop:hunter2@127.0.0.1:1/shop");
  EXPECT_NE(error, "");
  EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
  EXPECT_TRUE(listed().empty()) << "nobody has written to it yet";
  EXPECT_EQ(SagaJournal::resolve(place.url(), saga(), 0, flow::SagaVerdict::kUndone), "it has no such saga");
  ASSERT_EQ(process.journal->open(journal_server().url()), "");
  journal_server().query("update zerver.saga_version set version = 99");
  SagaProcess next;
  EXPECT_EQ(next.journal->open(journal_server().url()),
            "it was made by another version of this program's runtime");
  journal_server().query("update zerver.saga_version set version = 1");
}

TEST(SagaJournalServer, ASagaOutlivesItsServerAndStaysWithItsProcess) {
  test::PostgresServer postgres;
  SeededRandom random{1};
  const Uuid id = Uuid::generate(random);
  SagaProcess first;
  SagaProcess second;
  ASSERT_EQ(first.journal->open(postgres.url()), "");
  ASSERT_EQ(second.journal->open(postgres.url()), "");
  first.begin(id);
  ASSERT_EQ(first.sync(id), "");
  postgres.kill();
  first.append(id, SagaRecordKind::kIntended, 2, "shop.pay");
  EXPECT_EQ(first.sync(id), "the saga journal cannot be written");
  EXPECT_EQ(first.journal->refuses(), "the saga journal cannot be written");
  postgres.start();
  // With it all locks are gone: nobody is dead for that.
  SagaProcess::Claimed claimed = second.try_claim();
  while (!claimed.why.empty())
    claimed = second.try_claim();
  EXPECT_TRUE(claimed.sagas.empty());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!first.sync(id).empty() && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  EXPECT_EQ(first.journal->refuses(), "");
  std::vector<flow::SagaHistory> sagas;
  ASSERT_EQ(SagaJournal::list(postgres.url(), sagas), "");
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_EQ(sagas[0].broken, "");
  EXPECT_EQ(sagas[0].runs.size(), 2U) << "what was appended meanwhile is written behind it";
  // Whoever began with that server, and is gone, is dead at once.
  first.journal.reset();
  EXPECT_EQ(second.claim_from_the_dead().size(), 1U);
}

}  // namespace
}  // namespace zerver::effects
