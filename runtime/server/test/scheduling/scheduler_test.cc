// Workers that a test drives turn by turn, on a clock that stands still.
#include "scheduling/scheduler.h"

#include "scheduling/fleet.h"
#include "scheduling/served_exchange.h"
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/io/asio_loop.h>

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {
namespace {

using async::Priority;
using flow::Exchange;
using flow::Handled;

constexpr Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

// Keeps the operations until the test answers them.
class HeldAdapter final : public flow::Adapter {
 public:
  void start(flow::Operation& operation) override { held.push_back(&operation); }
  void cancel(flow::Operation& operation) noexcept override {
    std::erase(held, &operation);
    ++cancelled;
  }
  void answer() {
    flow::Operation& operation = *held.front();
    held.erase(held.begin());
    const std::int64_t value = 1;
    operation.complete(&value);
  }
  void fail() {
    flow::Operation& operation = *held.front();
    held.erase(held.begin());
    operation.fail({FaultKind::kUnavailable, "as the test says", {}});
  }
  std::vector<flow::Operation*> held;
  int cancelled = 0;
};

constexpr flow::FlowInfo kFlows[] = {
    {.name = "quick", .slug = "quick", .method = "GET", .path = "/quick", .priority = Priority::kInteractive},
    {.name = "usual", .slug = "usual", .method = "GET", .path = "/usual"},
    {.name = "heavy", .slug = "heavy", .method = "GET", .path = "/heavy", .priority = Priority::kBatch},
    {.name = "wait", .slug = "wait", .method = "GET", .path = "/wait"},
    {.name = "single", .slug = "single", .method = "GET", .path = "/single", .in_flight = 1},
    {.name = "timed", .slug = "timed", .method = "GET", .path = "/timed", .deadline = ms(100)},
    {.name = "careful", .slug = "careful", .method = "GET", .path = "/careful", .retry_budget_percent = 50},
};
constexpr flow::CallSite kWait{.step = "wait", .target = 0, .operation = 0};
constexpr flow::CallSite kRetried{.step = "retried",
                                  .target = 0,
                                  .operation = 0,
                                  .policy = {.retries = 1,
                                             .backoff_first = ms(1),
                                             .backoff_cap = ms(1),
                                             .retry_on = FaultKinds::of(FaultKind::kUnavailable)}};

flow::FlowTask run_wait(Exchange& exchange) {
  const bool is_retried = exchange.flow()->retry_budget_percent != 0;
  flow::ValueCall<std::int64_t> call(exchange, is_retried ? kRetried : kWait, nullptr);
  co_await call;
  if (exchange.given_up()) {
    flow::answer_cancelled(exchange);
  } else {
    flow::answer(exchange, 200, flow::kTextType, "waited");
  }
}

class SchedulerTest : public ::testing::Test {
 protected:
  struct Ran {
    std::string flow;
    std::size_t worker;
    friend bool operator==(const Ran&, const Ran&) = default;
  };

  struct Seat {
    Seat(SchedulerTest& test, RequestQueue::Taker taker)
        : loop(test.clock_),
          worker({loop, test.clock_, random, test.log_}),
          target{.name = "held", .adapter = &adapter, .in_flight = &in_flight},
          scheduler(*test.fleet_, loop, test.clock_, worker, taker) {
      RequestLimits& limits = test.fleet_->limits();
      if (!limits.prepared()) limits.prepare(std::vector<BoundPackage>{{&kPackage, {&target}}});
      scheduler.bind({{&kPackage, {&target}}});
    }
    io::AsioLoop loop;
    SeededRandom random{1};
    flow::Worker worker;
    HeldAdapter adapter;
    flow::InFlight in_flight{100};
    flow::Target target;
    Scheduler scheduler;
  };

  // A client's request, on the worker that it came to.
  struct Client final : ServedExchange::Owner {
    Client(Scheduler& home, std::string_view path) : exchange(home) {
      exchange.owner = this;
      exchange.request.method = Method::kGet;
      exchange.request.method_name = "GET";
      exchange.request.path = exchange.request.target = path;
    }
    void on_finished() noexcept override {
      ++finished;
      home().note_answered(exchange);
    }
    Scheduler& home() { return *scheduler; }
    ServedExchange exchange;
    Scheduler* scheduler = nullptr;
    int finished = 0;
  };

  SchedulerTest() { current_ = this; }
  void TearDown() override { poll_all(); }  // nothing waits any more when the queues go
  ~SchedulerTest() override { current_ = nullptr; }

  void start(std::size_t workers, std::size_t batch_workers = 0) {
    fleet_ = std::make_unique<Fleet>(settings_, batch_workers, clock_.now());
    for (std::size_t i = 0; i < workers + batch_workers; ++i) {
      seats_.push_back(std::make_unique<Seat>(
          *this, i < workers ? RequestQueue::Taker::kWorker : RequestQueue::Taker::kBatchWorker));
    }
    for (const auto& seat : seats_)
      seat->scheduler.start();
    poll_all();
  }

  // As when the bytes of a request have been read: within a turn of the worker's loop.
  Client& send(std::string_view path, std::size_t worker = 0) {
    clients_.push_back(std::make_unique<Client>(seats_[worker]->scheduler, path));
    Client& client = *clients_.back();
    client.scheduler = &seats_[worker]->scheduler;
    const io::AsioLoop::Turn turn(seats_[worker]->loop);
    if (client.scheduler->handle(client.exchange) == Handled::kNow) client.on_finished();
    return client;
  }
  void cancel(Client& client) {
    const io::AsioLoop::Turn turn(seats_[0]->loop);
    client.home().cancel(client.exchange);
  }

  // Runs what is posted to a worker; the sockets would be looked at before.
  void poll(std::size_t worker) {
    seats_[worker]->loop.context().restart();
    seats_[worker]->loop.context().poll();
  }
  void poll_all() {
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < seats_.size(); ++i)
        poll(i);
    }
  }
  // From now on a flow of that name takes so long, and the schedulers know it.
  void make_long(std::string_view flow, Duration cost) {
    cost_of_ = flow;
    cost_ = cost;
    send("/" + std::string(flow));
    poll_all();
    ran_.clear();
  }
  std::vector<std::string> order() const {
    std::vector<std::string> names;
    for (const Ran& ran : ran_)
      names.push_back(ran.flow);
    return names;
  }

  static Handled handle(Exchange& exchange, flow::RouteMatch& match) {
    SchedulerTest& test = *current_;
    const std::string_view name = exchange.request.path.substr(1);
    for (std::size_t i = 0; i < std::size(kFlows); ++i) {
      if (kFlows[i].name != name) continue;
      match.found = true;
      if (const std::optional<Handled> held = exchange.begin(kFlows[i])) return *held;
      std::size_t worker = 0;
      while (&test.seats_[worker]->worker != &exchange.worker())
        ++worker;
      test.ran_.push_back({std::string(name), worker});
      if (test.cost_of_ == name) test.clock_.advance(test.cost_);
      if (name == "wait" || name == "careful") return run_wait(exchange).handled();
      flow::answer(exchange, 200, flow::kTextType, name);
    }
    return Handled::kNow;
  }

  static constexpr flow::PackageInfo kPackage{
      .name = "test", .flows = kFlows, .targets = {}, .handle = &handle};
  static SchedulerTest* current_;

  ManualClock clock_;
  SilentLog log_;
  Scheduling settings_;
  std::unique_ptr<Fleet> fleet_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Ran> ran_;
  std::string cost_of_;
  Duration cost_;
};

SchedulerTest* SchedulerTest::current_ = nullptr;

TEST_F(SchedulerTest, BeginsAtOnceWhileTheQuantumLasts) {
  start(1);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(send("/quick").finished, 1);
  EXPECT_EQ(seats_[0]->scheduler.stats().queued, 0U);
  clock_.advance(ms(2));  // since the sockets were looked at
  Client& late = send("/quick");
  EXPECT_EQ(late.finished, 0);
  poll(0);
  EXPECT_EQ(late.finished, 1);
  EXPECT_EQ(late.exchange.response.status, 200);
  EXPECT_EQ(seats_[0]->scheduler.stats().queued, 1U);
}

TEST_F(SchedulerTest, WorksOffMoreUrgentClassesFirst) {
  start(1);
  send("/quick");
  clock_.advance(ms(20));
  ran_.clear();
  for (const char* const path : {"/heavy", "/usual", "/quick", "/usual", "/quick"})
    send(path);
  poll_all();
  EXPECT_EQ(order(), (std::vector<std::string>{"quick", "quick", "usual", "usual", "heavy"}));
}

TEST_F(SchedulerTest, LooksAtTheSocketsAfterAQuantum) {
  start(1);
  make_long("usual", ms(3));  // its quantum is 5 ms
  for (int i = 0; i < 4; ++i)
    send("/usual");
  EXPECT_EQ(ran_.size(), 0U);  // what takes long waits until all input is read
  seats_[0]->loop.context().restart();
  seats_[0]->loop.context().poll_one();
  EXPECT_EQ(ran_.size(), 2U);
  poll_all();
  EXPECT_EQ(ran_.size(), 4U);
}

TEST_F(SchedulerTest, CountsOverrunsAndProposesQuanta) {
  start(1);
  make_long("usual", ms(7));
  for (int i = 0; i < 120; ++i) {
    send("/usual");
    poll_all();
  }
  const SchedulerStats stats = seats_[0]->scheduler.stats();
  EXPECT_EQ(stats.overruns[1], 121U);
  EXPECT_EQ(stats.overruns[0], 0U);
  const async::Quanta proposed = async::propose_quanta(seats_[0]->scheduler.run_times(), settings_.quanta);
  EXPECT_GE(proposed[Priority::kNormal], ms(7));
  EXPECT_LE(proposed[Priority::kNormal], ms(8));
  std::vector<FlowStats> flows;
  seats_[0]->scheduler.add_to(flows);
  EXPECT_EQ(flows[1].overruns, 121U);
  EXPECT_EQ(flows[1].longest_run, ms(7));
}

TEST_F(SchedulerTest, AnIdleWorkerTakesWhatWaitsElsewhereAndItComesBack) {
  start(2);
  make_long("usual", ms(1));
  Client& first = send("/usual");
  Client& second = send("/usual");
  poll(1);  // the second worker, while the first is busy
  EXPECT_EQ(ran_, (std::vector<Ran>{{"usual", 1}, {"usual", 1}}));
  EXPECT_EQ(first.finished + second.finished, 0);  // that is said at home
  poll(0);
  EXPECT_EQ(first.finished, 1);
  EXPECT_EQ(second.finished, 1);
  EXPECT_EQ(first.exchange.response.status, 200);
  EXPECT_EQ(&first.exchange.worker(), &seats_[0]->worker);
  EXPECT_EQ(seats_[1]->scheduler.stats().stolen, 2U);
}

TEST_F(SchedulerTest, WithoutStealingRequestsStay) {
  settings_.steal = false;
  start(2);
  make_long("usual", ms(1));
  send("/usual");
  send("/usual");
  poll(1);
  EXPECT_TRUE(ran_.empty());
  poll_all();
  EXPECT_EQ(ran_, (std::vector<Ran>{{"usual", 0}, {"usual", 0}}));
}

TEST_F(SchedulerTest, WorkersShareTheRetryBudgetOfAFlow) {
  start(2);
  const auto retries = [this](std::size_t worker) { return seats_[worker]->target.counts.retries.value(); };
  send("/careful", 1);
  seats_[1]->adapter.answer();  // half a retry
  Client& retried = send("/careful", 0);
  seats_[0]->adapter.fail();  // the other half
  EXPECT_EQ(retries(0), 1U);
  EXPECT_EQ(retried.finished, 0);
  Client& refused = send("/careful", 1);
  seats_[1]->adapter.fail();  // half a retry is left
  EXPECT_EQ(retries(1), 0U);
  EXPECT_EQ(refused.finished, 1);
  cancel(retried);
}

TEST_F(SchedulerTest, BatchWorkIsForBatchWorkers) {
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

TEST_F(SchedulerTest, ABatchWorkerTakesNothingElse) {
  start(1, 1);
  make_long("usual", ms(1));
  send("/usual");
  send("/usual");
  poll(1);
  EXPECT_TRUE(ran_.empty());
}

TEST_F(SchedulerTest, BatchWorkThatHasWaitedForItsLeadIsDoneByAWorker) {
  start(1, 1);
  send("/heavy");
  clock_.advance(ms(999));
  send("/quick");
  poll(0);
  EXPECT_EQ(order(), (std::vector<std::string>{"quick"}));
  clock_.advance(ms(1));
  send("/quick");
  poll(0);
  EXPECT_EQ(ran_.back(), (Ran{"heavy", 0}));
}

TEST_F(SchedulerTest, ShedsWhenTheQueueStands) {
  settings_.delay[1] = {ms(5), ms(100)};
  start(1);
  make_long("usual", ms(10));
  // Every 10 ms two more come than are served: the queue stands, and after an interval requests are shed.
  int served = 0;
  int shed = 0;
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 3; ++k)
      send("/usual");
    seats_[0]->loop.context().restart();
    seats_[0]->loop.context().poll_one();
  }
  cost_ = {};
  for (const auto& client : clients_) {
    if (client->finished == 0) continue;
    if (client->exchange.response.status == 200) {
      ++served;
      continue;
    }
    ++shed;
    EXPECT_EQ(client->exchange.response.status, 503);
    ASSERT_EQ(client->exchange.response.headers().size(), 1U);
    EXPECT_EQ(client->exchange.response.headers()[0].name, "Retry-After");
  }
  EXPECT_GE(served, 100);
  EXPECT_GE(shed, 150);
  EXPECT_EQ(seats_[0]->scheduler.stats().shed, static_cast<std::uint64_t>(shed));
  poll_all();
}

TEST_F(SchedulerTest, RefusesWhatAFullQueueCannotTake) {
  settings_.queue.capacity = {1, 1, 1};
  start(1);
  make_long("usual", ms(1));
  send("/usual");
  Client& refused = send("/usual");
  EXPECT_EQ(refused.finished, 1);
  EXPECT_EQ(refused.exchange.response.status, 503);
  poll_all();
}

TEST_F(SchedulerTest, DoesNotBeginWhatWouldMissItsDeadline) {
  start(1);
  make_long("timed", ms(40));
  for (int i = 0; i < 4; ++i)
    send("/timed");
  poll_all();  // the third would be ready after 120 ms, and has 100
  std::vector<int> statuses;
  for (std::size_t i = 1; i < clients_.size(); ++i)
    statuses.push_back(clients_[i]->exchange.response.status);
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 504, 504}));
  EXPECT_EQ(order().size(), 2U);
  EXPECT_EQ(seats_[0]->scheduler.stats().expired, 2U);
  std::vector<FlowStats> flows;
  seats_[0]->scheduler.add_to(flows);
  EXPECT_EQ(flows[5].missed, 0U);
  EXPECT_EQ(flows[5].least_slack, ms(20));  // of the second
  EXPECT_EQ(flows[5].refused, 2U);
}

TEST_F(SchedulerTest, RefusesAtOnceWhatWouldWaitForLongerThanItsDeadline) {
  start(1);
  make_long("timed", ms(40));
  send("/timed");
  poll_all();  // now it is known what queued ones take
  for (int i = 0; i < 20; ++i)
    send("/timed");
  EXPECT_GT(seats_[0]->scheduler.stats().shed, 0U);
  EXPECT_EQ(clients_.back()->exchange.response.status, 503);
  EXPECT_EQ(clients_.back()->exchange.response.headers()[0].name, "Retry-After");
}

TEST_F(SchedulerTest, CountsAnswersAfterTheDeadline) {
  start(1);
  cost_of_ = "timed";
  cost_ = ms(130);
  send("/timed");
  EXPECT_EQ(clients_.back()->exchange.response.status, 200);
  std::vector<FlowStats> flows;
  seats_[0]->scheduler.add_to(flows);
  EXPECT_EQ(flows[5].missed, 1U);
}

TEST_F(SchedulerTest, TheDeadlineOfAFlowCountsFromItsArrival) {
  start(1);
  send("/quick");
  const TimePoint arrival = clock_.now() + ms(2);
  clock_.advance(ms(2));
  Client& client = send("/wait");
  client.exchange.set_deadline_in(ms(50));
  clock_.advance(ms(10));
  client.exchange.set_deadline_in(ms(50));
  EXPECT_EQ(static_cast<Exchange&>(client.exchange).deadline(), arrival + ms(50));
  poll_all();
  cancel(client);
}

TEST_F(SchedulerTest, HoldsInFlightOfAFlow) {
  start(1);
  make_long("single", ms(1));
  Client& first = send("/single");
  Client& second = send("/single");
  EXPECT_EQ(second.exchange.response.status, 503);
  poll_all();
  EXPECT_EQ(first.exchange.response.status, 200);
  send("/single");
  poll_all();
  EXPECT_EQ(clients_.back()->exchange.response.status, 200);
}

TEST_F(SchedulerTest, HoldsTheRatesOfFlowsAndTenants) {
  settings_.flow_rates = {{"test.usual", {.count = 2, .per = Duration::from_seconds(10)}}};
  settings_.tenant_rates = {{"X-Tenant", {.count = 1, .per = Duration::from_seconds(1)}}};
  start(1);
  const auto status_for = [&](std::string_view tenant, const char* path) {
    clients_.push_back(std::make_unique<Client>(seats_[0]->scheduler, path));
    Client& client = *clients_.back();
    client.scheduler = &seats_[0]->scheduler;
    const Header header{"X-Tenant", tenant};
    client.exchange.request.headers = {&header, 1};
    const io::AsioLoop::Turn turn(seats_[0]->loop);
    EXPECT_EQ(client.scheduler->handle(client.exchange), Handled::kNow);
    client.on_finished();
    return std::string(client.exchange.response.status == 200
                           ? "200"
                           : std::to_string(client.exchange.response.status) + " " +
                                 std::string(client.exchange.response.headers()[0].value));
  };
  EXPECT_EQ(status_for("a", "/quick"), "200");
  EXPECT_EQ(status_for("a", "/quick"), "429 1");
  EXPECT_EQ(status_for("b", "/usual"), "200");
  EXPECT_EQ(status_for("c", "/usual"), "200");
  EXPECT_EQ(status_for("d", "/usual"), "429 5");
  poll_all();
  clock_.advance(Duration::from_seconds(5));
  EXPECT_EQ(status_for("d", "/usual"), "200");
  EXPECT_EQ(seats_[0]->scheduler.stats().limited, 2U);
}

TEST_F(SchedulerTest, ARateForAFlowThatDoesNotExistIsAnError) {
  settings_.flow_rates = {{"test.nothing", {.count = 2, .per = Duration::from_seconds(10)}}};
  start(1);
  EXPECT_EQ(fleet_->limits().error(), "there is no flow `test.nothing` for its rate");
}

TEST_F(SchedulerTest, WhatWaitsIsCancelledAtOnce) {
  start(1);
  make_long("usual", ms(1));
  Client& client = send("/usual");
  cancel(client);
  EXPECT_EQ(client.finished, 1);
  poll_all();
  EXPECT_TRUE(ran_.empty());
  EXPECT_EQ(client.finished, 1);
}

TEST_F(SchedulerTest, AFlowThatWaitsHereIsCancelledHere) {
  start(2);
  Client& client = send("/wait");
  EXPECT_EQ(seats_[0]->scheduler.stats().suspended, 1U);
  EXPECT_TRUE(client.exchange.stays());
  EXPECT_EQ(client.exchange.waits_for(), "wait of held");
  cancel(client);
  EXPECT_EQ(client.finished, 1);
  EXPECT_EQ(seats_[0]->adapter.cancelled, 1);
  EXPECT_EQ(seats_[0]->scheduler.stats().suspended, 0U);
}

// Flows that wait for an effect on the second worker, their clients are on the first.
class AwayTest : public SchedulerTest {
 protected:
  Client& send_away() {
    start(2);
    make_long("wait", ms(1));
    while (!seats_[0]->adapter.held.empty())
      seats_[0]->adapter.answer();
    while (!seats_[1]->adapter.held.empty())
      seats_[1]->adapter.answer();
    poll_all();
    Client& client = send("/wait");
    send("/wait");  // two are worth waking somebody
    poll(1);
    EXPECT_EQ(seats_[1]->adapter.held.size(), 2U);
    EXPECT_EQ(&client.exchange.worker(), &seats_[1]->worker);
    EXPECT_EQ(client.home().place_of(client.exchange), Scheduler::Place::kAway);
    return client;
  }
  void finish_the_rest() {
    while (!seats_[1]->adapter.held.empty())
      seats_[1]->adapter.answer();
    poll_all();
    for (const auto& client : clients_)
      EXPECT_EQ(client->finished, 1);
    EXPECT_EQ(seats_[1]->scheduler.guests(), nullptr);
    EXPECT_EQ(seats_[1]->scheduler.stats().suspended, 0U);
  }
};

TEST_F(AwayTest, FinishesAwayAndIsAnsweredAtHome) {
  Client& client = send_away();
  seats_[1]->adapter.answer();
  seats_[1]->adapter.answer();
  EXPECT_EQ(client.finished, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  EXPECT_EQ(client.exchange.response.body, "waited");
  finish_the_rest();
}

TEST_F(AwayTest, IsCancelledWhereItRuns) {
  Client& client = send_away();
  cancel(client);
  EXPECT_EQ(client.finished, 0);
  poll(1);
  EXPECT_EQ(seats_[1]->adapter.cancelled, 1);
  EXPECT_EQ(client.finished, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  EXPECT_EQ(client.exchange.response.status, 504);
  finish_the_rest();
}

TEST_F(AwayTest, FinishesWhileTheCancellationIsOnItsWay) {
  Client& client = send_away();
  cancel(client);
  seats_[1]->adapter.answer();
  seats_[1]->adapter.answer();
  poll(0);
  EXPECT_EQ(client.finished, 0);  // the cancellation still refers to it
  poll(1);
  EXPECT_EQ(seats_[1]->adapter.cancelled, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  finish_the_rest();
}

TEST_F(AwayTest, IsCancelledWhileItIsOnItsWayHome) {
  Client& client = send_away();
  seats_[1]->adapter.answer();
  seats_[1]->adapter.answer();
  cancel(client);
  poll(1);
  EXPECT_EQ(client.finished, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  finish_the_rest();
}

}  // namespace
}  // namespace zerver::server
