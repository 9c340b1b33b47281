#include <zerver/jobs/job_store.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace zerver::jobs {
namespace {

using async::Priority;
using Put = JobStore::Put;

constexpr std::array kFlows = {
    flow::FlowInfo{.name = "index", .slug = "", .method = "", .path = ""},
    flow::FlowInfo{.name = "report", .slug = "", .method = "", .path = "", .priority = Priority::kBatch},
};
constexpr std::array kJobs = {
    flow::JobInfo{.name = "shop.index",
                  .flow = 0,
                  .attempts = 4,
                  .backoff_first = Duration::from_seconds(1),
                  .backoff_cap = Duration::from_seconds(3),
                  .dead_letter = "index_dead"},
    flow::JobInfo{.name = "shop.report", .flow = 1},
};
constexpr flow::PackageInfo kPackage{
    .name = "shop", .flows = kFlows, .targets = {}, .handle = nullptr, .jobs = kJobs};
constexpr std::array<const flow::PackageInfo*, 1> kPackages = {&kPackage};

constexpr TimePoint at(std::int64_t milliseconds) {
  return TimePoint{} + Duration::from_milliseconds(milliseconds);
}

class Store : public ::testing::Test {
 protected:
  Put put(std::string_view job, std::string_view arguments, flow::JobRequest request = {},
          TimePoint now = at(0)) {
    request.job = job;
    request.arguments = Json::borrowed(arguments);
    return store.put(request, now, random);
  }
  // What is due, by its arguments, and is finished at once.
  std::string take(TimePoint now) {
    std::unique_ptr<QueuedJob> job = store.take(now);
    if (job == nullptr) return "nothing";
    std::string arguments = job->arguments;
    store.succeeded(std::move(job));
    return arguments;
  }

  SeededRandom random{7};
  JobStore store{kPackages, {.waiting = 4, .dead_letters = 2}};
};

TEST_F(Store, GivesJobsInTheOrderInWhichTheyBecameDue) {
  EXPECT_EQ(put("shop.index", "1", {.after = Duration::from_milliseconds(20)}), Put::kAccepted);
  EXPECT_EQ(put("shop.index", "2"), Put::kAccepted);
  EXPECT_EQ(put("shop.index", "3", {.after = Duration::from_milliseconds(10)}), Put::kAccepted);
  EXPECT_EQ(store.next_due(), at(0));
  EXPECT_EQ(take(at(0)), "2");
  EXPECT_EQ(take(at(9)), "nothing");
  EXPECT_EQ(store.next_due(), at(10));
  EXPECT_EQ(take(at(50)), "3");
  EXPECT_EQ(take(at(50)), "1");
  EXPECT_EQ(store.next_due(), TimePoint::never());
}

TEST_F(Store, PutsMoreUrgentJobsFirstAndLetsNoneStarve) {
  EXPECT_EQ(put("shop.report", "batch"), Put::kAccepted);
  EXPECT_EQ(put("shop.index", "urgent", {.priority = Priority::kInteractive}, at(900)), Put::kAccepted);
  EXPECT_EQ(put("shop.index", "too late", {.priority = Priority::kInteractive}, at(1100)), Put::kAccepted);
  EXPECT_EQ(take(at(1200)), "urgent");
  EXPECT_EQ(take(at(1200)), "batch");
  EXPECT_EQ(take(at(1200)), "too late");
}

TEST_F(Store, KnowsOneJobOfAKindByItsUniqueText) {
  const flow::JobRequest same = {.unique = String::borrowed("7")};
  EXPECT_EQ(put("shop.index", "first", same), Put::kAccepted);
  EXPECT_EQ(put("shop.index", "second", same), Put::kDuplicate);
  EXPECT_EQ(put("shop.report", "of another name", same), Put::kAccepted);
  std::unique_ptr<QueuedJob> running = store.take(at(0));
  EXPECT_EQ(put("shop.index", "while it runs", same), Put::kDuplicate);
  store.failed(std::move(running), "no luck", at(0), random);
  EXPECT_EQ(put("shop.index", "while it waits again", same), Put::kDuplicate);
  EXPECT_EQ(take(at(0)), "of another name");
  EXPECT_EQ(take(at(5000)), "first");
  EXPECT_EQ(put("shop.index", "when it is done", same, at(5000)), Put::kAccepted);
  EXPECT_EQ(store.counts().duplicates, 3U);
}

TEST_F(Store, HasABound) {
  for (const char* each : {"1", "2", "3", "4"})
    EXPECT_EQ(put("shop.index", each), Put::kAccepted);
  EXPECT_EQ(put("shop.index", "5"), Put::kFull);
  std::unique_ptr<QueuedJob> running = store.take(at(0));
  EXPECT_EQ(put("shop.index", "5"), Put::kFull) << "what runs may have to wait again";
  store.succeeded(std::move(running));
  EXPECT_EQ(put("shop.index", "5"), Put::kAccepted);
}

TEST_F(Store, RefusesWhatNoPackageHas) { EXPECT_EQ(put("shop.dance", "{}"), Put::kUnknown); }

TEST_F(Store, WaitsLongerBehindEachFailureWithFullJitter) {
  constexpr std::array<std::int64_t, 3> kLongest = {1000, 2000, 3000};  // milliseconds
  std::array<std::int64_t, 3> seen = {};
  for (int round = 0; round < 200; ++round) {
    ASSERT_EQ(put("shop.index", "{}"), Put::kAccepted);
    TimePoint now = at(0);
    for (std::size_t failure = 0; failure < kLongest.size(); ++failure) {
      std::unique_ptr<QueuedJob> job = store.take(now);
      ASSERT_NE(job, nullptr);
      EXPECT_EQ(job->attempts, failure + 1);
      store.failed(std::move(job), "again", now, random);
      const Duration wait = store.next_due() - now;
      EXPECT_GE(wait, Duration{});
      EXPECT_LE(wait, Duration::from_milliseconds(kLongest[failure]));
      seen[failure] = std::max(seen[failure], wait.nanoseconds / 1'000'000);
      now = store.next_due();
    }
    EXPECT_EQ(take(now), "{}");
  }
  for (std::size_t failure = 0; failure < kLongest.size(); ++failure)
    EXPECT_GT(seen[failure], kLongest[failure] * 9 / 10) << "the whole span is used";
}

TEST_F(Store, ListsWhatHasFailedForGoodAndForgetsTheOldest) {
  for (const char* each : {"1", "2", "3"}) {
    ASSERT_EQ(put("shop.report", each), Put::kAccepted);
    store.failed(store.take(at(0)), "the printer burns", at(0), random);
  }
  const std::vector<DeadLetter> dead = store.dead_letters();
  ASSERT_EQ(dead.size(), 2U);
  EXPECT_EQ(dead[0].arguments, "2");
  EXPECT_EQ(dead[1].arguments, "3");
  EXPECT_EQ(dead[1].job, "shop.report");
  EXPECT_EQ(dead[1].why, "the printer burns");
  EXPECT_EQ(dead[1].attempts, 1U);
  EXPECT_EQ(dead[1].id.size(), Uuid::kText);
  const JobCounts counts = store.counts();
  EXPECT_EQ(counts.dead, 3U);
  EXPECT_EQ(counts.failed, 3U);
  EXPECT_EQ(counts.waiting, 0U);
  EXPECT_EQ(counts.running, 0U);
}

TEST_F(Store, NamesTheQueueOfItsDeadLetters) {
  ASSERT_EQ(put("shop.index", "{}"), Put::kAccepted);
  for (TimePoint now = at(0); store.counts().dead == 0; now = store.next_due())
    store.failed(store.take(now), "no", now, random);
  ASSERT_EQ(store.dead_letters().size(), 1U);
  EXPECT_EQ(store.dead_letters()[0].queue, "index_dead");
  EXPECT_EQ(store.dead_letters()[0].attempts, 4U);
}

}  // namespace
}  // namespace zerver::jobs
