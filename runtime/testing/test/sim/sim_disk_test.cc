// What a commit of the simulated disk keeps, and what a death takes.
#include "sim/sim_disk.h"

#include <zerver/async/task.h>
#include <zerver/core/arena.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zerver::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SimDiskTest : public ::testing::Test {
 protected:
  void write(const std::string& what) {
    file_.write({nullptr, [this, what] { kept_.push_back(what); }, {}});
  }
  bool wait(const std::string& who) {
    return file_.wait({&kept_, {}, [this, who] { told_.push_back(who); }});
  }
  void run_for(std::int64_t milliseconds) { loop_.run_for(Duration::from_milliseconds(milliseconds)); }

  static constexpr Duration kCommit = Duration::from_milliseconds(10);

  SimLoop loop_;
  SeededRandom random_{1};
  SimFile file_{loop_, random_, {.commit_least = kCommit, .commit_most = kCommit}};
  std::vector<std::string> kept_;
  std::vector<std::string> told_;
};

TEST_F(SimDiskTest, KeepsWhatIsCommittedAndTellsBehindIt) {
  EXPECT_FALSE(wait("nobody")) << "nothing is to be waited for";
  write("a");
  EXPECT_TRUE(wait("first"));
  run_for(5);
  write("b");
  EXPECT_TRUE(wait("second"));
  run_for(4);
  EXPECT_THAT(kept_, IsEmpty());
  run_for(3);
  EXPECT_THAT(kept_, ElementsAre("a"));
  EXPECT_THAT(told_, ElementsAre("first"));
  run_for(10);
  EXPECT_THAT(kept_, ElementsAre("a", "b")) << "what came meanwhile is the next commit";
  EXPECT_THAT(told_, ElementsAre("first", "second"));
}

TEST_F(SimDiskTest, LosesWhatWaitsForTheNextCommit) {
  write("a");
  run_for(5);
  write("b");
  EXPECT_TRUE(wait("somebody"));
  file_.lose();
  write("c");
  run_for(100);
  EXPECT_TRUE(kept_.empty() || kept_ == std::vector<std::string>{"a"});
  EXPECT_THAT(told_, IsEmpty());
  kept_.clear();
  file_.find_again();
  write("d");
  run_for(20);
  EXPECT_THAT(kept_, ElementsAre("d"));
}

TEST_F(SimDiskTest, ACommitUnderWayIsThereOrNot) {
  int kept = 0;
  constexpr int kTimes = 100;
  for (int i = 0; i < kTimes; ++i) {
    kept_.clear();
    write("a");
    write("b");
    run_for(5);
    file_.lose();
    file_.find_again();
    EXPECT_NE(kept_.size(), 1U) << "all of it or nothing";
    kept += kept_.empty() ? 0 : 1;
  }
  EXPECT_GT(kept, kTimes / 4);
  EXPECT_LT(kept, 3 * kTimes / 4);
}

TEST_F(SimDiskTest, TellsNobodyWhoIsGone) {
  write("a");
  EXPECT_TRUE(wait("somebody"));
  file_.forget(&kept_);
  run_for(20);
  EXPECT_THAT(kept_, ElementsAre("a"));
  EXPECT_THAT(told_, IsEmpty());
}

// The journals and the queue over it.
TEST_F(SimDiskTest, ASagaWaitsForItsCommit) {
  flow::MemorySagaLog kept;
  SimSagaLog log(kept, file_);
  {
    const std::string name = "shop.buy";
    flow::SagaRecord record;
    record.kind = flow::SagaRecordKind::kBegan;
    record.name = name;
    log.append(record);
  }
  bool done = false;
  const auto wait = [&](Arena&) -> async::Task<void> {
    static_cast<void>(co_await flow::LogSync(log, loop_));
    done = true;
  };
  Arena arena(4096);
  async::Task<void> task = wait(arena);
  task.start();
  run_for(5);
  EXPECT_FALSE(done);
  EXPECT_EQ(kept.size(), 0U);
  run_for(7);
  EXPECT_TRUE(done);
  ASSERT_NE(kept.find(Uuid{}), nullptr);
  EXPECT_EQ(kept.find(Uuid{})->flow, "shop.buy");
}

TEST_F(SimDiskTest, AJobIsPutByACommit) {
  struct Done final : jobs::PutCall {
    Done() : PutCall([](Job& job) noexcept { static_cast<Done&>(job).is_done = true; }) {}
    bool is_done = false;
  };
  jobs::JobStore kept;
  SimQueue queue(kept, file_, loop_);
  const auto session = queue.session(loop_, loop_.clock(), nullptr);
  EXPECT_TRUE(queue.is_durable());
  Done done;
  {
    const std::string name = "send";
    EXPECT_FALSE(session->put({.queue = "jobs", .name = name}, done));
  }
  run_for(5);
  EXPECT_EQ(kept.counts().accepted, 0U);
  run_for(7);
  EXPECT_TRUE(done.is_done);
  EXPECT_EQ(kept.counts().accepted, 1U);
  Done lost;
  EXPECT_FALSE(session->put({.queue = "jobs", .name = "lost"}, lost));
  file_.lose();
  run_for(20);
  EXPECT_FALSE(lost.is_done);
  EXPECT_EQ(kept.counts().accepted, 1U);
}

}  // namespace
}  // namespace zerver::testing
