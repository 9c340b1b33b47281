// Batch work: who runs it, and when it gets a share of the processors.
#include "runtime/server/scheduling/test/scheduler_fixture.h"
#include <zerver/server/scheduling/batch_urgency.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace zerver::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimePoint at(std::int64_t milliseconds) { return TimePoint{} + ms(milliseconds); }

TEST(BatchUrgency, IsUrgentWhenSomethingIsAsOldAsItsPatience) {
  BatchUrgency urgency(ms(1'000));
  EXPECT_EQ(urgency.observe(at(100), at(200)), at(1'100));
  EXPECT_FALSE(urgency.urgent());
  EXPECT_EQ(urgency.observe(at(100), at(1'099)), at(1'100));
  EXPECT_FALSE(urgency.urgent());
  EXPECT_EQ(urgency.observe(at(100), at(1'100)), at(1'350));
  EXPECT_TRUE(urgency.urgent());
}

TEST(BatchUrgency, StaysUrgentUntilNothingIsHalfAsOld) {
  BatchUrgency urgency(ms(1'000));
  static_cast<void>(urgency.observe(at(0), at(1'000)));
  EXPECT_EQ(urgency.observe(at(600), at(1'100)), at(1'350));
  EXPECT_TRUE(urgency.urgent());
  EXPECT_EQ(urgency.observe(at(601), at(1'100)), at(1'601));
  EXPECT_FALSE(urgency.urgent());
}

TEST(BatchUrgency, IsOverWhenThereIsNothing) {
  BatchUrgency urgency(ms(1'000));
  static_cast<void>(urgency.observe(at(0), at(5'000)));
  EXPECT_EQ(urgency.observe(TimePoint::never(), at(5'001)), TimePoint::never());
  EXPECT_FALSE(urgency.urgent());
}

class BatchTest : public SchedulerTest {
 protected:
  struct Threads final : BatchThreads {
    void set_urgent(bool urgent) noexcept override { changes.push_back(urgent); }
    std::vector<bool> changes;
  };

  void start_with_threads(std::size_t workers, std::size_t batch_workers) {
    start(workers, batch_workers);
    fleet_->set_batch_threads(&threads_);
  }

  Threads threads_;
};

TEST_F(BatchTest, BatchWorkIsForBatchWorkers) {
  start(1, 1);
  Client& heavy = send("/heavy");
  poll(0);
  EXPECT_TRUE(ran_.empty());
  poll(1);
  EXPECT_EQ(ran_, (std::vector<Ran>{{"heavy", 1}}));
  EXPECT_EQ(heavy.finished, 0);
  poll(0);
  EXPECT_EQ(heavy.finished, 1);
}

TEST_F(BatchTest, ABatchWorkerTakesNothingElse) {
  start(1, 1);
  make_long("usual", ms(1));
  send("/usual");
  send("/usual");
  poll(1);
  EXPECT_TRUE(ran_.empty());
}

TEST_F(BatchTest, AWorkerRunsNoneHoweverLongItWaits) {
  start(1, 1);
  make_long("usual", ms(1));
  send("/heavy");
  clock_.advance(ms(60'000));
  send("/usual");
  send("/usual");
  poll(0);
  EXPECT_EQ(order(), (std::vector<std::string>{"usual", "usual"}));
  poll(1);
  EXPECT_EQ(ran_.back(), (Ran{"heavy", 1}));
}

TEST_F(BatchTest, WithoutBatchWorkersAWorkerRunsItInItsTurn) {
  start(1);
  make_long("usual", ms(1));
  send("/heavy");  // the queue is empty: at once
  send("/usual");
  send("/heavy");
  poll(0);
  EXPECT_EQ(order(), (std::vector<std::string>{"heavy", "usual", "heavy"}));
}

TEST_F(BatchTest, ItIsUrgentWhenItHasWaitedForItsLead) {
  start_with_threads(2, 1);
  send("/heavy", 0);
  clock_.advance(ms(400));
  send("/heavy", 1);
  EXPECT_EQ(fleet_->watch_batch(clock_.now()), at(1'000));
  EXPECT_THAT(threads_.changes, IsEmpty());
  clock_.advance(ms(600));
  EXPECT_EQ(fleet_->watch_batch(clock_.now()), at(1'250));
  EXPECT_THAT(threads_.changes, ElementsAre(true));
  poll(2);  // both are done
  EXPECT_EQ(fleet_->watch_batch(clock_.now()), TimePoint::never());
  EXPECT_THAT(threads_.changes, ElementsAre(true, false));
}

TEST_F(BatchTest, ItIsUrgentWhenOneDoesNotComeToItsEnd) {
  start_with_threads(1, 1);
  seats_[1]->busy = at(0);
  EXPECT_EQ(fleet_->watch_batch(at(999)), at(1'000));
  EXPECT_EQ(fleet_->watch_batch(at(1'000)), at(1'250));
  EXPECT_THAT(threads_.changes, ElementsAre(true));
  seats_[1]->busy = at(1'100);  // the next one
  EXPECT_EQ(fleet_->watch_batch(at(1'200)), at(2'100));
  EXPECT_THAT(threads_.changes, ElementsAre(true, false));
}

TEST_F(BatchTest, ABusyWorkerIsNoBatchWork) {
  start_with_threads(1, 1);
  seats_[0]->busy = at(0);
  EXPECT_EQ(fleet_->watch_batch(at(5'000)), TimePoint::never());
  EXPECT_THAT(threads_.changes, IsEmpty());
}

}  // namespace
}  // namespace zerver::server
