// Requests on the workers of a running server: batch work, moving, draining, looking on.
#include "runtime/server/test/test_client.h"
#include "runtime/server/test/test_service.h"
#include <zerver/core/random.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/server/snapshot.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace zerver::server {
namespace {

using async::Priority;
using flow::Exchange;
using flow::Handled;

// Holds threads until it is opened.
class Door {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void await_inside(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return inside_ >= count; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  bool open_ = false;
};
Door* door = nullptr;  // of the test that runs

constexpr flow::CallSite kWait{.step = "ask", .target = 0, .operation = 0};

flow::FlowTask run_wait(Exchange& exchange) {
  flow::ValueCall<std::int64_t> call(exchange, kWait, nullptr);
  co_await call;
  if (exchange.given_up()) {
    flow::answer_cancelled(exchange);
  } else {
    flow::answer(exchange, 200, flow::kTextType, "waited");
  }
}

constexpr flow::FlowInfo kFlows[] = {
    {.name = "quick", .slug = "quick", .method = "GET", .path = "/quick", .priority = Priority::kInteractive},
    {.name = "hold", .slug = "hold", .method = "GET", .path = "/hold", .priority = Priority::kBatch},
    {.name = "crunch", .slug = "crunch", .method = "GET", .path = "/crunch", .priority = Priority::kBatch},
    {.name = "work", .slug = "work", .method = "GET", .path = "/work"},
    {.name = "wait", .slug = "wait", .method = "GET", .path = "/wait"},
};

// Uses the processor for so long, so that the scheduler takes the flow for a long one.
void work() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(700);
  while (std::chrono::steady_clock::now() < end) {
  }
}

Handled handle(Exchange& exchange, flow::RouteMatch& match) {
  const std::string_view name = exchange.request.path.substr(1);
  const auto* const flow = std::ranges::find(kFlows, name, &flow::FlowInfo::name);
  if (flow == std::end(kFlows)) return Handled::kNow;
  match.found = true;
  if (const std::optional<Handled> held = exchange.begin(*flow)) return *held;
  exchange.enter_step(flow->name);
  if (name == "wait") return run_wait(exchange).handled();
  if (name == "hold") door->pass();
  if (name == "work") work();
  flow::answer(exchange, 200, flow::kTextType, name);
  return Handled::kNow;
}
constexpr flow::PackageInfo kPackage{.name = "test", .flows = kFlows, .targets = {}, .handle = &handle};

// Answers each operation in a later turn of its worker.
class SoonAdapter final : public flow::Adapter {
 public:
  void start(flow::Operation& operation) override {
    auto answer = std::make_unique<Answer>(operation);
    operation.adapter_data = answer.get();
    operation.worker().loop().post(*answer.release());
  }
  void cancel(flow::Operation& operation) noexcept override {
    static_cast<Answer*>(operation.adapter_data)->operation = nullptr;
  }

 private:
  struct Answer final : async::Job {
    explicit Answer(flow::Operation& asked)
        : Job([](Job& job) noexcept {
            const std::unique_ptr<Answer> self(static_cast<Answer*>(&job));
            const std::int64_t value = 1;
            if (self->operation != nullptr) self->operation->complete(&value);
          }),
          operation(&asked) {}
    flow::Operation* operation;
  };
};

class Workers {
 public:
  Workers(Settings settings, flow::Adapter& adapter) : server_(settings, clock_, log_) {
    for (std::size_t i = 0; i < server_.worker_count(); ++i) {
      targets_.emplace_back("other", &adapter, &in_flight_);
      server_.bind(i, {{&kPackage, {&targets_.back()}}});
    }
    if (const std::string error = server_.open(); !error.empty()) throw std::runtime_error(error);
    server_.start();
  }
  const std::string& address() const { return server_.addresses().front(); }
  Server& server() { return server_; }

  static Settings settings(unsigned workers, unsigned batch_workers) {
    Settings settings = TestService::one_worker();
    settings.workers = workers;
    settings.batch_workers = batch_workers;
    return settings;
  }

 private:
  SystemClock clock_;
  RecordingLog log_;
  flow::InFlight in_flight_{10'000};
  std::deque<flow::Target> targets_;
  Server server_;
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() { door = &door_; }
  ~WorkerTest() override {
    door_.open();
    workers_.reset();
    door = nullptr;
  }
  Workers& serve(unsigned workers, unsigned batch_workers) {
    workers_ = std::make_unique<Workers>(Workers::settings(workers, batch_workers), gate_);
    return *workers_;
  }
  static std::string get(std::string_view path) {
    return "GET /" + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
  Door door_;
  Gate gate_;
  std::unique_ptr<Workers> workers_;
};

TEST_F(WorkerTest, ABatchFlowDoesNotHoldUpAWorker) {
  Workers& workers = serve(1, 1);
  TestClient batch(workers.address());
  batch.send(get("hold"));
  door_.await_inside(1);
  TestClient other(workers.address());
  for (int i = 0; i < 3; ++i) {
    other.send(get("quick"));
    EXPECT_EQ(body_of(other.receive_answer()), "quick");
  }
  door_.open();
  EXPECT_EQ(body_of(batch.receive_answer()), "hold");
  const std::vector<SchedulerStats> stats = workers.server().scheduler_stats();
  ASSERT_EQ(stats.size(), 2U);
  EXPECT_FALSE(stats[0].batch);
  EXPECT_EQ(stats[0].begun[0], 3U);
  EXPECT_TRUE(stats[1].batch);
  EXPECT_EQ(stats[1].begun[2], 1U);
}

TEST_F(WorkerTest, WhoeverLooksOnDoesNotWaitForABusyWorker) {
  Workers& workers = serve(1, 1);
  TestClient batch(workers.address());
  batch.send(get("hold"));
  door_.await_inside(1);
  const LiveFlows flows = workers.server().live_flows_within(Duration::from_milliseconds(1));
  EXPECT_EQ(flows.busy.back(), 1U);
  door_.open();
  EXPECT_EQ(body_of(batch.receive_answer()), "hold");
}

TEST_F(WorkerTest, TellsWhichFlowsAreUnderWayAndWhatTheyWaitFor) {
  Workers& workers = serve(1, 1);
  EXPECT_TRUE(workers.server().live_flows().empty());
  TestClient waiting(workers.address());
  waiting.send(get("wait"));
  gate_.await_started(1);
  const std::vector<LiveFlow> flows = workers.server().live_flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].flow, "wait");
  EXPECT_EQ(flows[0].step, "ask");
  EXPECT_EQ(flows[0].waits_for, "ask of other");
  EXPECT_EQ(flows[0].worker, 0U);
  EXPECT_GT(flows[0].age, Duration{});
  EXPECT_EQ(workers.server().scheduler_stats()[0].suspended, 1U);
  const Snapshot snapshot = snapshot_of(workers.server(), effects::Systems(), {}, Duration::max());
  EXPECT_EQ(snapshot.live_count, 1U);
  ASSERT_EQ(snapshot.live.size(), 1U);
  EXPECT_EQ(snapshot.live[0].waits_for, "ask of other");
  gate_.open();
  EXPECT_EQ(body_of(waiting.receive_answer()), "waited");
  EXPECT_TRUE(workers.server().live_flows().empty());
  const std::vector<FlowStats> stats = workers.server().flow_stats();
  ASSERT_EQ(stats.size(), std::size(kFlows));
  EXPECT_EQ(stats[4].name, "test.wait");
  EXPECT_EQ(stats[4].begun, 1U);
  EXPECT_GT(stats[4].arena_peak, 0U);
  workers.server().drain();
  workers.server().join();
  EXPECT_TRUE(workers.server().live_flows().empty());  // nobody is there to be asked
}

TEST_F(WorkerTest, DrainingWaitsForWhatRunsElsewhere) {
  Workers& workers = serve(1, 1);
  TestClient batch(workers.address());
  batch.send(get("hold"));
  door_.await_inside(1);
  workers.server().drain();
  door_.open();
  EXPECT_EQ(body_of(batch.receive_all()), "hold");
  workers.server().join();
}

TEST_F(WorkerTest, AClientMayLeaveWhileItsFlowRunsElsewhere) {
  Workers& workers = serve(1, 1);
  {
    TestClient batch(workers.address());
    batch.send(get("hold"));
    door_.await_inside(1);
    batch.reset();
  }
  TestClient queued(workers.address());  // waits for the batch worker, and leaves
  queued.send(get("crunch"));
  TestClient other(workers.address());
  other.send(get("quick"));
  EXPECT_EQ(body_of(other.receive_answer()), "quick");
  queued.reset();
  door_.open();
  other.send(get("crunch"));
  EXPECT_EQ(body_of(other.receive_answer()), "crunch");
}

TEST_F(WorkerTest, AnAnswerDoesNotWaitForARequestBehindItThatWaitsForItsTurn) {
  Workers& workers = serve(1, 1);
  TestClient batch(workers.address());
  batch.send(get("hold"));
  door_.await_inside(1);
  TestClient pipelining(workers.address());
  TestClient leaving(workers.address());
  for (TestClient* const client : {&pipelining, &leaving}) {
    client->send(get("quick") + get("quick") + get("crunch") + get("quick"));
    EXPECT_EQ(body_of(client->receive_answer()), "quick");
    EXPECT_EQ(body_of(client->receive_answer()), "quick");
  }
  leaving.reset();
  door_.open();
  EXPECT_EQ(body_of(pipelining.receive_answer()), "crunch");
  EXPECT_EQ(body_of(pipelining.receive_answer()), "quick");
  EXPECT_EQ(body_of(batch.receive_answer()), "hold");
}

TEST_F(WorkerTest, MoreConnectionsThanContextsAreServed) {
  Settings settings = Workers::settings(1, 0);
  settings.scheduling.delay.fill({Duration::from_seconds(60), Duration::from_seconds(60)});  // sheds nothing
  Workers workers(settings, gate_);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 700; ++i)
    clients.push_back(std::make_unique<TestClient>(workers.address()));
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients)
      client->send(get("quick"));
    for (const auto& client : clients)
      ASSERT_EQ(body_of(client->receive_answer()), "quick");
  }
}

// Many clients, some of which leave; requests of all classes, some of them pipelined, moving between the
// workers. Whoever stays gets the right answers.
TEST_F(WorkerTest, NothingIsLostBetweenWorkers) {
  SoonAdapter adapter;
  Settings settings = Workers::settings(3, 2);
  settings.scheduling.delay.fill({Duration::from_seconds(60), Duration::from_seconds(60)});  // sheds nothing
  Workers workers(settings, adapter);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 6; ++seed) {
    threads.emplace_back([&workers, &wrong, seed] {
      SeededRandom random(seed);
      for (int connection = 0; connection < 12; ++connection) {
        TestClient client(workers.address());
        const std::uint64_t requests = 1 + random.below(20);
        for (std::uint64_t i = 0; i < requests; ++i) {
          constexpr std::string_view kNames[] = {"quick", "crunch", "work", "wait"};
          std::vector<std::string_view> names(1 + random.below(4));
          std::string pipelined;
          for (std::string_view& name : names) {
            name = kNames[random.below(4)];
            pipelined += get(name);
          }
          client.send(pipelined);
          if (i + 1 == requests && random.below(2) == 0) {
            client.reset();
            break;
          }
          for (const std::string_view name : names) {
            if (body_of(client.receive_answer()) != (name == "wait" ? "waited" : name)) ++wrong;
          }
        }
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  workers.server().drain();
  workers.server().join();
  for (const SchedulerStats& stats : workers.server().scheduler_stats()) {
    EXPECT_EQ(stats.suspended, 0U);
    EXPECT_EQ(stats.waiting, (std::array<std::uint64_t, async::kPriorities>{}));
  }
}

}  // namespace
}  // namespace zerver::server
