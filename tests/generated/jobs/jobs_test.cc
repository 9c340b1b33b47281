// Jobs as generated code enqueues and runs them, over a simulated worker.

#include "jobs.flow.h"
#include <zerver/flow/job/job.h>
#include <zerver/flow/service.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::testing {
namespace {

using work::v1::package;

const std::array<const flow::PackageInfo*, 1> kPackages = {&package()};

// What an adapter was asked to do, and what it was told to know it by.
class Office final : public work::v1::PostAdapter {
 public:
  void send(const SendArguments& arguments, flow::Reply<String> reply) override {
    letters.push_back(std::string(arguments.letter.view()) + " x" + std::to_string(arguments.copies));
    keys.emplace_back(reply.operation().key());
    if (letters.size() <= failures) return reply.fail({FaultKind::kUnavailable, "closed", {}});
    reply.succeed(String::borrowed("r1"));
  }
  void count(const CountArguments& arguments, flow::Reply<void> reply) override {
    counted.push_back(arguments.of);
    reply.succeed();
  }
  void cancel(flow::Operation&) noexcept override {}

  std::size_t failures = 0;
  std::vector<std::string> letters, keys;
  std::vector<std::int64_t> counted;
};

class Jobs : public ::testing::Test {
 protected:
  Jobs() {
    service.set_adapter("work.v1.office", office);
    service.set_adapter("zerver.jobs", runner);
  }

  ResponseText post(const std::string& target, std::string body = {}) {
    return service.send({Method::kPost, target, std::move(body)});
  }

  Office office;
  ReqTest service{package()};
  flow::InFlight in_flight{100};
  flow::Target bound{"work.v1.office", &office, &in_flight};
  std::array<flow::Target*, 1> targets = {&bound};
  jobs::JobStore store;
  jobs::RunnerGroup group{kPackages, store};
  jobs::JobRunner runner{service.worker(), group,
                         [this](std::size_t, flow::Exchange& exchange) { exchange.set_targets(targets); }};
};

constexpr const char* kLetter = R"({"to":"anna","lines":["a","b"]})";

TEST_F(Jobs, RunWithTheArgumentsThatTheyWereGiven) {
  EXPECT_EQ(post("/letters/7", kLetter).status, 202);
  EXPECT_TRUE(office.counted.empty()) << "it is due in 1 s";
  service.loop().run_for(Duration::from_milliseconds(1001));
  EXPECT_EQ(office.counted, std::vector<std::int64_t>{7});
  EXPECT_TRUE(office.letters.empty()) << "it is due in 5 s";
  service.loop().run_for(Duration::from_seconds(5));
  EXPECT_EQ(office.letters, std::vector<std::string>{"anna x2"});
  EXPECT_EQ(store.counts().succeeded, 2U);
}

TEST_F(Jobs, AreTriedAgainWithTheSameKey) {
  office.failures = 2;
  EXPECT_EQ(post("/letters/7", kLetter).status, 202);
  service.loop().run();
  EXPECT_EQ(office.letters.size(), 3U);
  EXPECT_EQ(office.keys[0].size(), Uuid::kText);
  EXPECT_EQ(office.keys[0], office.keys[1]);
  EXPECT_EQ(office.keys[0], office.keys[2]);
  EXPECT_EQ(store.counts().failed, 2U);
  EXPECT_EQ(store.counts().dead, 0U);
}

TEST_F(Jobs, AreDeadWhenTheyHaveFailedOftenEnough) {
  office.failures = 99;
  EXPECT_EQ(post("/letters/7", kLetter).status, 202);
  service.loop().run();
  EXPECT_EQ(office.letters.size(), 3U);
  ASSERT_EQ(store.dead_letters().size(), 1U);
  const jobs::DeadLetter dead = store.dead_letters()[0];
  EXPECT_EQ(dead.job, "work.v1.deliver");
  EXPECT_EQ(dead.queue, "lost");
  EXPECT_EQ(dead.arguments, R"({"letter":{"to":"anna","lines":["a","b"]},"copies":2})");
  EXPECT_NE(dead.why.find("urn:zerver:error:work.v1.Busy"), std::string::npos) << dead.why;
}

TEST_F(Jobs, FailWithTheErrorsOfTheirSteps) {
  EXPECT_EQ(post("/tallies/-1").status, 202);
  service.loop().run();
  ASSERT_EQ(store.dead_letters().size(), 1U);
  EXPECT_NE(store.dead_letters()[0].why.find("work.v1.Refused"), std::string::npos);
  EXPECT_EQ(store.dead_letters()[0].attempts, 2U);
  EXPECT_TRUE(office.counted.empty());
}

TEST_F(Jobs, OfTheSameUniqueTextAreOne) {
  EXPECT_EQ(post("/letters/7", kLetter).status, 202);
  EXPECT_EQ(post("/letters/7", kLetter).status, 202);
  EXPECT_EQ(post("/letters/8", kLetter).status, 202);
  EXPECT_EQ(store.counts().duplicates, 1U) << "`unique id` of the job";
  EXPECT_EQ(post("/tallies/1").status, 202);
  EXPECT_EQ(post("/tallies/2").status, 202);
  EXPECT_EQ(store.counts().duplicates, 2U) << "`unique` of the statement goes before";
  service.loop().run_for(Duration::from_milliseconds(1001));
  EXPECT_EQ(office.counted, (std::vector<std::int64_t>{7, 8, 1}));
}

TEST_F(Jobs, WithoutParametersOrEffectsAreOrdinary) {
  EXPECT_EQ(post("/sweeps").status, 202);
  service.loop().run();
  EXPECT_EQ(store.counts().succeeded, 1U);
}

// Such as one that an older version of the program has enqueued.
TEST_F(Jobs, WithArgumentsThatDoNotFitFail) {
  const auto session = store.session(service.loop(), service.worker().clock(), nullptr);
  struct Call final : jobs::PutCall {
    Call() : PutCall([](async::Job&) noexcept {}) {}
  } call;
  ASSERT_TRUE(
      session->put({.queue = "jobs", .name = "work.v1.tally", .arguments = R"({"id":"seven"})"}, call));
  ASSERT_EQ(call.result, jobs::Put::kAccepted);
  EXPECT_EQ(post("/sweeps").status, 202);
  service.loop().run();
  ASSERT_EQ(store.dead_letters().size(), 1U);
  EXPECT_NE(store.dead_letters()[0].why.find("\"status\":400"), std::string::npos);
}

TEST(JobSettings, StandInThePackage) {
  ASSERT_EQ(package().jobs.size(), 3U);
  const flow::JobInfo& deliver = package().jobs[0];
  EXPECT_EQ(deliver.name, "work.v1.deliver");
  EXPECT_EQ(package().flows[deliver.flow].name, "deliver");
  EXPECT_EQ(deliver.attempts, 3U);
  EXPECT_EQ(deliver.backoff_first, Duration::from_seconds(1));
  EXPECT_EQ(deliver.backoff_cap, Duration::from_seconds(2));
  EXPECT_EQ(deliver.lease, Duration::from_seconds(10));
  EXPECT_EQ(deliver.dead_letter, "lost");
}

TEST(JobFake, StandsForTheQueue) {
  ReqTest service(package());
  service.fake("zerver.jobs").answer("enqueue tally", FakeReply::nothing());
  EXPECT_EQ(service.send({Method::kPost, "/tallies/1", {}}).status, 202);
  ASSERT_EQ(service.fake("zerver.jobs").asked().size(), 1U);
  EXPECT_EQ(service.fake("zerver.jobs").asked()[0].step, "enqueue tally");
}

// A queue without room makes its flows wait, and their deadline bounds that.
TEST(JobFake, AFlowThatWaitsForItsQueueHasADeadline) {
  ReqTest service(package());
  service.fake("zerver.jobs").answer("enqueue deliver", FakeReply::silence());
  EXPECT_EQ(service.send({Method::kPost, "/letters/1", kLetter}).status, 504);
  EXPECT_EQ(service.fake("zerver.jobs").cancelled(), 1U);
}

}  // namespace
}  // namespace zerver::testing
