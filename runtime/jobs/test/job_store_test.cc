#include <zerver/core/clock.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What is particular about memory; what all stores do is in the conformance suite of runtime/effects/queue.
namespace zerver::jobs {
namespace {

using async::Priority;

// All calls are done when they return.
template <class Call> struct Done final : Call {
  Done() : Call([](async::Job&) noexcept {}) {}
};

class Store : public ::testing::Test {
 protected:
  Put put(std::string_view arguments, NewJob job = {}) {
    job.queue = "jobs";
    job.name = "index";
    job.arguments = arguments;
    job.id.bytes[0] = ++ids;
    Done<PutCall> call;
    EXPECT_TRUE(session->put(job, call));
    return call.result;
  }
  // What is due, or one without a name.
  ClaimedJob claim() {
    Done<ClaimCall> call;
    call.queue = "jobs";
    call.lease = Duration::from_seconds(30);
    EXPECT_TRUE(session->claim(call));
    next_in = call.next_in;
    return call.jobs.empty() ? ClaimedJob{} : call.jobs[0];
  }
  void settle(const ClaimedJob& job, SettleCall::Kind kind) {
    Done<SettleCall> call;
    call.kind = kind;
    call.lease = {job.key, job.token};
    call.reason = "the printer burns";
    EXPECT_TRUE(session->settle(call));
    EXPECT_FALSE(call.lost);
  }
  void pass(std::int64_t milliseconds) { loop.run_for(Duration::from_milliseconds(milliseconds)); }

  std::uint8_t ids = 0;
  testing::SimLoop loop;
  JobStore store{{.waiting = 4, .dead_letters = 2}};
  std::unique_ptr<QueueSession> session = store.session(loop, loop.clock(), nullptr);
  Duration next_in;
};

TEST_F(Store, HasABound) {
  for (const char* each : {"1", "2", "3", "4"})
    EXPECT_EQ(put(each), Put::kAccepted);
  EXPECT_EQ(put("5"), Put::kFull);
  const ClaimedJob running = claim();
  EXPECT_EQ(put("5"), Put::kFull) << "what runs may have to wait again";
  settle(running, SettleCall::Kind::kAck);
  EXPECT_EQ(put("5"), Put::kAccepted);
}

TEST_F(Store, SaysExactlyWhenSomethingIsDue) {
  EXPECT_EQ(put("1", {.after = Duration::from_milliseconds(20)}), Put::kAccepted);
  EXPECT_EQ(claim().name, "");
  EXPECT_EQ(next_in, Duration::from_milliseconds(20));
  pass(20);
  EXPECT_EQ(claim().arguments, "1");
  EXPECT_EQ(next_in, Duration::from_seconds(30)) << "the end of its lease";
}

TEST_F(Store, ForgetsTheOldestDeadLetter) {
  for (const char* each : {"1", "2", "3"}) {
    ASSERT_EQ(put(each), Put::kAccepted);
    settle(claim(), SettleCall::Kind::kBury);
  }
  const std::vector<DeadLetter> dead = store.dead_letters();
  ASSERT_EQ(dead.size(), 2U);
  EXPECT_EQ(dead[0].arguments, "2");
  EXPECT_EQ(dead[1].arguments, "3");
  EXPECT_EQ(dead[1].why, "the printer burns");
  EXPECT_EQ(store.counts().dead, 3U);
}

TEST_F(Store, CountsWhatHappensToItsJobs) {
  EXPECT_EQ(put("1", {.unique = "a"}), Put::kAccepted);
  EXPECT_EQ(put("2", {.unique = "a"}), Put::kDuplicate);
  settle(claim(), SettleCall::Kind::kNack);
  settle(claim(), SettleCall::Kind::kAck);
  const JobCounts counts = store.counts();
  EXPECT_EQ(counts.accepted, 1U);
  EXPECT_EQ(counts.duplicates, 1U);
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(counts.waiting, 0U);
  EXPECT_EQ(counts.running, 0U);
}

}  // namespace
}  // namespace zerver::jobs
