// What a runner does about leases, bounds, and stores that fail.

#include <zerver/flow/call/call.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/fake_adapter.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace zerver::jobs {
namespace {

using flow::Exchange;
using flow::Handled;

constexpr Duration seconds(std::int64_t count) { return Duration::from_seconds(count); }

constexpr flow::CallSite kWork{.step = "work",
                               .target = 0,
                               .operation = 0,
                               .policy = {.retries = 3, .retry_on = FaultKinds::of(FaultKind::kUnavailable)}};

// Its one effect decides how it goes, and how long it takes.
flow::FlowTask run_work(Exchange& exchange, std::string_view) {
  flow::ValueCall<void> call(exchange, kWork, nullptr);
  co_await call;
  if (!call.result()) co_return flow::answer_fault(exchange, call.result().error());
}
Handled run(Exchange& exchange, std::string_view arguments) {
  return run_work(exchange, arguments).handled();
}

constexpr std::array kFlows = {
    flow::FlowInfo{.name = "work", .slug = "", .method = "", .path = ""},
    flow::FlowInfo{.name = "single", .slug = "", .method = "", .path = "", .in_flight = 1},
    flow::FlowInfo{.name = "frugal", .slug = "", .method = "", .path = "", .retry_budget_percent = 100}};
constexpr std::array kJobs = {flow::JobInfo{.name = "shop.work", .flow = 0, .run = run, .attempts = 3},
                              flow::JobInfo{.name = "shop.single", .flow = 1, .run = run},
                              flow::JobInfo{.name = "shop.frugal", .flow = 2, .run = run}};
constexpr flow::PackageInfo kPackage{
    .name = "shop", .flows = kFlows, .targets = {}, .handle = nullptr, .jobs = kJobs};
constexpr std::array<const flow::PackageInfo*, 1> kPackages = {&kPackage};

// One in memory that can fail.
class FlakyStore final : public QueueStore {
 public:
  std::unique_ptr<QueueSession> session(async::Loop& loop, const Clock& clock,
                                        QueueListener* listener) override {
    return std::make_unique<Session>(*this, store.session(loop, clock, listener));
  }
  bool is_durable() const noexcept override { return false; }

  JobStore store;
  bool is_down = false;
  bool loses_leases = false;
  int extensions = 0;

 private:
  class Session final : public QueueSession {
   public:
    Session(FlakyStore& store, std::unique_ptr<QueueSession> inner)
        : store_(store), inner_(std::move(inner)) {}
    bool put(const NewJob& job, PutCall& call) noexcept override {
      return refuses(call) || inner_->put(job, call);
    }
    bool claim(ClaimCall& call) noexcept override { return refuses(call) || inner_->claim(call); }
    bool settle(SettleCall& call) noexcept override { return refuses(call) || inner_->settle(call); }
    bool extend(ExtendCall& call) noexcept override {
      ++store_.extensions;
      if (refuses(call)) return true;
      const bool done = inner_->extend(call);
      for (ExtendCall::Entry& each : call.entries)
        each.lost = each.lost || store_.loses_leases;
      return done;
    }
    bool fire(const NewJob& job, FireCall& call) noexcept override {
      return refuses(call) || inner_->fire(job, call);
    }
    bool cron(CronCall& call) noexcept override { return refuses(call) || inner_->cron(call); }
    bool list(ListCall& call) noexcept override { return refuses(call) || inner_->list(call); }
    bool revive(ReviveCall& call) noexcept override { return refuses(call) || inner_->revive(call); }

   private:
    bool refuses(QueueCall& call) noexcept {
      call.why.clear();
      if (store_.is_down) call.why = "the store is down";
      return store_.is_down;
    }
    FlakyStore& store_;
    std::unique_ptr<QueueSession> inner_;
  };
};

template <class Base> struct Done final : Base {
  Done() : Base([](async::Job&) noexcept {}) {}
};

class Leases : public ::testing::Test {
 protected:
  void put(std::string_view name, std::string_view queue = "jobs") {
    NewJob job;
    job.id.bytes[0] = ++ids_;
    job.queue = queue;
    job.name = name;
    Done<PutCall> call;
    ASSERT_TRUE(session->put(job, call));
    ASSERT_EQ(call.why, "");
    runner.note_put("jobs", loop.now());
    if (queue != "jobs") runner.note_put(queue, loop.now());
  }
  bool is_logged(std::string_view text) const {
    for (const std::string& line : log.lines)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  JobCounts counts() const { return store.store.counts(); }
  JobStats stats_of(std::string_view name) const {
    for (const JobStats& stats : group.stats())
      if (stats.name == name) return stats;
    ADD_FAILURE() << name;
    return {};
  }

  testing::SimLoop loop;
  FlakyStore store;
  SeededRandom random{3};
  testing::MemoryLog log;
  flow::Worker worker{flow::Seams{loop, loop.clock(), random, log}};
  testing::FakeAdapter system{loop};
  flow::InFlight in_flight{100};
  flow::Target target{"shop.system", &system, &in_flight};
  std::array<flow::Target*, 1> targets = {&target};
  RunnerGroup group{kPackages, store, {.running = 4, .lease = seconds(9)}};
  JobRunner runner{worker, group, [this](std::size_t, Exchange& exchange) { exchange.set_targets(targets); }};
  std::unique_ptr<QueueSession> session = store.session(loop, loop.clock(), nullptr);

 private:
  std::uint8_t ids_ = 0;
};

TEST_F(Leases, AreExtendedWhileAJobRuns) {
  system.answer("work", testing::FakeReply::nothing().after(seconds(60)));
  put("shop.work");
  loop.run_for(seconds(5));
  EXPECT_EQ(stats_of("shop.work").running, 1U);
  EXPECT_EQ(stats_of("shop.work").succeeded, 0U);
  loop.run_for(seconds(56));
  EXPECT_GE(store.extensions, 18) << "every 3 s";
  EXPECT_EQ(stats_of("shop.work").running, 0U);
  EXPECT_EQ(stats_of("shop.work").succeeded, 1U);
  EXPECT_EQ(stats_of("shop.work").times.count(), 1U);
  EXPECT_EQ(stats_of("shop.work").times.nanoseconds, 60'000'000'000U);
  EXPECT_EQ(stats_of("shop.single").succeeded, 0U);
  EXPECT_EQ(counts().succeeded, 1U);
  EXPECT_EQ(system.asked().size(), 1U) << "nobody else has claimed it";
}

TEST_F(Leases, ThatAreLostEndTheRun) {
  system.answer("work", testing::FakeReply::silence());
  put("shop.work");
  loop.run_for(seconds(1));
  store.loses_leases = true;
  loop.run_for(seconds(3));
  EXPECT_EQ(system.cancelled(), 1U);
  EXPECT_EQ(runner.running(), 0U);
  EXPECT_TRUE(is_logged("has lost its lease"));
  EXPECT_EQ(counts().succeeded + counts().failed, 0U) << "how it went is not said";
  EXPECT_EQ(stats_of("shop.work").lost, 1U);
  EXPECT_EQ(stats_of("shop.work").running, 0U);
  EXPECT_EQ(stats_of("shop.work").succeeded + stats_of("shop.work").failed, 0U);
}

TEST_F(Leases, EndTheRunWhenTheStoreHasNotAnsweredForSoLong) {
  system.answer("work", testing::FakeReply::silence());
  put("shop.work");
  loop.run_for(seconds(1));
  store.is_down = true;
  loop.run_for(seconds(7));
  EXPECT_EQ(system.cancelled(), 0U) << "it is still held";
  loop.run_for(seconds(3));
  EXPECT_EQ(system.cancelled(), 1U);
}

TEST_F(Leases, AreSettledWhenTheStoreIsBack) {
  system.answer("work", testing::FakeReply::nothing().after(seconds(1)));
  put("shop.work");
  loop.run_for(Duration::from_milliseconds(500));
  store.is_down = true;
  loop.run_for(seconds(3));
  EXPECT_EQ(counts().succeeded, 0U);
  store.is_down = false;
  loop.run_for(seconds(5));
  EXPECT_EQ(counts().succeeded, 1U);
  EXPECT_EQ(system.asked().size(), 1U);
}

TEST_F(Leases, AreClaimedAgainWhenTheStoreIsBack) {
  store.is_down = true;
  runner.note_put("jobs", loop.now());
  loop.run_for(seconds(5));
  EXPECT_TRUE(is_logged("the queue of jobs cannot be reached: the store is down"));
  store.is_down = false;
  system.answer("work", testing::FakeReply::nothing());
  put("shop.work");
  loop.run_for(seconds(2));
  EXPECT_EQ(counts().succeeded, 1U);
  EXPECT_TRUE(is_logged("can be reached again"));
}

TEST_F(Leases, OfAJobThatEndsItsWorkersEndInADeadLetter) {
  put("shop.work");
  // Three workers have claimed it and died; this runner has not looked yet.
  for (int i = 0; i < 3; ++i) {
    Done<ClaimCall> claim;
    claim.queue = "jobs";
    claim.lease = Duration{1};
    ASSERT_TRUE(session->claim(claim));
    ASSERT_EQ(claim.jobs.size(), 1U);
    Done<ExtendCall> over;
    over.entries.push_back({{claim.jobs[0].key, claim.jobs[0].token}, Duration{}});
    ASSERT_TRUE(session->extend(over));
  }
  loop.run_for(seconds(1));
  EXPECT_TRUE(system.asked().empty());
  ASSERT_EQ(store.store.dead_letters().size(), 1U);
  EXPECT_EQ(stats_of("shop.work").dead, 1U);
  EXPECT_EQ(stats_of("shop.work").times.count(), 0U) << "it has not run here";
  EXPECT_EQ(store.store.dead_letters()[0].attempts, 4U);
  EXPECT_NE(store.store.dead_letters()[0].why.find("has not been heard of"), std::string::npos);
}

TEST_F(Leases, OfStrangersAreGivenBack) {
  put("shop.of_a_newer_version");
  loop.run_for(seconds(11));
  EXPECT_EQ(counts().waiting, 1U);
  EXPECT_EQ(counts().failed, 0U);
  EXPECT_TRUE(is_logged("jobs `shop.of_a_newer_version` wait, which this program does not have"));
  EXPECT_EQ(log.lines.size(), 1U) << "once";
}

TEST_F(Leases, AreBoundedByTheInFlightOfTheJob) {
  system.answer("work", testing::FakeReply::nothing().after(seconds(1)));
  for (int i = 0; i < 3; ++i)
    put("shop.single", "jobs/shop.single");
  put("shop.work");
  loop.run_ready();
  EXPECT_EQ(runner.running(), 2U) << "one of them, and the other goes past them";
  loop.run_for(Duration::from_milliseconds(3100));
  EXPECT_EQ(counts().succeeded, 4U);
}

TEST_F(Leases, OfBoundedJobsThatWaitElsewhereAreBoundedAlike) {
  system.answer("work", testing::FakeReply::nothing().after(seconds(1)));
  // As a program has put them that knew no bound.
  for (int i = 0; i < 2; ++i)
    put("shop.single");
  loop.run_ready();
  EXPECT_EQ(runner.running(), 1U);
  loop.run_for(seconds(4));
  EXPECT_EQ(counts().succeeded, 2U);
  EXPECT_EQ(counts().failed, 0U);
}

// 100 %: one retry for each call, so that the second has none left.
TEST_F(Leases, ComeWithTheRetryBudgetOfTheJob) {
  system.answer("work", testing::FakeReply::fault(FaultKind::kUnavailable));
  put("shop.frugal");
  loop.run_for(seconds(1));
  EXPECT_EQ(system.asked().size(), 2U);
}

}  // namespace
}  // namespace zerver::jobs
