// The journals of durable jobs, in memory, in a file and on a server, held to the same promises; and what
// those do besides that outlive their process.
#include "runtime/effects/test/journal_place.h"
#include "runtime/effects/test/wait_durable.h"
#include <zerver/core/random.h>
#include <zerver/effects/job_journal.h>
#include <zerver/effects/saga_journal.h>
#include <zerver/flow/durable/durable_run.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace {

using flow::DurablePlace;
using flow::DurableRun;
using flow::DurableSite;
using flow::JournalRecordKind;

constexpr DurableSite kSites[] = {{.name = "ask"}, {.name = "pack", .loops = 1}, {.name = "pay"}};

// A worker that has journals of any kind.
class Jobs {
 public:
  struct Opened {
    flow::JobHistory history;
    bool lost = false;
    std::string why;
  };
  Opened open(flow::JobJournal& journal, const Uuid& id, std::uint64_t token) {
    struct Open final : flow::JournalOpen {
      explicit Open(async::Loop& of)
          : JournalOpen(of, [](Job& job) noexcept { static_cast<Open&>(job).done = true; }) {}
      bool done = false;
    };
    Open open(loop);
    open.id = id;
    open.token = token;
    open.name = "shop.buy";
    const std::string shape = DurableRun::shape_of(kSites);
    open.shape = shape;
    open.at = at;
    if (!journal.open(open)) loop.run_with_threads_until([&] { return open.done; });
    return {std::move(open.history), open.lost, std::string(open.why)};
  }

  std::unique_ptr<DurableRun> attempt(flow::JobJournal& journal, const Uuid& id, std::uint64_t token) {
    Opened opened = open(journal, id, token);
    EXPECT_EQ(opened.why, "");
    EXPECT_FALSE(opened.lost);
    return std::make_unique<DurableRun>(journal, loop, loop.clock(), kSites, token,
                                        std::move(opened.history));
  }

  // Waits until what was appended for the job is durable. What went wrong, or nothing.
  std::string sync(flow::JobJournal& journal, const Uuid& id) { return wait_durable(journal, loop, id); }

  testing::SimLoop loop;
  testing::MemoryLog log;
  Timestamp at{1'000'000};
};

using Kind = JournalPlaceKind;
using Place = JournalPlace;

class JobJournalTest : public ::testing::TestWithParam<Kind> {
 protected:
  JobJournalTest() {
    if (GetParam() == Kind::kMemory) {
      journal = std::make_unique<flow::MemoryJobJournal>();
      return;
    }
    auto stored = std::make_unique<StoredJobJournal>(jobs.log);
    EXPECT_EQ(stored->open(place.url()), "");
    journal = std::move(stored);
  }
  Uuid id() { return Uuid::generate(random); }

  Place place{GetParam()};
  SeededRandom random{1};
  Jobs jobs;
  std::unique_ptr<flow::JobJournal> journal;
};

TEST_P(JobJournalTest, TellsTheNextAttemptWhatIsDone) {
  const Uuid job = id();
  {
    const auto first = jobs.attempt(*journal, job, 1);
    EXPECT_EQ(first->find(DurablePlace(0)), nullptr);
    first->append(DurablePlace(0), "[1]");
    first->append(DurablePlace(1, 3), "[\"three \\\\ '\u00e9\"]");
    EXPECT_EQ(jobs.sync(*journal, job), "");
    EXPECT_EQ(journal->stats().open, 1U);
  }
  EXPECT_EQ(journal->stats().open, 0U);
  const auto second = jobs.attempt(*journal, job, 2);
  ASSERT_NE(second->find(DurablePlace(0)), nullptr);
  EXPECT_EQ(*second->find(DurablePlace(0)), "[1]");
  EXPECT_EQ(*second->find(DurablePlace(1, 3)), "[\"three \\\\ '\u00e9\"]");
  EXPECT_EQ(second->find(DurablePlace(1, 2)), nullptr) << "another run of the loop";
  EXPECT_EQ(second->find(DurablePlace(2)), nullptr);
  EXPECT_EQ(second->mismatch(), "");
  const auto other = jobs.attempt(*journal, id(), 1);
  EXPECT_EQ(other->find(DurablePlace(0)), nullptr) << "another job";
}

TEST_P(JobJournalTest, RefusesWhoHasLostTheLease) {
  const Uuid job = id();
  const auto first = jobs.attempt(*journal, job, 1);
  first->append(DurablePlace(0), "[1]");
  EXPECT_EQ(jobs.sync(*journal, job), "");
  const auto second = jobs.attempt(*journal, job, 2);
  first->append(DurablePlace(2), "[2]");
  EXPECT_NE(jobs.sync(*journal, job), "");
  EXPECT_EQ(journal->stats().refused, 1U);
  first->drop();
  EXPECT_TRUE(jobs.open(*journal, job, 1).lost) << "a token is good until there is a newer one";
  const auto third = jobs.attempt(*journal, job, 3);
  EXPECT_NE(third->find(DurablePlace(0)), nullptr) << "nothing of the first one counts any more";
  EXPECT_EQ(third->find(DurablePlace(2)), nullptr);
}

TEST_P(JobJournalTest, ForgetsWhatIsDone) {
  const Uuid job = id();
  {
    const auto first = jobs.attempt(*journal, job, 1);
    first->append(DurablePlace(0), "[1]");
    first->drop();
    EXPECT_EQ(jobs.sync(*journal, job), "");
  }
  EXPECT_TRUE(jobs.open(*journal, job, 2).history.entries.empty());
}

TEST_P(JobJournalTest, KeepsADeadLetterForWhoeverRevivesIt) {
  const Uuid job = id();
  {
    const auto first = jobs.attempt(*journal, job, 7);
    first->append(DurablePlace(0), "[1]");
    journal->append(
        {.job = job, .token = 7, .kind = JournalRecordKind::kParked, .name = {}, .data = {}, .at = {}});
  }
  // A store may count from the beginning again.
  const Jobs::Opened opened = jobs.open(*journal, job, 1);
  EXPECT_FALSE(opened.lost);
  EXPECT_EQ(opened.history.entries.size(), 1U);
}

// --- What a run does about failures, and about other versions ---

TEST_P(JobJournalTest, WritesAFailureWhenAHandlerTakesIt) {
  const Uuid job = id();
  const auto first = jobs.attempt(*journal, job, 1);
  first->hold(DurablePlace(1, 0), "[0]");
  first->hold(DurablePlace(1, 1), "[1]");
  first->hold(DurablePlace(2), "[2]");
  EXPECT_EQ(first->written(), 0U);
  first->take_failures(DurablePlace(1, 1), 2);
  EXPECT_EQ(first->written(), 1U) << "of that run of the loop";
  first->take_failures(DurablePlace(1), 2);
  EXPECT_EQ(first->written(), 2U) << "of all of its runs, each once";
  EXPECT_EQ(jobs.sync(*journal, job), "");
  const auto second = jobs.attempt(*journal, job, 2);
  EXPECT_EQ(*second->find(DurablePlace(1, 1)), "[1]");
  EXPECT_EQ(second->find(DurablePlace(2)), nullptr) << "nothing has taken it: it is tried again";
}

TEST_P(JobJournalTest, KnowsAStepByItsFormerName) {
  const Uuid job = id();
  {
    const auto first = jobs.attempt(*journal, job, 1);
    first->append(DurablePlace(1, 2), "[1]");
    EXPECT_EQ(jobs.sync(*journal, job), "");
  }
  static constexpr DurableSite kRenamed[] = {
      {.name = "ask"}, {.name = "wrap", .was = "pack", .loops = 1}, {.name = "pay"}};
  const DurableRun renamed(*journal, jobs.loop, jobs.loop.clock(), kRenamed, 2,
                           jobs.open(*journal, job, 2).history);
  EXPECT_EQ(renamed.mismatch(), "");
  DurableRun run(*journal, jobs.loop, jobs.loop.clock(), kRenamed, 3, jobs.open(*journal, job, 3).history);
  EXPECT_NE(run.find(DurablePlace(1, 2)), nullptr);
}

TEST_P(JobJournalTest, NoticesAnotherVersionOfTheJob) {
  const Uuid job = id();
  const auto mismatch = [&](std::span<const DurableSite> sites, std::uint64_t token) {
    return DurableRun(*journal, jobs.loop, jobs.loop.clock(), sites, token,
                      jobs.open(*journal, job, token).history)
        .mismatch();
  };
  static constexpr DurableSite kLess[] = {{.name = "ask"}, {.name = "pack", .loops = 1}};
  static constexpr DurableSite kMore[] = {
      {.name = "ask"}, {.name = "pack", .loops = 1}, {.name = "pay"}, {.name = "tell"}};
  static constexpr DurableSite kMoved[] = {{.name = "pack", .loops = 1}, {.name = "ask"}, {.name = "pay"}};
  static constexpr DurableSite kFlat[] = {{.name = "ask"}, {.name = "pack"}, {.name = "pay"}};
  EXPECT_EQ(mismatch(kSites, 1), "");
  EXPECT_EQ(mismatch(kLess, 2),
            "it was begun by another version of the job, which has `pay` where this one ends");
  EXPECT_EQ(mismatch(kMore, 3),
            "it was begun by another version of the job, with nothing where this one has `tell`");
  EXPECT_EQ(mismatch(kMoved, 4),
            "it was begun by another version of the job, with `ask` where this one has `pack[]`");
  EXPECT_EQ(mismatch(kFlat, 5),
            "it was begun by another version of the job, with `pack[]` where this one has `pack`");
}

INSTANTIATE_TEST_SUITE_P(In, JobJournalTest, ::testing::Values(Kind::kMemory, Kind::kFile, Kind::kServer),
                         name_of_kind);

// --- What outlives the process ---

class StoredJobJournalTest : public ::testing::TestWithParam<Kind> {
 protected:
  Uuid id() { return Uuid::generate(random); }

  Place place{GetParam()};
  SeededRandom random{1};
  Jobs jobs;
};

TEST_P(StoredJobJournalTest, OutlivesItsProcess) {
  const Uuid job = id();
  {
    StoredJobJournal journal(jobs.log);
    ASSERT_EQ(journal.open(place.url()), "");
    jobs.attempt(journal, job, 1)->append(DurablePlace(0), "[1]");
  }
  StoredJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(place.url()), "");
  EXPECT_NE(jobs.attempt(journal, job, 2)->find(DurablePlace(0)), nullptr);
}

TEST_P(StoredJobJournalTest, FencesAcrossProcesses) {
  const Uuid job = id();
  StoredJobJournal one(jobs.log);
  StoredJobJournal two(jobs.log);
  ASSERT_EQ(one.open(place.url()), "");
  ASSERT_EQ(two.open(place.url()), "");
  const auto first = jobs.attempt(one, job, 1);
  const auto second = jobs.attempt(two, job, 2);
  first->append(DurablePlace(0), "[1]");
  EXPECT_NE(jobs.sync(one, job), "");
  second->append(DurablePlace(0), "[2]");
  EXPECT_EQ(jobs.sync(two, job), "");
}

TEST_P(StoredJobJournalTest, WritesManyRecordsAtOnce) {
  constexpr std::uint32_t kEntries = 1'000;
  const Uuid job = id();
  StoredJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(place.url()), "");
  const auto attempt = jobs.attempt(journal, job, 1);
  for (std::uint32_t i = 0; i < kEntries; ++i)
    attempt->append(DurablePlace(1, i), "[1]");
  EXPECT_EQ(jobs.sync(journal, job), "");
  EXPECT_LT(journal.batches(), kEntries / 2);
}

TEST_P(StoredJobJournalTest, IsListedAndForgottenBesideAService) {
  const Uuid job = id();
  StoredJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(place.url()), "");
  const auto attempt = jobs.attempt(journal, job, 1);
  attempt->append(DurablePlace(0), "[1]");
  ASSERT_EQ(jobs.sync(journal, job), "");
  std::vector<flow::JobHistory> listed;
  ASSERT_EQ(StoredJobJournal::list(place.url(), listed), "");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, job);
  EXPECT_EQ(listed[0].job, "shop.buy");
  ASSERT_EQ(listed[0].entries.size(), 1U);
  EXPECT_EQ(listed[0].entries[0].continuation, "ask");
  EXPECT_EQ(StoredJobJournal::drop(place.url(), id()), "it has no such job");
  EXPECT_EQ(StoredJobJournal::drop(place.url(), job), "");
  attempt->append(DurablePlace(2), "[2]");
  EXPECT_NE(jobs.sync(journal, job), "") << "what it has done is not known any more";
}

TEST_P(StoredJobJournalTest, ForgetsWhatNobodyHasTouchedForTooLong) {
  const Uuid old = id();
  const Uuid used = id();
  StoredJobJournal journal(jobs.log, Duration::from_seconds(100));
  ASSERT_EQ(journal.open(place.url()), "");
  static_cast<void>(jobs.open(journal, old, 1));
  static_cast<void>(jobs.open(journal, used, 1));
  jobs.at = jobs.at + Duration::from_seconds(90);
  static_cast<void>(jobs.open(journal, used, 2));
  jobs.at = jobs.at + Duration::from_seconds(20);
  static_cast<void>(jobs.open(journal, id(), 1));
  // Behind the answer to the one that finds it: the next one waits for that.
  static_cast<void>(jobs.open(journal, id(), 1));
  std::vector<flow::JobHistory> listed;
  ASSERT_EQ(StoredJobJournal::list(place.url(), listed), "");
  EXPECT_TRUE(std::ranges::none_of(listed, [&](const auto& job) { return job.id == old; }));
  EXPECT_TRUE(std::ranges::any_of(listed, [&](const auto& job) { return job.id == used; }));
}

// What an attempt may go on with is what the next one is told, whoever is faster.
TEST_P(StoredJobJournalTest, AnEntryIsRefusedOrKnownToTheNextAttempt) {
  StoredJobJournal one(jobs.log);
  StoredJobJournal two(jobs.log);
  ASSERT_EQ(one.open(place.url()), "");
  ASSERT_EQ(two.open(place.url()), "");
  for (int round = 0; round < 60; ++round) {
    const Uuid job = id();
    const auto first = jobs.attempt(one, job, 1);
    first->append(DurablePlace(0), "[1]");
    // So that the other one comes before the entry is written, while it is, and behind that.
    const auto later = std::chrono::steady_clock::now() + round * std::chrono::microseconds(100);
    while (std::chrono::steady_clock::now() < later)
      std::this_thread::yield();
    const auto second = jobs.attempt(two, job, 2);
    const bool is_durable = jobs.sync(one, job).empty();
    const bool is_known = second->find(DurablePlace(0)) != nullptr;
    ASSERT_EQ(is_durable, is_known) << "round " << round;
  }
}

// All that can be in one batch: attempts that come one behind the other, and others in between.
TEST_P(StoredJobJournalTest, KeepsTheOrderOfWhatIsAboutAJob) {
  const Uuid job = id();
  const Uuid other = id();
  StoredJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(place.url()), "");
  const std::string shape = DurableRun::shape_of(kSites);
  const auto append = [&](const Uuid& of, std::uint64_t token, JournalRecordKind kind,
                          std::string_view name) {
    journal.append({.job = of,
                    .token = token,
                    .kind = kind,
                    .name = name,
                    .data = kind == JournalRecordKind::kOpened ? std::string_view(shape) : "[1]",
                    .at = jobs.at});
  };
  append(job, 1, JournalRecordKind::kOpened, "shop.buy");
  append(job, 1, JournalRecordKind::kEntry, "ask");
  append(other, 1, JournalRecordKind::kOpened, "shop.buy");
  append(job, 2, JournalRecordKind::kOpened, "shop.buy");
  append(job, 1, JournalRecordKind::kEntry, "pack[0]");  // too late
  append(job, 2, JournalRecordKind::kEntry, "pack[1]");
  append(other, 1, JournalRecordKind::kEntry, "ask");
  append(other, 1, JournalRecordKind::kDropped, {});
  append(job, 2, JournalRecordKind::kEntry, R"(it's "{\,}")");
  append(job, 2, JournalRecordKind::kParked, {});
  EXPECT_EQ(jobs.sync(journal, job), "");
  const Jobs::Opened opened = jobs.open(journal, job, 1);
  EXPECT_FALSE(opened.lost) << "it was parked";
  std::vector<std::string> continuations;
  for (const flow::JournalEntry& entry : opened.history.entries)
    continuations.push_back(entry.continuation);
  EXPECT_EQ(continuations, (std::vector<std::string>{"ask", "pack[1]", R"(it's "{\,}")"}));
  EXPECT_EQ(journal.stats().refused, 1U);
  EXPECT_TRUE(jobs.open(journal, other, 2).history.entries.empty());
}

INSTANTIATE_TEST_SUITE_P(In, StoredJobJournalTest, ::testing::Values(Kind::kFile, Kind::kServer),
                         name_of_kind);

TEST(StoredJobJournal, SaysWhatItCannotOpen) {
  Jobs jobs;
  const JournalFolder folder;
  {
    SagaJournal sagas(jobs.log);
    ASSERT_EQ(sagas.open(folder.file()), "");
  }
  StoredJobJournal journal(jobs.log);
  EXPECT_EQ(journal.open("sqlite:" + folder.file()), "it is a database, but no journal of jobs");
  EXPECT_EQ(journal.open("mysql://localhost/shop"),
            "its URL begins with `sqlite:`, `postgres://` or `postgresql://`");
  const std::string error = journal.open("postgres://shop:hunter2@127.0.0.1:1/shop");
  EXPECT_NE(error, "");
  EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
  ASSERT_EQ(StoredJobJournal(jobs.log).open(journal_server().url()), "");
  journal_server().query("update zerver.journal_version set version = 99");
  EXPECT_EQ(journal.open(journal_server().url()), "it was made by another version of this program's runtime");
  journal_server().query("update zerver.journal_version set version = 1");
  std::vector<flow::JobHistory> listed;
  EXPECT_EQ(StoredJobJournal::list(new_database(), listed), "") << "nobody has written to it yet";
  EXPECT_TRUE(listed.empty());
  EXPECT_EQ(StoredJobJournal::drop(new_database(), Uuid{}), "it has no such job");
}

// --- A server that fails ---

TEST(JournalServer, WhileItIsGoneNothingBeginsAndBehindThatNothingIsLost) {
  test::PostgresServer postgres;
  Jobs jobs;
  SeededRandom random{1};
  const Uuid job = Uuid::generate(random);
  StoredJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(postgres.url()), "");
  const auto attempt = jobs.attempt(journal, job, 1);
  attempt->append(DurablePlace(0), "[1]");
  ASSERT_EQ(jobs.sync(journal, job), "");
  postgres.kill();
  attempt->append(DurablePlace(2), "[2]");
  EXPECT_EQ(jobs.sync(journal, job), "the journal of jobs cannot be written") << "the attempt ends there";
  EXPECT_EQ(jobs.open(journal, Uuid::generate(random), 1).why, "the journal of jobs cannot be written");
  postgres.start();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!jobs.sync(journal, job).empty() && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  const Jobs::Opened next = jobs.open(journal, job, 2);
  EXPECT_EQ(next.why, "");
  EXPECT_EQ(next.history.entries.size(), 2U) << "what was appended meanwhile is written behind it";
}

}  // namespace
}  // namespace zerver::effects
