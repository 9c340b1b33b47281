// The threads of batch workers, as the kernel has them.
#include "batch_threads.h"

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/resource.h>
#include <thread>

namespace zerver::server {
namespace {

struct Schedule {
  int policy;
  int nice;
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

Schedule mine() { return {sched_getscheduler(0), getpriority(PRIO_PROCESS, 0)}; }

// A thread of its own: what a thread gives away it may not get back.
template <class Body> void on_a_thread(Body body) { std::thread(body).join(); }

TEST(SystemBatchThreads, RunWhenNothingElseWantsToUntilTheyAreUrgent) {
  if (!SystemBatchThreads::can_raise()) GTEST_SKIP() << "the system lets no thread come back from SCHED_IDLE";
  on_a_thread([] {
    SystemBatchThreads threads(true);
    threads.enter();
    EXPECT_EQ(mine().policy, SCHED_IDLE);
    threads.set_urgent(true);
    EXPECT_EQ(mine(), (Schedule{SCHED_BATCH, 10}));
    threads.set_urgent(false);
    EXPECT_EQ(mine().policy, SCHED_IDLE);
  });
}

TEST(SystemBatchThreads, AreAsUrgentAsTheOthersWhenTheyEnter) {
  on_a_thread([] {
    SystemBatchThreads threads(true);
    threads.set_urgent(true);
    threads.enter();
    EXPECT_EQ(mine(), (Schedule{SCHED_BATCH, 10}));
  });
}

TEST(SystemBatchThreads, HaveLowWeightWhereTheyCouldNotComeBack) {
  on_a_thread([] {
    SystemBatchThreads threads(false);
    threads.enter();
    EXPECT_EQ(mine(), (Schedule{SCHED_BATCH, 10}));
    threads.set_urgent(true);
    EXPECT_EQ(mine(), (Schedule{SCHED_BATCH, 10}));
    threads.set_urgent(false);
    EXPECT_EQ(mine(), (Schedule{SCHED_BATCH, 10}));
  });
}

TEST(SystemBatchThreads, LeaveAloneWhatSomebodyElseHasChanged) {
  if (!SystemBatchThreads::can_raise()) GTEST_SKIP() << "the system lets no thread come back from SCHED_IDLE";
  on_a_thread([] {
    SystemBatchThreads threads(true);
    threads.enter();
    const sched_param parameters{};
    ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &parameters), 0);
    threads.set_urgent(true);
    threads.set_urgent(false);
    EXPECT_EQ(mine().policy, SCHED_OTHER);
  });
}

TEST(SystemBatchThreads, AreNoneAfterTheyHaveLeft) {
  on_a_thread([] {
    SystemBatchThreads threads(true);
    threads.enter();
    threads.leave();
    const Schedule before = mine();
    threads.set_urgent(true);
    EXPECT_EQ(mine(), before);
  });
}

}  // namespace
}  // namespace zerver::server
