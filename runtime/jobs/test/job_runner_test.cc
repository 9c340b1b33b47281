#include <zerver/core/log.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/fake_adapter.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace zerver::jobs {
namespace {

using flow::Exchange;
using flow::Handled;

// What the jobs of these tests have seen: arguments, idempotency key, attempt's end.
struct Seen {
  std::string arguments, key;
};
std::vector<Seen>* seen = nullptr;

constexpr flow::CallSite kWork{.step = "work", .target = 0, .operation = 0};

// Its one effect decides how it goes.
flow::FlowTask run_work(Exchange& exchange, std::string_view arguments) {
  exchange.set_deadline_in(Duration::from_seconds(10));
  seen->push_back({std::string(arguments), std::string(exchange.request.header("idempotency-key"))});
  flow::ValueCall<void> call(exchange, kWork, nullptr);
  co_await call;
  if (!call.result()) co_return flow::answer_fault(exchange, call.result().error());
}
Handled run_at_once(Exchange& exchange, std::string_view arguments) {
  seen->push_back({std::string(arguments), {}});
  if (arguments == "bad") flow::answer_problem(exchange, 400, "not this one");
  return Handled::kNow;
}

constexpr std::array kFlows = {flow::FlowInfo{.name = "work", .slug = "", .method = "", .path = ""},
                               flow::FlowInfo{.name = "quick", .slug = "", .method = "", .path = ""}};
constexpr std::array kJobs = {
    flow::JobInfo{.name = "shop.work",
                  .flow = 0,
                  .run = [](Exchange& exchange,
                            std::string_view arguments) { return run_work(exchange, arguments).handled(); },
                  .attempts = 3,
                  .backoff_first = Duration::from_seconds(1),
                  .backoff_cap = Duration::from_seconds(1)},
    flow::JobInfo{.name = "shop.quick", .flow = 1, .run = run_at_once},
};
constexpr flow::PackageInfo kPackage{
    .name = "shop", .flows = kFlows, .targets = {}, .handle = nullptr, .jobs = kJobs};
constexpr std::array<const flow::PackageInfo*, 1> kPackages = {&kPackage};

// One worker over virtual time. Its flows reach one target, and enqueue through the runner.
struct SimWorker {
  SimWorker(testing::SimLoop& loop, RunnerGroup& group)
      : worker(flow::Seams{loop, loop.clock(), random, log}),
        system(loop),
        runner(worker, group, [this](std::size_t, Exchange& exchange) { exchange.set_targets(targets); }) {}

  SeededRandom random{3};
  testing::MemoryLog log;
  flow::Worker worker;
  testing::FakeAdapter system;
  JobRunner runner;
  flow::InFlight in_flight{100};
  flow::InFlight jobs_in_flight{100};
  flow::Target work_target{"shop.system", &system, &in_flight};
  flow::Target jobs_target{"zerver.jobs", &runner, &jobs_in_flight};
  std::array<flow::Target*, 2> targets = {&work_target, &jobs_target};
};

// A flow that enqueues.
class Client final : public Exchange {
 public:
  explicit Client(SimWorker& worker) : Exchange(worker.worker, [](Exchange&) noexcept {}) {
    set_targets(worker.targets);
  }
};
flow::FlowTask enqueue(Exchange& exchange, const flow::JobRequest& request, Result<void>& result) {
  static constexpr flow::CallSite kSite{.step = "enqueue", .target = 1, .operation = 0};
  exchange.set_deadline_in(Duration::from_seconds(60));
  flow::ValueCall<void> call(exchange, kSite, &request);
  co_await call;
  result = call.result();
}

class Runner : public ::testing::Test {
 protected:
  Runner() { seen = &seen_; }

  Result<void> put(std::string_view job, std::string_view arguments, Duration after = {}) {
    Client client(worker);
    const flow::JobRequest request{.job = job, .arguments = Json::borrowed(arguments), .after = after};
    Result<void> result = Fault{FaultKind::kInternal, "it waits", {}};
    static_cast<void>(enqueue(client, request, result).handled());
    return result;
  }

  std::vector<Seen> seen_;
  testing::SimLoop loop;
  JobStore store{{.waiting = 3}};
  RunnerGroup group{kPackages, store, {.running = 2}};
  SimWorker worker{loop, group};
};

TEST_F(Runner, RunsAJobBehindTheFlowThatEnqueuedIt) {
  EXPECT_TRUE(put("shop.quick", R"({"id":1})"));
  EXPECT_TRUE(seen_.empty()) << "not within the flow";
  loop.run();
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].arguments, R"({"id":1})");
  EXPECT_EQ(store.counts().succeeded, 1U);
}

TEST_F(Runner, RunsADelayedJobAtItsTime) {
  EXPECT_TRUE(put("shop.quick", "{}", Duration::from_seconds(5)));
  loop.run_for(Duration::from_milliseconds(4990));
  EXPECT_TRUE(seen_.empty());
  loop.run_for(Duration::from_milliseconds(20));
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(Runner, TriesAgainWithTheSameKeyUntilItSucceeds) {
  worker.system.answer("work", testing::FakeReply::fault(FaultKind::kUnavailable));
  worker.system.answer("work", testing::FakeReply::nothing());
  EXPECT_TRUE(put("shop.work", "{}"));
  loop.run();
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].key, seen_[1].key);
  EXPECT_EQ(seen_[0].key.size(), Uuid::kText);
  EXPECT_EQ(store.counts().failed, 1U);
  EXPECT_EQ(store.counts().succeeded, 1U);
}

TEST_F(Runner, TriesAgainWithinTheBackoff) {
  worker.system.answer("work", testing::FakeReply::fault(FaultKind::kUnavailable));
  worker.system.answer("work", testing::FakeReply::nothing());
  EXPECT_TRUE(put("shop.work", "{}"));
  loop.run_for(Duration::from_milliseconds(1001));
  EXPECT_EQ(seen_.size(), 2U);
}

TEST_F(Runner, GivesUpBehindTheLastAttemptAndSaysSo) {
  worker.system.answer("work", testing::FakeReply::fault(FaultKind::kUnavailable));
  EXPECT_TRUE(put("shop.work", R"({"id":9})"));
  loop.run();
  EXPECT_EQ(seen_.size(), 3U);
  ASSERT_EQ(store.dead_letters().size(), 1U);
  EXPECT_EQ(store.dead_letters()[0].arguments, R"({"id":9})");
  EXPECT_NE(store.dead_letters()[0].why.find("\"status\":500"), std::string::npos);
  ASSERT_FALSE(worker.log.lines.empty());
  EXPECT_NE(worker.log.lines.back().find("job `shop.work`"), std::string::npos) << worker.log.lines.back();
}

TEST_F(Runner, AnAttemptThatTakesTooLongHasFailed) {
  worker.system.answer("work", testing::FakeReply::silence());
  worker.system.answer("work", testing::FakeReply::nothing());
  EXPECT_TRUE(put("shop.work", "{}"));
  loop.run();
  EXPECT_EQ(worker.system.cancelled(), 1U);
  EXPECT_EQ(store.counts().failed, 1U);
  EXPECT_EQ(store.counts().succeeded, 1U);
}

TEST_F(Runner, RunsNoMoreThanItsBoundAtATime) {
  worker.system.answer("work", testing::FakeReply::nothing().after(Duration::from_milliseconds(10)));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(put("shop.work", "{}"));
  loop.run_ready();
  EXPECT_EQ(seen_.size(), 2U);
  EXPECT_EQ(worker.runner.running(), 2U);
  loop.run();
  EXPECT_EQ(seen_.size(), 3U);
}

TEST_F(Runner, AFlowWaitsWhereThereIsNoRoom) {
  worker.system.answer("work", testing::FakeReply::nothing().after(Duration::from_milliseconds(10)));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(put("shop.work", "{}"));
  Client client(worker);
  const flow::JobRequest request{.job = "shop.quick", .arguments = Json::borrowed("waited")};
  Result<void> result = Fault{FaultKind::kInternal, "it waits", {}};
  EXPECT_EQ(enqueue(client, request, result).handled(), Handled::kLater);
  EXPECT_FALSE(result);
  loop.run();
  EXPECT_TRUE(result);
  EXPECT_EQ(seen_.back().arguments, "waited");
}

TEST_F(Runner, AFlowThatIsCancelledWhileItWaitsEnqueuesNothing) {
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(put("shop.quick", "{}", Duration::from_seconds(1)));
  Client client(worker);
  const flow::JobRequest request{.job = "shop.quick", .arguments = Json::borrowed("never")};
  Result<void> result;
  EXPECT_EQ(enqueue(client, request, result).handled(), Handled::kLater);
  client.cancel();
  EXPECT_TRUE(client.given_up());
  loop.run();
  EXPECT_EQ(seen_.size(), 3U);
  EXPECT_EQ(store.counts().accepted, 3U);
}

TEST_F(Runner, AJobThatNoPackageHasIsAMistakeOfTheProgram) {
  const Result<void> result = put("shop.dance", "{}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, FaultKind::kInternal);
}

TEST_F(Runner, AWorkerAtItsBoundHandsOverToAnother) {
  SimWorker other(loop, group);
  for (SimWorker* each : {&worker, &other})
    each->system.answer("work", testing::FakeReply::nothing().after(Duration::from_milliseconds(10)));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(put("shop.work", "{}"));
  loop.run_ready();
  EXPECT_EQ(worker.runner.running(), 2U);
  EXPECT_EQ(other.runner.running(), 1U);
  loop.run();
  EXPECT_EQ(store.counts().succeeded, 3U);
}

TEST_F(Runner, AWorkerThatOnlyForwardsRunsNothing) {
  SimWorker other(loop, group);
  worker.runner.only_forward();
  EXPECT_TRUE(put("shop.quick", "now"));
  EXPECT_TRUE(put("shop.quick", "later", Duration::from_seconds(1)));
  loop.run();
  EXPECT_EQ(seen_.size(), 2U);
  EXPECT_EQ(other.runner.running(), 0U);
  EXPECT_EQ(store.counts().succeeded, 2U);
}

TEST_F(Runner, DrainingFinishesWhatIsDue) {
  worker.system.answer("work", testing::FakeReply::nothing().after(Duration::from_milliseconds(10)));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(put("shop.work", "{}"));
  bool is_idle = false;
  worker.runner.drain(loop.now() + Duration::from_seconds(10), [&is_idle] { is_idle = true; });
  EXPECT_FALSE(is_idle);
  loop.run();
  EXPECT_TRUE(is_idle);
  EXPECT_EQ(store.counts().succeeded, 3U);
}

TEST_F(Runner, DrainingFinishesWhatIsDueBeforeItsEnd) {
  EXPECT_TRUE(put("shop.quick", "{}", Duration::from_seconds(9)));
  bool is_idle = false;
  worker.runner.drain(loop.now() + Duration::from_seconds(10), [&is_idle] { is_idle = true; });
  EXPECT_FALSE(is_idle);
  loop.run();
  EXPECT_TRUE(is_idle);
  EXPECT_EQ(store.counts().succeeded, 1U);
}

TEST_F(Runner, DrainingDoesNotWaitForWhatIsDueLater) {
  EXPECT_TRUE(put("shop.quick", "{}", Duration::from_seconds(3600)));
  bool is_idle = false;
  worker.runner.drain(loop.now() + Duration::from_seconds(10), [&is_idle] { is_idle = true; });
  EXPECT_TRUE(is_idle);
  EXPECT_EQ(store.counts().waiting, 1U);
}

TEST_F(Runner, StoppingGivesUpWhatRuns) {
  worker.system.answer("work", testing::FakeReply::silence());
  EXPECT_TRUE(put("shop.work", "{}"));
  loop.run_ready();
  EXPECT_EQ(worker.runner.running(), 1U);
  worker.runner.stop();
  EXPECT_EQ(worker.runner.running(), 0U);
  EXPECT_EQ(worker.system.cancelled(), 1U);
  EXPECT_EQ(store.counts().waiting, 1U) << "it is for others, as if it had not begun";
  EXPECT_EQ(store.counts().failed, 0U);
}

}  // namespace
}  // namespace zerver::jobs
