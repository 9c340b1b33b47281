// Workers that a test drives turn by turn, on a clock that stands still.
#pragma once

#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/io/asio_loop.h>
#include <zerver/server/scheduling/fleet.h>
#include <zerver/server/scheduling/scheduler.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

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

inline constexpr flow::FlowInfo kFlows[] = {
    {.name = "quick", .slug = "quick", .method = "GET", .path = "/quick", .priority = Priority::kInteractive},
    {.name = "usual", .slug = "usual", .method = "GET", .path = "/usual"},
    {.name = "heavy", .slug = "heavy", .method = "GET", .path = "/heavy", .priority = Priority::kBatch},
    {.name = "wait", .slug = "wait", .method = "GET", .path = "/wait"},
    {.name = "single", .slug = "single", .method = "GET", .path = "/single", .in_flight = 1},
    {.name = "timed", .slug = "timed", .method = "GET", .path = "/timed", .deadline = ms(100)},
    {.name = "kind",
     .slug = "kind",
     .method = "GET",
     .path = "/kind",
     .deadline = ms(100),
     .on_overload = true},
    {.name = "lone", .slug = "lone", .method = "GET", .path = "/lone", .in_flight = 1, .on_overload = true},
    {.name = "careful", .slug = "careful", .method = "GET", .path = "/careful", .retry_budget_percent = 50},
};
inline constexpr flow::CallSite kWait{.step = "wait", .target = 0, .operation = 0};
inline constexpr flow::CallSite kRetried{.step = "retried",
                                         .target = 0,
                                         .operation = 0,
                                         .policy = {.retries = 1,
                                                    .backoff_first = ms(1),
                                                    .backoff_cap = ms(1),
                                                    .retry_on = FaultKinds::of(FaultKind::kUnavailable)}};

inline flow::FlowTask run_wait(Exchange& exchange) {
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

  struct Seat final : Scheduler::Host {
    Seat(SchedulerTest& test, RequestQueue::Taker taker)
        : loop(test.clock_),
          worker({loop, test.clock_, random, test.log_}),
          target{.name = "held", .adapter = &adapter, .in_flight = &in_flight},
          scheduler(*test.fleet_, *this, worker, taker) {
      RequestLimits& limits = test.fleet_->limits();
      if (!limits.prepared()) limits.prepare(std::vector<BoundPackage>{{&kPackage, {&target}}});
      scheduler.bind({{&kPackage, {&target}}});
    }
    void on_load() noexcept override { ++loads; }
    void read_time() noexcept override { const io::AsioLoop::Turn turn(loop); }
    void end() noexcept override { loop.stop(); }
    TimePoint busy_since() const noexcept override { return busy; }

    int loads = 0;
    TimePoint busy = TimePoint::never();
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
    const std::string path = "/" + std::string(flow);
    send(path);
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
      if (exchange.overloaded()) {
        flow::answer(exchange, 200, flow::kTextType, "less");
        return Handled::kNow;
      }
      std::size_t worker = 0;
      while (&test.seats_[worker]->worker != &exchange.worker())
        ++worker;
      test.ran_.push_back({std::string(name), worker});
      if (test.cost_of_ == name) test.clock_.advance(test.cost_);
      if (name == "wait" || name == "careful") return run_wait(exchange).handled();
      flow::answer(exchange, 200, flow::kTextType, kFlows[i].name);
    }
    return Handled::kNow;
  }

  static constexpr flow::PackageInfo kPackage{
      .name = "test", .flows = kFlows, .targets = {}, .handle = &handle};
  static inline SchedulerTest* current_ = nullptr;

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

}  // namespace zerver::server
