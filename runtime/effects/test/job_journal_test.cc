// The journals of durable jobs, in memory and in a file, held to the same promises; and what the file does
// besides.
#include "runtime/effects/test/journal_folder.h"
#include <zerver/async/task.h>
#include <zerver/core/random.h>
#include <zerver/effects/job_journal.h>
#include <zerver/effects/saga_journal.h>
#include <zerver/flow/durable/durable_run.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
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
  std::string sync(flow::JobJournal& journal, const Uuid& id) {
    std::string why;
    bool done = false;
    const auto wait = [&](Arena&) -> async::Task<void> {
      const Result<void> durable = co_await flow::LogSync(journal, loop, id);
      if (!durable) why = durable.error().why;
      done = true;
    };
    Arena arena(4096);
    async::Task<void> task = wait(arena);
    task.start();
    loop.run_with_threads_until([&] { return done; });
    return why;
  }

  testing::SimLoop loop;
  testing::MemoryLog log;
  Timestamp at{1'000'000};
};

enum class Kind { kMemory, kFile };

class JobJournalTest : public ::testing::TestWithParam<Kind> {
 protected:
  JobJournalTest() {
    if (GetParam() == Kind::kMemory) {
      journal = std::make_unique<flow::MemoryJobJournal>();
      return;
    }
    auto file = std::make_unique<SqliteJobJournal>(jobs.log);
    EXPECT_EQ(file->open(folder.file()), "");
    journal = std::move(file);
  }
  Uuid id() { return Uuid::generate(random); }

  JournalFolder folder;
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
    first->append(DurablePlace(1, 3), R"(["three"])");
    EXPECT_EQ(jobs.sync(*journal, job), "");
    EXPECT_EQ(journal->stats().open, 1U);
  }
  EXPECT_EQ(journal->stats().open, 0U);
  const auto second = jobs.attempt(*journal, job, 2);
  ASSERT_NE(second->find(DurablePlace(0)), nullptr);
  EXPECT_EQ(*second->find(DurablePlace(0)), "[1]");
  EXPECT_EQ(*second->find(DurablePlace(1, 3)), R"(["three"])");
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

INSTANTIATE_TEST_SUITE_P(In, JobJournalTest, ::testing::Values(Kind::kMemory, Kind::kFile),
                         [](const auto& tested) {
                           return tested.param == Kind::kMemory ? "Memory" : "AFile";
                         });

// --- The file ---

class SqliteJobJournalTest : public ::testing::Test {
 protected:
  Uuid id() { return Uuid::generate(random); }

  JournalFolder folder;
  SeededRandom random{1};
  Jobs jobs;
};

TEST_F(SqliteJobJournalTest, OutlivesItsProcess) {
  const Uuid job = id();
  {
    SqliteJobJournal journal(jobs.log);
    ASSERT_EQ(journal.open(folder.file()), "");
    jobs.attempt(journal, job, 1)->append(DurablePlace(0), "[1]");
  }
  SqliteJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(folder.file()), "");
  EXPECT_NE(jobs.attempt(journal, job, 2)->find(DurablePlace(0)), nullptr);
}

TEST_F(SqliteJobJournalTest, FencesAcrossProcesses) {
  const Uuid job = id();
  SqliteJobJournal one(jobs.log);
  SqliteJobJournal two(jobs.log);
  ASSERT_EQ(one.open(folder.file()), "");
  ASSERT_EQ(two.open(folder.file()), "");
  const auto first = jobs.attempt(one, job, 1);
  const auto second = jobs.attempt(two, job, 2);
  first->append(DurablePlace(0), "[1]");
  EXPECT_NE(jobs.sync(one, job), "");
  second->append(DurablePlace(0), "[2]");
  EXPECT_EQ(jobs.sync(two, job), "");
}

TEST_F(SqliteJobJournalTest, WritesManyRecordsAtOnce) {
  constexpr std::uint32_t kEntries = 1'000;
  const Uuid job = id();
  SqliteJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(folder.file()), "");
  const auto attempt = jobs.attempt(journal, job, 1);
  for (std::uint32_t i = 0; i < kEntries; ++i)
    attempt->append(DurablePlace(1, i), "[1]");
  EXPECT_EQ(jobs.sync(journal, job), "");
  EXPECT_LT(journal.batches(), kEntries / 2);
}

TEST_F(SqliteJobJournalTest, IsListedAndForgottenBesideAService) {
  const Uuid job = id();
  SqliteJobJournal journal(jobs.log);
  ASSERT_EQ(journal.open(folder.file()), "");
  const auto attempt = jobs.attempt(journal, job, 1);
  attempt->append(DurablePlace(0), "[1]");
  ASSERT_EQ(jobs.sync(journal, job), "");
  std::vector<flow::JobHistory> listed;
  ASSERT_EQ(SqliteJobJournal::list(folder.file(), listed), "");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, job);
  EXPECT_EQ(listed[0].job, "shop.buy");
  ASSERT_EQ(listed[0].entries.size(), 1U);
  EXPECT_EQ(listed[0].entries[0].continuation, "ask");
  EXPECT_EQ(SqliteJobJournal::drop(folder.file(), id()), "it has no such job");
  EXPECT_EQ(SqliteJobJournal::drop(folder.file(), job), "");
  attempt->append(DurablePlace(2), "[2]");
  EXPECT_NE(jobs.sync(journal, job), "") << "what it has done is not known any more";
}

TEST_F(SqliteJobJournalTest, ForgetsWhatNobodyHasTouchedForTooLong) {
  const Uuid old = id();
  const Uuid used = id();
  SqliteJobJournal journal(jobs.log, Duration::from_seconds(100));
  ASSERT_EQ(journal.open(folder.file()), "");
  static_cast<void>(jobs.open(journal, old, 1));
  static_cast<void>(jobs.open(journal, used, 1));
  jobs.at = jobs.at + Duration::from_seconds(90);
  static_cast<void>(jobs.open(journal, used, 2));
  jobs.at = jobs.at + Duration::from_seconds(20);
  static_cast<void>(jobs.open(journal, id(), 1));
  // Behind the answer to the one that finds it: the next one waits for that.
  static_cast<void>(jobs.open(journal, id(), 1));
  std::vector<flow::JobHistory> listed;
  ASSERT_EQ(SqliteJobJournal::list(folder.file(), listed), "");
  EXPECT_TRUE(std::ranges::none_of(listed, [&](const auto& job) { return job.id == old; }));
  EXPECT_TRUE(std::ranges::any_of(listed, [&](const auto& job) { return job.id == used; }));
}

TEST_F(SqliteJobJournalTest, IsNoOtherJournal) {
  {
    SagaJournal sagas(jobs.log);
    ASSERT_EQ(sagas.open(folder.file()), "");
  }
  SqliteJobJournal journal(jobs.log);
  EXPECT_EQ(journal.open(folder.file()), "it is a database, but no journal of jobs");
}

}  // namespace
}  // namespace zerver::effects
