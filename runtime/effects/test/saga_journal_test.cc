// The journal in a file: what it keeps, what it says when it cannot, and who takes what over.
#include "runtime/effects/test/journal_folder.h"
#include <zerver/core/random.h>
#include <zerver/effects/saga_journal.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace zerver::effects {
namespace {

using flow::SagaRecordKind;
using flow::SagaRun;

// One process with the journal open, as far as locks are concerned.
struct Process {
  Process() : journal(std::make_unique<SagaJournal>(log)) {}

  void append(const Uuid& saga, SagaRecordKind kind, std::uint32_t run = 0, std::string_view name = {},
              std::string_view data = {}) {
    journal->append(
        {.saga = saga, .kind = kind, .is_last = false, .run = run, .name = name, .data = data, .at = {7}});
  }
  // Waits until all of it is on the disk. What went wrong, or nothing.
  std::string sync() {
    std::string why;
    bool done = false;
    const auto wait = [&](Arena&) -> async::Task<void> {
      const Result<void> durable = co_await flow::LogSync(*journal, loop);
      if (!durable) why = durable.error().why;
      done = true;
    };
    Arena arena(4096);
    async::Task<void> task = wait(arena);
    task.start();
    loop.run_with_threads_until([&] { return done; });
    return why;
  }
  std::vector<flow::SagaHistory> claim() {
    struct Claim final : flow::SagaClaim {
      explicit Claim(async::Loop& of)
          : SagaClaim(of, [](Job& job) noexcept { static_cast<Claim&>(job).done = true; }) {}
      bool done = false;
    };
    Claim claim(loop);
    EXPECT_FALSE(journal->claim(claim));
    loop.run_with_threads_until([&] { return claim.done; });
    EXPECT_EQ(claim.why, "");
    return std::move(claim.sagas);
  }
  void begin(const Uuid& saga) {
    append(saga, SagaRecordKind::kBegan, 0, "shop.buy");
    append(saga, SagaRecordKind::kIntended, 1, "shop.reserve", R"({"id":1})");
    append(saga, SagaRecordKind::kCompleted, 1, {}, R"({"id":1,"hold":"h1"})");
  }

  testing::SimLoop loop;
  testing::MemoryLog log;
  std::unique_ptr<SagaJournal> journal;
};

class SagaJournalTest : public ::testing::Test {
 protected:
  Uuid saga() { return Uuid::generate(random); }

  JournalFolder folder;
  SeededRandom random{1};
};

TEST_F(SagaJournalTest, HandsOverWhatADeadProcessHasLeft) {
  const Uuid id = saga();
  {
    Process first;
    ASSERT_EQ(first.journal->open(folder.file()), "");
    first.begin(id);
    EXPECT_EQ(first.sync(), "");
    EXPECT_TRUE(first.claim().empty());  // a flow still works at it
  }
  Process second;
  ASSERT_EQ(second.journal->open(folder.file()), "");
  const std::vector<flow::SagaHistory> sagas = second.claim();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_EQ(sagas[0].id, id);
  EXPECT_EQ(sagas[0].flow, "shop.buy");
  EXPECT_EQ(sagas[0].began, Timestamp{7});
  ASSERT_EQ(sagas[0].runs.size(), 1U);
  EXPECT_EQ(sagas[0].runs[0].step, "shop.reserve");
  EXPECT_EQ(sagas[0].runs[0].status, SagaRun::Status::kCompleted);
  EXPECT_EQ(sagas[0].runs[0].data, R"({"id":1,"hold":"h1"})");
  EXPECT_TRUE(second.claim().empty());  // it has them
}

TEST_F(SagaJournalTest, TakesNothingFromTheLiving) {
  Process first;
  Process second;
  Process third;
  ASSERT_EQ(first.journal->open(folder.file()), "");
  ASSERT_EQ(second.journal->open(folder.file()), "");
  ASSERT_EQ(third.journal->open(folder.file()), "");
  first.begin(saga());
  EXPECT_EQ(first.sync(), "");
  EXPECT_TRUE(second.claim().empty());
  first.journal.reset();
  EXPECT_EQ(second.claim().size(), 1U);
  EXPECT_TRUE(third.claim().empty());
  second.journal.reset();  // which dies in the middle of its recovery
  EXPECT_EQ(third.claim().size(), 1U);
}

TEST_F(SagaJournalTest, GoesOnWhereAnotherProcessHasStopped) {
  const Uuid id = saga();
  Process first;
  ASSERT_EQ(first.journal->open(folder.file()), "");
  Process second;
  ASSERT_EQ(second.journal->open(folder.file()), "");
  first.begin(id);
  EXPECT_EQ(first.sync(), "");
  first.journal.reset();
  ASSERT_EQ(second.claim().size(), 1U);
  second.append(id, SagaRecordKind::kUnwinding);
  second.append(id, SagaRecordKind::kUndone, 1);
  EXPECT_EQ(second.sync(), "");
  second.journal.reset();
  Process third;
  ASSERT_EQ(third.journal->open(folder.file()), "");
  const std::vector<flow::SagaHistory> sagas = third.claim();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_EQ(sagas[0].broken, "");
  EXPECT_EQ(sagas[0].runs[0].status, SagaRun::Status::kUndone);
}

TEST_F(SagaJournalTest, ForgetsWhatHasEnded) {
  const Uuid id = saga();
  {
    Process first;
    ASSERT_EQ(first.journal->open(folder.file()), "");
    first.begin(id);
    EXPECT_EQ(first.sync(), "");
    first.append(id, SagaRecordKind::kEnded);
  }
  Process second;
  ASSERT_EQ(second.journal->open(folder.file()), "");
  EXPECT_TRUE(second.claim().empty());
}

TEST_F(SagaJournalTest, TellsOfWhatIsReleased) {
  struct Listener final : flow::SagaListener {
    void on_released() noexcept override { ++told; }
    unsigned told = 0;
  };
  Process process;
  ASSERT_EQ(process.journal->open(folder.file()), "");
  Listener listener;
  process.journal->listen(&listener, &process.loop);
  const Uuid id = saga();
  process.begin(id);
  process.append(id, SagaRecordKind::kReleased);
  process.loop.run_with_threads_until([&] { return listener.told == 1; });
  EXPECT_EQ(process.claim().size(), 1U);
  EXPECT_TRUE(process.claim().empty());
  process.journal->listen(nullptr, nullptr);
}

TEST_F(SagaJournalTest, TakesAnOperatorsVerdictWhileAServiceHasItOpen) {
  const Uuid id = saga();
  Process service;
  ASSERT_EQ(service.journal->open(folder.file()), "");
  service.begin(id);
  service.append(id, SagaRecordKind::kIntended, 2, "shop.pay");
  service.append(id, SagaRecordKind::kDoubtful, 2);
  service.append(id, SagaRecordKind::kReleased);
  EXPECT_EQ(service.sync(), "");
  EXPECT_EQ(service.claim().size(), 1U);
  const auto resolve = [&](const Uuid& of, std::uint32_t run) {
    return SagaJournal::resolve(folder.file(), of, run, flow::SagaVerdict::kNotHappened);
  };
  EXPECT_EQ(resolve(id, 2), "the saga does not wait for an operator");
  service.append(id, SagaRecordKind::kBlocked, 0, {}, "somebody must look into it");
  EXPECT_EQ(service.sync(), "");
  std::vector<flow::SagaHistory> listed;
  EXPECT_EQ(SagaJournal::list(folder.file(), listed), "");
  EXPECT_EQ(listed.at(0).blocked, "somebody must look into it");
  EXPECT_EQ(resolve(saga(), 2), "it has no such saga");
  EXPECT_EQ(resolve(id, 3), "the saga has no run 3");
  EXPECT_EQ(resolve(id, 2), "");
  EXPECT_EQ(resolve(id, 2), "the saga does not wait for an operator");
  std::vector<flow::SagaHistory> sagas = service.claim();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_EQ(sagas[0].find(2)->status, SagaRun::Status::kFailed);
  // What the service writes about it from now on comes behind that.
  service.append(id, SagaRecordKind::kDoubtful, 2);
  EXPECT_EQ(service.sync(), "");
  listed.clear();
  EXPECT_EQ(SagaJournal::list(folder.file(), listed), "");
  EXPECT_EQ(listed.at(0).find(2)->status, SagaRun::Status::kDoubtful);
}

TEST_F(SagaJournalTest, HandsAVerdictOverToTheNextStart) {
  const Uuid id = saga();
  {
    Process service;
    ASSERT_EQ(service.journal->open(folder.file()), "");
    service.begin(id);
    service.append(id, SagaRecordKind::kBlocked, 0, {}, "somebody must look into it");
    EXPECT_EQ(service.sync(), "");
  }
  EXPECT_EQ(SagaJournal::resolve(folder.file(), id, 0, flow::SagaVerdict::kUndone), "");
  Process next;
  ASSERT_EQ(next.journal->open(folder.file()), "");
  const std::vector<flow::SagaHistory> sagas = next.claim();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_TRUE(sagas[0].dismissed);
}

TEST_F(SagaJournalTest, WritesManySagasInOneTransaction) {
  Process process;
  ASSERT_EQ(process.journal->open(folder.file()), "");
  for (int i = 0; i < 1000; ++i)
    process.begin(saga());
  EXPECT_EQ(process.sync(), "");
  // The writer may have begun before all were there; it is nowhere near one each.
  EXPECT_LT(process.journal->batches(), 50U);
}

TEST_F(SagaJournalTest, SaysThatThereIsNothingToWaitFor) {
  Process process;
  ASSERT_EQ(process.journal->open(folder.file()), "");
  flow::LogSync sync(*process.journal, process.loop);
  EXPECT_TRUE(sync.await_ready());
  EXPECT_TRUE(sync.await_resume().has_value());
}

// --- What is no journal ---

TEST_F(SagaJournalTest, RefusesAFolderThatIsNotThere) {
  Process process;
  EXPECT_EQ(process.journal->open(folder.file() + "/no/such.db"), "No such file or directory");
}

TEST_F(SagaJournalTest, RefusesWhatIsNoDatabase) {
  std::ofstream(folder.file()) << std::string(5000, 'x');
  Process process;
  EXPECT_NE(process.journal->open(folder.file()).find("not a database"), std::string::npos);
}

TEST_F(SagaJournalTest, RefusesADatabaseOfSomebodyElse) {
  {
    Process process;
    ASSERT_EQ(process.journal->open(folder.file()), "");
  }
  // Another application's number, in the header of the file (SQLite file format, 1.3.14).
  {
    std::fstream file(folder.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(68);
    file.write("\1\2\3\4", 4);
  }
  Process process;
  EXPECT_NE(process.journal->open(folder.file()).find("no saga journal"), std::string::npos);
}

TEST_F(SagaJournalTest, RefusesADamagedFile) {
  {
    Process process;
    ASSERT_EQ(process.journal->open(folder.file()), "");
    for (int i = 0; i < 200; ++i)
      process.begin(saga());
    EXPECT_EQ(process.sync(), "");
  }
  std::filesystem::resize_file(folder.file(), std::filesystem::file_size(folder.file()) / 2);
  Process process;
  const std::string error = process.journal->open(folder.file());
  EXPECT_TRUE(error.find("damaged") != std::string::npos || error.find("malformed") != std::string::npos)
      << error;
}

// While it lives, a process may write no file beyond its first bytes: as good as a disk that is full.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit full = before_;
    full.rlim_cur = 1;
    setrlimit(RLIMIT_FSIZE, &full);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SagaJournalTest, GoesOnWhenTheDiskHasRoomAgain) {
  Process process;
  ASSERT_EQ(process.journal->open(folder.file()), "");
  {
    const FullDisk full;
    process.begin(saga());
    EXPECT_EQ(process.sync(), "the saga journal cannot be written");
    EXPECT_EQ(process.journal->refuses(), "the saga journal cannot be written");
  }
  while (!process.journal->refuses().empty())
    std::this_thread::yield();
  EXPECT_EQ(process.sync(), "");
  process.journal.reset();
  ASSERT_EQ(process.log.lines.size(), 2U);
  EXPECT_NE(process.log.lines[0].find("the saga journal cannot be written: "), std::string::npos);
  EXPECT_EQ(process.log.lines[1], "the saga journal can be written again");
  Process second;
  ASSERT_EQ(second.journal->open(folder.file()), "");
  EXPECT_EQ(second.claim().size(), 1U);  // nothing was lost meanwhile
}

TEST_F(SagaJournalTest, IsForItsOwnerOnly) {
  Process process;
  ASSERT_EQ(process.journal->open(folder.file()), "");
  using std::filesystem::perms;
  for (const char* const suffix : {"", "-owners", "-wal"}) {
    const perms mode = std::filesystem::status(folder.file() + suffix).permissions();
    EXPECT_EQ(mode & (perms::group_all | perms::others_all), perms::none) << suffix;
  }
}

}  // namespace
}  // namespace zerver::effects
