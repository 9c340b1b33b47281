#include "queue_conformance.h"

#include <set>
#include <string>
#include <vector>

namespace zerver::effects::queue {
namespace {

using async::Priority;
using jobs::ClaimedJob;
using jobs::Put;
using jobs::SettleCall;
using Fired = jobs::FireCall::Result;

constexpr Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }
// At what is to be done within a time, on a machine that has other things to do.
constexpr int kAttempts = 10;

std::vector<std::string> arguments_of(const std::vector<ClaimedJob>& jobs) {
  std::vector<std::string> arguments;
  for (const ClaimedJob& job : jobs)
    arguments.push_back(job.arguments);
  return arguments;
}
using Texts = std::vector<std::string>;

// --- Order ---

TEST_P(QueueConformance, GivesWhatWasPutFirstFirst) {
  QueueClient client(*world);
  for (const char* each : {"1", "2", "3"})
    EXPECT_EQ(client.put(each), Put::kAccepted);
  const std::vector<ClaimedJob> jobs = client.claim(2);
  EXPECT_EQ(arguments_of(jobs), (Texts{"1", "2"}));
  EXPECT_EQ(client.next_in, Duration{}) << "there is more";
  EXPECT_EQ(jobs[0].name, "shop.index");
  EXPECT_EQ(jobs[0].attempts, 1U);
  EXPECT_EQ(jobs[0].lease, Duration::from_seconds(30));
  EXPECT_NE(jobs[0].id, jobs[1].id);
  EXPECT_EQ(arguments_of(client.claim()), Texts{"3"});
  EXPECT_TRUE(client.claim().empty()) << "what is claimed is not there for others";
}

TEST_P(QueueConformance, KeepsArgumentsToTheByte) {
  QueueClient client(*world);
  std::string bytes;
  for (int each = 1; each < 256; ++each)
    bytes += static_cast<char>(each);
  const std::string json = R"({"quote":"\" ' \\ ; -- ","text":"žluť 😀"})";
  EXPECT_EQ(client.put(json, {.name = "shop.žluť"}), Put::kAccepted);
  EXPECT_EQ(client.put(bytes), Put::kAccepted);
  EXPECT_EQ(client.put(""), Put::kAccepted);
  EXPECT_EQ(client.put(std::string(100'000, 'x')), Put::kAccepted);
  const std::vector<ClaimedJob> jobs = client.claim();
  ASSERT_EQ(jobs.size(), 4U);
  EXPECT_EQ(jobs[0].arguments, json);
  EXPECT_EQ(jobs[0].name, "shop.žluť");
  EXPECT_EQ(jobs[1].arguments, bytes);
  EXPECT_EQ(jobs[2].arguments, "");
  EXPECT_EQ(jobs[3].arguments.size(), 100'000U);
}

TEST_P(QueueConformance, PutsMoreUrgentJobsFirstAndLetsNoneStarve) {
  if (!world->traits().has_priorities) GTEST_SKIP() << "a broker without priorities, docs/jobs.md";
  QueueClient client(*world);
  // A class goes before the next one for 50 ms: on a machine that stalls for longer it is tried again.
  Duration took = Duration::max();
  for (int attempt = 0; took > ms(50) && attempt < kAttempts; ++attempt) {
    const TimePoint begin = world->clock().now();
    EXPECT_EQ(client.put("batch", {.priority = Priority::kBatch}), Put::kAccepted);
    EXPECT_EQ(client.put("normal", {.priority = Priority::kNormal}), Put::kAccepted);
    EXPECT_EQ(client.put("urgent", {.priority = Priority::kInteractive}), Put::kAccepted);
    took = world->clock().now() - begin;
    const Texts order = arguments_of(client.claim());
    EXPECT_TRUE(took > ms(50) || order == (Texts{"urgent", "normal", "batch"}));
  }
  ASSERT_LE(took, ms(50));
  EXPECT_EQ(client.put("batch", {.priority = Priority::kBatch}), Put::kAccepted);
  world->pass(ms(1100));
  EXPECT_EQ(client.put("urgent", {.priority = Priority::kInteractive}), Put::kAccepted);
  EXPECT_EQ(arguments_of(client.claim()), (Texts{"batch", "urgent"}));
}

TEST_P(QueueConformance, HasManyQueues) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("1", {.queue = "letters"}), Put::kAccepted);
  EXPECT_EQ(client.put("2", {.queue = "jobs"}), Put::kAccepted);
  EXPECT_EQ(client.put("3", {.queue = "jobs/shop.index"}), Put::kAccepted);
  EXPECT_EQ(arguments_of(client.claim(9, ms(30'000), "letters")), Texts{"1"});
  EXPECT_EQ(arguments_of(client.claim(9, ms(30'000), "jobs")), Texts{"2"});
  EXPECT_EQ(arguments_of(client.claim(9, ms(30'000), "jobs/shop.index")), Texts{"3"});
}

// --- Time ---

TEST_P(QueueConformance, GivesADelayedJobWithin100MillisecondsOfItsTime) {
  QueueClient client(*world);
  Duration waited = Duration::max();
  for (int attempt = 0; waited > ms(400) && attempt < kAttempts; ++attempt) {
    const TimePoint begin = world->clock().now();
    EXPECT_EQ(client.put("later", {.after = ms(300)}), Put::kAccepted);
    EXPECT_EQ(client.wait_for_one().arguments, "later");
    waited = world->clock().now() - begin;
    EXPECT_GE(waited, ms(299));
  }
  EXPECT_LE(waited, ms(400));
}

TEST_P(QueueConformance, GivesJobsInTheOrderInWhichTheyBecomeDue) {
  QueueClient client(*world);
  // A delay begins when the job is put: on a machine that stalls in between it is tried again.
  Duration took = Duration::max();
  for (int attempt = 0; took > ms(100) && attempt < kAttempts; ++attempt) {
    const TimePoint begin = world->clock().now();
    EXPECT_EQ(client.put("third", {.after = ms(200)}), Put::kAccepted);
    EXPECT_EQ(client.put("second", {.after = ms(100)}), Put::kAccepted);
    EXPECT_EQ(client.put("first"), Put::kAccepted);
    took = world->clock().now() - begin;
    world->pass(ms(250));
    const Texts order = arguments_of(client.claim());
    EXPECT_TRUE(took > ms(100) || order == (Texts{"first", "second", "third"}));
  }
  ASSERT_LE(took, ms(100));
}

TEST_P(QueueConformance, TellsOthersWhatHasBeenPut) {
  if (!world->traits().is_durable) GTEST_SKIP() << "it is of one process";
  QueueClient waits(*world);
  QueueClient puts(*world);
  Duration waited = Duration::max();
  for (int attempt = 0; waited > ms(100) && attempt < kAttempts; ++attempt) {
    EXPECT_TRUE(waits.claim().empty());
    EXPECT_EQ(puts.put("news"), Put::kAccepted);
    const TimePoint begin = world->clock().now();
    EXPECT_EQ(waits.wait_for_one().arguments, "news");
    waited = world->clock().now() - begin;
  }
  EXPECT_LE(waited, ms(100));
}

// --- Unique ---

TEST_P(QueueConformance, KnowsOneJobByItsUniqueText) {
  QueueClient client(*world);
  const jobs::NewJob same = {.unique = "index:7"};
  EXPECT_EQ(client.put("first", same), Put::kAccepted);
  EXPECT_EQ(client.put("second", same), Put::kDuplicate);
  EXPECT_EQ(client.put("other", {.unique = "index:8"}), Put::kAccepted);
  EXPECT_EQ(client.put("elsewhere", {.queue = "letters", .unique = "index:7"}), Put::kAccepted);
  const ClaimedJob running = client.claim(1).at(0);
  EXPECT_EQ(client.put("while it runs", same), Put::kDuplicate);
  EXPECT_TRUE(client.nack(running));
  EXPECT_EQ(client.put("while it waits again", same), Put::kDuplicate);
  const std::vector<ClaimedJob> both = client.claim();
  ASSERT_EQ(both.size(), 2U);
  for (const ClaimedJob& each : both)
    EXPECT_TRUE(client.ack(each));
  EXPECT_EQ(client.put("when it is done", same), Put::kAccepted);
  EXPECT_TRUE(client.bury(client.claim(1).at(0)));
  EXPECT_EQ(client.put("when it is dead", same), Put::kAccepted);
}

// --- Leases ---

TEST_P(QueueConformance, GivesAFailedJobAgainBehindItsDelay) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("{}"), Put::kAccepted);
  const ClaimedJob first = client.claim().at(0);
  const TimePoint begin = world->clock().now();
  EXPECT_TRUE(client.nack(first, ms(150)));
  const ClaimedJob second = client.wait_for_one();
  EXPECT_GE(world->clock().now() - begin, ms(149));
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.attempts, 2U);
  EXPECT_GT(second.token, first.token);
}

TEST_P(QueueConformance, GivesAReleasedJobAgainAsIfNothingHadHappened) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("{}"), Put::kAccepted);
  const ClaimedJob first = client.claim().at(0);
  EXPECT_TRUE(client.settle(first, SettleCall::Kind::kRelease));
  const ClaimedJob second = client.wait_for_one();
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(second.attempts, 1U);
}

TEST_P(QueueConformance, GivesAJobToAnotherWhenItsLeaseIsOver) {
  QueueClient dies(*world);
  QueueClient lives(*world);
  EXPECT_EQ(dies.put("{}"), Put::kAccepted);
  // It is still held when the other one asks for the first time.
  const ClaimedJob lost = dies.claim(1, ms(2'000)).at(0);
  EXPECT_TRUE(lives.claim().empty());
  const ClaimedJob taken = lives.wait_for_one();
  EXPECT_EQ(taken.id, lost.id);
  EXPECT_EQ(taken.attempts, 2U);
  EXPECT_GT(taken.token, lost.token);
  // The fence: nothing that the first one says counts any more.
  EXPECT_FALSE(dies.extend(lost, ms(1000)));
  for (const auto kind :
       {SettleCall::Kind::kAck, SettleCall::Kind::kNack, SettleCall::Kind::kRelease, SettleCall::Kind::kBury})
    EXPECT_FALSE(dies.settle(lost, kind));
  EXPECT_EQ(lives.list().running, 1U);
  EXPECT_EQ(lives.list().dead, 0U);
  EXPECT_TRUE(lives.ack(taken));
  EXPECT_FALSE(lives.ack(taken)) << "it is over";
  EXPECT_EQ(lives.list().running, 0U);
}

TEST_P(QueueConformance, KeepsALeaseThatIsExtended) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("{}"), Put::kAccepted);
  constexpr Duration kLease = ms(2'000);
  const ClaimedJob job = client.claim(1, kLease).at(0);
  EXPECT_TRUE(client.extend(job, ms(60'000)));
  world->pass(kLease + ms(100));
  EXPECT_TRUE(client.claim().empty());
  EXPECT_TRUE(client.extend(job, ms(60'000)));
  EXPECT_TRUE(client.ack(job));
}

TEST_P(QueueConformance, HasALeaseNoLongerThanTheJobSays) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("{}", {.lease = ms(200)}), Put::kAccepted);
  const ClaimedJob job = client.claim().at(0);
  EXPECT_EQ(job.lease, ms(200));
  EXPECT_EQ(client.wait_for_one().id, job.id);
}

// --- Dead letters ---

TEST_P(QueueConformance, ListsADeadLetterOnce) {
  QueueClient client(*world);
  EXPECT_EQ(client.put(R"({"id":7})"), Put::kAccepted);
  const ClaimedJob job = client.claim().at(0);
  EXPECT_EQ(client.list().running, 1U);
  ASSERT_EQ(client.list().running_jobs.size(), 1U);
  EXPECT_EQ(client.list().running_jobs[0].job, "shop.index");
  EXPECT_TRUE(client.bury(job));
  EXPECT_FALSE(client.bury(job));
  const QueueClient::Listed listed = client.list();
  EXPECT_EQ(listed.waiting + listed.running, 0U);
  EXPECT_EQ(listed.dead, 1U);
  ASSERT_EQ(listed.dead_letters.size(), 1U);
  const jobs::DeadLetter& letter = listed.dead_letters[0];
  EXPECT_EQ(letter.job, "shop.index");
  EXPECT_EQ(letter.queue, "index_dead");
  EXPECT_EQ(letter.arguments, R"({"id":7})");
  EXPECT_EQ(letter.why, "the printer burns");
  EXPECT_EQ(letter.attempts, 1U);
  EXPECT_GT(letter.at.microseconds, world->clock().wall().microseconds - 60'000'000);
  EXPECT_TRUE(client.claim().empty());
}

TEST_P(QueueConformance, RevivesADeadLetterWhenItIsTold) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("{}", {.unique = "a"}), Put::kAccepted);
  const ClaimedJob job = client.claim().at(0);
  EXPECT_TRUE(client.bury(job));
  const std::string id = client.list().dead_letters.at(0).id;
  EXPECT_TRUE(client.revive(id, false));
  EXPECT_EQ(client.list().dead, 0U);
  EXPECT_FALSE(client.revive(id, false));
  const ClaimedJob again = client.wait_for_one();
  EXPECT_EQ(again.id, job.id);
  EXPECT_EQ(again.attempts, 1U);
  EXPECT_EQ(client.put("{}", {.unique = "a"}), Put::kDuplicate);
}

TEST_P(QueueConformance, DropsADeadLetterWhenItIsTold) {
  QueueClient client(*world);
  EXPECT_EQ(client.put("{}"), Put::kAccepted);
  EXPECT_TRUE(client.bury(client.claim().at(0)));
  const std::string id = client.list().dead_letters.at(0).id;
  EXPECT_TRUE(client.revive(id, true));
  EXPECT_FALSE(client.revive(id, true));
  EXPECT_EQ(client.list().dead, 0U);
  EXPECT_TRUE(client.claim().empty());
}

// --- Crons ---

TEST_P(QueueConformance, FiresOnceForAllWhoAsk) {
  QueueClient one(*world);
  QueueClient other(*world);
  const Timestamp at{1'767'225'600'000'000};
  EXPECT_EQ(one.fire("shop.nightly", at, true, "a"), Fired::kFired);
  EXPECT_EQ(other.fire("shop.nightly", at, true, "b"), Fired::kEarlier);
  EXPECT_EQ(other.fire("shop.nightly", at - ms(1), true, "c"), Fired::kEarlier);
  EXPECT_EQ(other.fire("shop.hourly", at, true, "d"), Fired::kFired) << "that is another one";
  EXPECT_EQ(one.fire("shop.nightly", at + ms(1000), true, "e"), Fired::kFired);
  std::set<std::string> fired;
  for (int i = 0; i < 3; ++i)
    fired.insert(one.wait_for_one().name + std::to_string(i));
  EXPECT_EQ(fired.size(), 3U);
  EXPECT_TRUE(one.claim().empty());
}

TEST_P(QueueConformance, DoesNotFireWhatRunsStill) {
  QueueClient client(*world);
  const Timestamp at{1'767'225'600'000'000};
  EXPECT_EQ(client.fire("shop.nightly", at, true, "n"), Fired::kFired);
  EXPECT_EQ(client.fire("shop.nightly", at + ms(1000), true, "n"), Fired::kBusy);
  EXPECT_EQ(client.fire("shop.nightly", at + ms(1000), true, "n"), Fired::kEarlier) << "it was passed over";
  EXPECT_EQ(client.fire("shop.nightly", at + ms(2000), false, "n"), Fired::kBusy);
  EXPECT_TRUE(client.ack(client.claim().at(0)));
  EXPECT_EQ(client.fire("shop.nightly", at + ms(2000), false, "n"), Fired::kFired)
      << "it was not passed over";
}

TEST_P(QueueConformance, RemembersWhenACronRanLast) {
  QueueClient client(*world);
  const Timestamp now{1'767'225'600'000'000};
  EXPECT_EQ(client.cron("shop.nightly", now), now);
  EXPECT_EQ(client.cron("shop.nightly", now + ms(5000)), now) << "known since then";
  EXPECT_EQ(client.fire("shop.nightly", now + ms(9000), true, "n"), Fired::kFired);
  EXPECT_EQ(client.cron("shop.nightly", now + ms(20'000)), now + ms(9000));
}

// --- Several ---

TEST_P(QueueConformance, SharesWorkWithoutGivingAnythingTwice) {
  constexpr int kJobs = 200;
  QueueClient one(*world);
  QueueClient other(*world);
  for (int i = 0; i < kJobs; ++i)
    ASSERT_EQ(one.put(std::to_string(i)), Put::kAccepted);
  std::set<std::string> seen;
  for (bool any = true; any;) {
    any = false;
    for (QueueClient* client : {&one, &other}) {
      for (const ClaimedJob& job : client->claim(7)) {
        any = true;
        EXPECT_TRUE(seen.insert(job.arguments).second) << job.arguments;
        EXPECT_TRUE(client->ack(job));
      }
    }
  }
  EXPECT_EQ(seen.size(), std::size_t{kJobs});
  EXPECT_EQ(one.list().waiting + one.list().running, 0U);
}

TEST_P(QueueConformance, KeepsWhatItHasAcceptedWhenItIsOpenedAgain) {
  if (!world->traits().is_durable) GTEST_SKIP() << "it is of one process";
  {
    QueueClient before(*world);
    EXPECT_EQ(before.put("waits"), Put::kAccepted);
    EXPECT_EQ(before.put("delayed", {.after = ms(300)}), Put::kAccepted);
  }
  QueueClient after(*world);
  EXPECT_EQ(after.wait_for_one().arguments, "waits");
  EXPECT_EQ(after.wait_for_one().arguments, "delayed");
}

}  // namespace
}  // namespace zerver::effects::queue
