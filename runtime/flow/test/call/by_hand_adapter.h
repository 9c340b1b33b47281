// An adapter whose operations a test ends by hand, a worker over virtual time, and a flow that awaits one
// member.
#pragma once

#include "tests/support/times.h"
#include <zerver/core/random.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/group.h>
#include <zerver/flow/call/shared_target.h>
#include <zerver/flow/flow_task.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace zerver::flow::test {

// Operations are named by their index, `-> i64`. Those in flight are in the order in which they began.
class ByHandAdapter final : public Adapter {
 public:
  void start(Operation& operation) override {
    begun.push_back(operation.index());
    in_flight.push_back(&operation);
    replies.emplace_back(operation);
    if (on_start) on_start(operation);
  }
  void cancel(Operation& operation) noexcept override {
    cancelled.push_back(operation.index());
    forget(operation);
    if (on_cancel) on_cancel(operation);
  }
  void let_go(Operation& operation) noexcept override {
    let_go_of.push_back(operation.index());
    forget(operation);
  }

  void succeed(Operation& operation, std::int64_t value = 1) {
    forget(operation);
    operation.complete(&value);
  }
  void fail(Operation& operation, FaultKind kind = FaultKind::kUnavailable) {
    forget(operation);
    operation.fail({kind, "as the test says", {}});
  }
  // The oldest one of that index.
  Operation& operation(std::uint16_t index) {
    for (Operation* const candidate : in_flight) {
      if (candidate->index() == index) return *candidate;
    }
    throw std::out_of_range("no such operation is in flight");
  }
  void succeed(std::uint16_t index, std::int64_t value = 1) { succeed(operation(index), value); }
  void fail(std::uint16_t index, FaultKind kind = FaultKind::kUnavailable) { fail(operation(index), kind); }
  void forget(Operation& operation) noexcept { std::erase(in_flight, &operation); }

  std::vector<std::uint16_t> begun;
  std::vector<std::uint16_t> cancelled;
  std::vector<std::uint16_t> let_go_of;
  std::vector<Operation*> in_flight;
  std::vector<Reply<std::int64_t>> replies;  // of all that began
  std::function<void(Operation&)> on_start;
  std::function<void(Operation&)> on_cancel;
};

struct TestExchange final : Exchange {
  explicit TestExchange(Worker& worker)
      : Exchange(worker,
                 [](Exchange& exchange) noexcept { ++static_cast<TestExchange&>(exchange).finishes; }) {}
  int finishes = 0;
};

using zerver::test::at;
using zerver::test::ms;

// What the flows of a test share; `info` says what their one target is like.
struct World {
  explicit World(const TargetInfo& info = {.name = "far", .adapter = "test", .configure = nullptr},
                 const WorkerLimits& limits = {})
      : worker({loop, loop.clock(), random, log}, limits), shared(info) {}

  TargetStats stats() const {
    TargetStats stats = stats_of("far", shared);
    add(stats, target.counts);
    return stats;
  }

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker;
  ByHandAdapter adapter;
  SharedTarget shared;
  Target target{"far", &adapter, &shared.in_flight, shared.breaker_or_null(), shared.retry_budget_or_null()};
  Target* targets[1] = {&target};
};

// One request that awaits one call.
class Flow {
 public:
  Flow(World& world, const CallSite& site, Duration deadline = Duration::max(), Shield shield = Shield::kNone,
       std::span<Rate* const> rates = {})
      : exchange(world.worker), site_(&site), shield_(shield) {
    exchange.set_targets(world.targets, rates);
    if (deadline != Duration::max()) exchange.set_deadline_in(deadline);
  }
  ~Flow() {
    if (begun && exchange.finishes == 0) exchange.cancel();
  }

  Flow& begin() {
    begun = true;
    if (run(exchange, *this).handled() == Handled::kNow) ++exchange.finishes;
    return *this;
  }
  bool ended() const { return exchange.finishes != 0; }

  TestExchange exchange;
  Result<std::int64_t> result = Fault{};
  Outcome outcome = Outcome::kAbsent;
  bool may_have_happened = false;
  bool begun = false;

 private:
  static FlowTask run(Exchange& exchange, Flow& flow) {
    ValueCall<std::int64_t> call(exchange, *flow.site_, nullptr, flow.shield_);
    flow.result = co_await call;
    flow.outcome = call.outcome();
    flow.may_have_happened = call.may_have_happened();
  }

  const CallSite* site_;
  Shield shield_;
};

}  // namespace zerver::flow::test
