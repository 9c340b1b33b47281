// The journals of sagas, in a file and on a server: what they keep, and who takes what over. Of the file also
// what it says when it cannot.
#include "runtime/effects/test/journal_place.h"
#include "runtime/effects/test/saga_process.h"
#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace zerver::effects {
namespace {

using flow::SagaRecordKind;
using flow::SagaRun;

class SagaJournalTest : public ::testing::TestWithParam<JournalPlaceKind> {
 protected:
  Uuid saga() { return Uuid::generate(random); }

  JournalPlace place{GetParam()};
  SeededRandom random{1};
};

TEST_P(SagaJournalTest, HandsOverWhatADeadProcessHasLeft) {
  const Uuid id = saga();
  {
    SagaProcess first;
    ASSERT_EQ(first.journal->open(place.url()), "");
    first.begin(id);
    EXPECT_EQ(first.sync(), "");
    EXPECT_TRUE(first.claim().empty());  // a flow still works at it
  }
  SagaProcess second;
  ASSERT_EQ(second.journal->open(place.url()), "");
  const std::vector<flow::SagaHistory> sagas = second.claim_from_the_dead();
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

TEST_P(SagaJournalTest, TakesNothingFromTheLiving) {
  SagaProcess first;
  SagaProcess second;
  SagaProcess third;
  ASSERT_EQ(first.journal->open(place.url()), "");
  ASSERT_EQ(second.journal->open(place.url()), "");
  ASSERT_EQ(third.journal->open(place.url()), "");
  first.begin(saga());
  EXPECT_EQ(first.sync(), "");
  EXPECT_TRUE(second.claim().empty());
  first.journal.reset();
  EXPECT_EQ(second.claim_from_the_dead().size(), 1U);
  EXPECT_TRUE(third.claim().empty());
  second.journal.reset();  // which dies in the middle of its recovery
  EXPECT_EQ(third.claim_from_the_dead().size(), 1U);
}

TEST_P(SagaJournalTest, GoesOnWhereAnotherProcessHasStopped) {
  const Uuid id = saga();
  SagaProcess first;
  ASSERT_EQ(first.journal->open(place.url()), "");
  SagaProcess second;
  ASSERT_EQ(second.journal->open(place.url()), "");
  first.begin(id);
  EXPECT_EQ(first.sync(), "");
  first.journal.reset();
  ASSERT_EQ(second.claim_from_the_dead().size(), 1U);
  second.append(id, SagaRecordKind::kUnwinding);
  second.append(id, SagaRecordKind::kUndone, 1);
  EXPECT_EQ(second.sync(), "");
  second.journal.reset();
  SagaProcess third;
  ASSERT_EQ(third.journal->open(place.url()), "");
  const std::vector<flow::SagaHistory> sagas = third.claim_from_the_dead();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_EQ(sagas[0].broken, "");
  EXPECT_EQ(sagas[0].runs[0].status, SagaRun::Status::kUndone);
}

TEST_P(SagaJournalTest, ForgetsWhatHasEnded) {
  const Uuid id = saga();
  {
    SagaProcess first;
    ASSERT_EQ(first.journal->open(place.url()), "");
    first.begin(id);
    EXPECT_EQ(first.sync(), "");
    first.append(id, SagaRecordKind::kEnded);
  }
  SagaProcess second;
  ASSERT_EQ(second.journal->open(place.url()), "");
  EXPECT_TRUE(second.claim().empty());
}

TEST_P(SagaJournalTest, TellsOfWhatIsReleased) {
  struct Listener final : flow::SagaListener {
    void on_released() noexcept override { ++told; }
    unsigned told = 0;
  };
  SagaProcess process;
  ASSERT_EQ(process.journal->open(place.url()), "");
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

TEST_P(SagaJournalTest, TakesAnOperatorsVerdictWhileAServiceHasItOpen) {
  const Uuid id = saga();
  SagaProcess service;
  ASSERT_EQ(service.journal->open(place.url()), "");
  service.begin(id);
  service.append(id, SagaRecordKind::kIntended, 2, "shop.pay");
  service.append(id, SagaRecordKind::kDoubtful, 2);
  service.append(id, SagaRecordKind::kReleased);
  EXPECT_EQ(service.sync(), "");
  EXPECT_EQ(service.claim().size(), 1U);
  const auto resolve = [&](const Uuid& of, std::uint32_t run) {
    return SagaJournal::resolve(place.url(), of, run, flow::SagaVerdict::kNotHappened);
  };
  EXPECT_EQ(resolve(id, 2), "the saga does not wait for an operator");
  service.append(id, SagaRecordKind::kBlocked, 0, {}, "somebody must look into it");
  EXPECT_EQ(service.sync(), "");
  std::vector<flow::SagaHistory> listed;
  EXPECT_EQ(SagaJournal::list(place.url(), listed), "");
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
  EXPECT_EQ(SagaJournal::list(place.url(), listed), "");
  EXPECT_EQ(listed.at(0).find(2)->status, SagaRun::Status::kDoubtful);
}

TEST_P(SagaJournalTest, HandsAVerdictOverToTheNextStart) {
  const Uuid id = saga();
  {
    SagaProcess service;
    ASSERT_EQ(service.journal->open(place.url()), "");
    service.begin(id);
    service.append(id, SagaRecordKind::kBlocked, 0, {}, "somebody must look into it");
    EXPECT_EQ(service.sync(), "");
  }
  EXPECT_EQ(SagaJournal::resolve(place.url(), id, 0, flow::SagaVerdict::kUndone), "");
  SagaProcess next;
  ASSERT_EQ(next.journal->open(place.url()), "");
  const std::vector<flow::SagaHistory> sagas = next.claim_from_the_dead();
  ASSERT_EQ(sagas.size(), 1U);
  EXPECT_TRUE(sagas[0].dismissed);
}

TEST_P(SagaJournalTest, WritesManySagasInOneTransaction) {
  SagaProcess process;
  ASSERT_EQ(process.journal->open(place.url()), "");
  for (int i = 0; i < 1000; ++i)
    process.begin(saga());
  EXPECT_EQ(process.sync(), "");
  // The writer may have begun before all were there; it is nowhere near one each.
  EXPECT_LT(process.journal->batches(), 50U);
}

TEST_P(SagaJournalTest, SaysThatThereIsNothingToWaitFor) {
  SagaProcess process;
  ASSERT_EQ(process.journal->open(place.url()), "");
  flow::LogSync sync(*process.journal, process.loop);
  EXPECT_TRUE(sync.await_ready());
  EXPECT_TRUE(sync.await_resume().has_value());
}

TEST_P(SagaJournalTest, KeepsWhatIsWrittenAsItIs) {
  const std::string data = R"({"a":"it's \\ {\"b\"} \u0000 é"})";
  const Uuid id = saga();
  SagaProcess process;
  ASSERT_EQ(process.journal->open(place.url()), "");
  process.begin(id);
  process.journal->append({.saga = id,
                           .kind = SagaRecordKind::kIntended,
                           .is_last = true,
                           .run = 4'000'000'000,
                           .name = "shop.pay",
                           .data = data,
                           .at = {1'800'000'000'000'000}});
  EXPECT_EQ(process.sync(id), "");
  std::vector<flow::SagaHistory> listed;
  ASSERT_EQ(SagaJournal::list(place.url(), listed), "");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].broken, "");
  const SagaRun* const run = listed[0].find(4'000'000'000);
  ASSERT_NE(run, nullptr);
  EXPECT_EQ(run->step, "shop.pay");
  EXPECT_EQ(run->data, data);
  EXPECT_TRUE(run->is_last);
}

INSTANTIATE_TEST_SUITE_P(In, SagaJournalTest,
                         ::testing::Values(JournalPlaceKind::kFile, JournalPlaceKind::kServer), name_of_kind);

// --- A file ---

class SagaJournalFileTest : public ::testing::Test {
 protected:
  Uuid saga() { return Uuid::generate(random); }

  JournalFolder folder;
  SeededRandom random{1};
};

TEST_F(SagaJournalFileTest, RefusesAFolderThatIsNotThere) {
  SagaProcess process;
  EXPECT_EQ(process.journal->open(folder.file() + "/no/such.db"), "No such file or directory");
}

TEST_F(SagaJournalFileTest, RefusesWhatIsNoDatabase) {
  std::ofstream(folder.file()) << std::string(5000, 'x');
  SagaProcess process;
  EXPECT_NE(process.journal->open(folder.file()).find("not a database"), std::string::npos);
}

TEST_F(SagaJournalFileTest, RefusesADatabaseOfSomebodyElse) {
  {
    SagaProcess process;
    ASSERT_EQ(process.journal->open(folder.file()), "");
  }
  // Another application's number, in the header of the file (SQLite file format, 1.3.14).
  {
    std::fstream file(folder.file(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(68);
    file.write("\1\2\3\4", 4);
  }
  SagaProcess process;
  EXPECT_NE(process.journal->open(folder.file()).find("no saga journal"), std::string::npos);
}

TEST_F(SagaJournalFileTest, RefusesADamagedFile) {
  {
    SagaProcess process;
    ASSERT_EQ(process.journal->open(folder.file()), "");
    for (int i = 0; i < 200; ++i)
      process.begin(saga());
    EXPECT_EQ(process.sync(), "");
  }
  std::filesystem::resize_file(folder.file(), std::filesystem::file_size(folder.file()) / 2);
  SagaProcess process;
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

TEST_F(SagaJournalFileTest, GoesOnWhenTheDiskHasRoomAgain) {
  SagaProcess process;
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
  SagaProcess second;
  ASSERT_EQ(second.journal->open(folder.file()), "");
  EXPECT_EQ(second.claim().size(), 1U);  // nothing was lost meanwhile
}

TEST_F(SagaJournalFileTest, IsForItsOwnerOnly) {
  SagaProcess process;
  ASSERT_EQ(process.journal->open(folder.file()), "");
  using std::filesystem::perms;
  for (const char* const suffix : {"", "-owners", "-wal"}) {
    const perms mode = std::filesystem::status(folder.file() + suffix).permissions();
    EXPECT_EQ(mode & (perms::group_all | perms::others_all), perms::none) << suffix;
  }
}

}  // namespace
}  // namespace zerver::effects
