#include "zerver.flow.h"
#include <zerver/effects/compute/compute.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {
namespace {

using testing::AdapterHarness;
using testing::HarnessOptions;
using Arguments = ComputeAdapter::RunArguments;

// Waits, as a function should not, until the test lets it go on.
struct Gate {
  std::atomic<bool> open = false;
  std::atomic<int> entered = 0;
};

ComputeFunctions functions(Gate& gate) {
  ComputeFunctions all;
  all.add<std::int64_t, std::int64_t>("double",
                                      [](const std::int64_t& in, ComputeContext&) -> Result<std::int64_t> {
                                        if (in < 0) return Fault{FaultKind::kRejected, "it is negative", {}};
                                        return in * 2;
                                      });
  all.add<String, String>("greet", [](const String& name, ComputeContext& context) -> Result<String> {
    return context.arena().text({"hello ", name});
  });
  all.add_json("throw", [](std::string_view, ComputeContext&) -> Result<std::string> {
    throw std::runtime_error("out of ideas");
  });
  // Until it is told to stop.
  all.add_json("spin", [](std::string_view, ComputeContext& context) -> Result<std::string> {
    while (!context.should_stop()) {
    }
    if (context.cpu_time() < context.budget()) return Fault{FaultKind::kUnavailable, "stopped", {}};
    return Fault{FaultKind::kUnavailable, "over budget", {}};
  });
  all.add_json("wait", [&gate](std::string_view, ComputeContext&) -> Result<std::string> {
    ++gate.entered;
    gate.entered.notify_all();
    gate.open.wait(false);
    return std::string("true");
  });
  return all;
}

class ComputeTest : public ::testing::Test {
 protected:
  ~ComputeTest() override { let_go(); }
  void let_go() {
    gate.open = true;
    gate.open.notify_all();
  }

  AdapterHarness& open(std::vector<std::pair<std::string, std::string>> arguments = {{"threads", "1"}},
                       flow::WorkerLimits limits = {}) {
    Registry registry;
    registry.add({.name = "zerver.compute", .version = "1.0.0", .reaches = {}},
                 open_compute(functions(gate)));
    harness.emplace(registry, "zerver.compute",
                    HarnessOptions{.arguments = std::move(arguments), .limits = limits});
    return *harness;
  }
  static Arguments call(std::string_view function, std::string_view input) {
    return {.function = String::borrowed(function), .input = Json::borrowed(input)};
  }

  Gate gate;
  std::optional<AdapterHarness> harness;
};

TEST_F(ComputeTest, ReadsTheInputAndWritesTheOutput) {
  open();
  ASSERT_EQ(harness->error(), "");
  EXPECT_EQ(harness->perform(call("double", "21"))->value(), "42");
  EXPECT_EQ(harness->perform(call("greet", "\"Ann\""))->value(), "\"hello Ann\"");
}

TEST_F(ComputeTest, SaysWhatIsWrong) {
  open();
  const auto unknown = harness->perform(call("treble", "1"));
  EXPECT_EQ(unknown->fault(), FaultKind::kInvalid);
  EXPECT_EQ(unknown->why(), "no function `treble` is registered");
  EXPECT_EQ(harness->perform(call("double", "\"x\""))->fault(), FaultKind::kInvalid);
  const auto refused = harness->perform(call("double", "-1"));
  EXPECT_EQ(refused->fault(), FaultKind::kRejected);
  EXPECT_EQ(refused->why(), "it is negative");
  EXPECT_EQ(harness->perform(call("throw", "1"))->fault(), FaultKind::kInternal);
  ASSERT_EQ(harness->log().size(), 1U);
  EXPECT_EQ(harness->log()[0], "a function of `compute` threw: out of ideas");
}

TEST_F(ComputeTest, StopsAtTheBudgetOfProcessorTime) {
  open({{"threads", "1"}, {"budget", "20ms"}});
  trace::Ring ring;
  harness->worker().set_trace(&ring);
  const auto spun = harness->perform(call("spin", "1"));
  EXPECT_EQ(spun->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(spun->why(), "over budget");
  ASSERT_EQ(ring.size(), 1U);
  EXPECT_EQ(ring[0].kind, trace::Kind::kOverrun);
  EXPECT_GE(ring[0].detail, 20'000'000);
}

TEST_F(ComputeTest, StopsWhenNobodyWaits) {
  open({{"threads", "1"}, {"budget", "1h"}});
  EXPECT_EQ(harness->perform(call("spin", "1"), {.patience = Duration::from_milliseconds(20)})->fault(),
            FaultKind::kTimeout);
  // The one thread is free again.
  EXPECT_EQ(harness->perform(call("double", "1"))->value(), "2");
}

TEST_F(ComputeTest, RefusesWhatWouldBeginTooLate) {
  open({{"threads", "1"}, {"budget", "1h"}});
  // Functions take a while.
  for (int i = 0; i < 40; ++i)
    harness->perform(call("spin", "1"), {.patience = Duration::from_milliseconds(4)});
  const auto running = harness->start(call("wait", "1"));
  gate.entered.wait(0);
  const auto late = harness->start(call("double", "1"), {.patience = Duration::from_milliseconds(1)});
  EXPECT_TRUE(late->ended());
  EXPECT_EQ(late->fault(), FaultKind::kUnavailable);
  const auto patient = harness->start(call("double", "1"));
  EXPECT_FALSE(patient->ended());
  let_go();
  EXPECT_TRUE(harness->run_until([&] { return running->ended() && patient->ended(); }));
  EXPECT_EQ(running->value(), "true");
  EXPECT_EQ(patient->value(), "2");
}

TEST_F(ComputeTest, RefusesWhatTheQueueHasNoRoomFor) {
  open({{"threads", "1"}, {"queue", "1"}});
  const auto running = harness->start(call("wait", "1"));
  gate.entered.wait(0);
  std::vector<std::unique_ptr<testing::Performed<Arguments>>> more;
  for (int i = 0; i < 4; ++i)
    more.push_back(harness->start(call("double", "1")));
  EXPECT_EQ(more.back()->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(more.back()->why(), "too much waits to be computed");
  EXPECT_EQ(harness->system().pool()->idle, 0U);
}

TEST_F(ComputeTest, RunsNoMoreAtATimeThanItHasThreads) {
  open({{"threads", "2"}});
  std::vector<std::unique_ptr<testing::Performed<Arguments>>> all;
  for (int i = 0; i < 6; ++i)
    all.push_back(harness->start(call("wait", "1")));
  for (int entered = gate.entered; entered < 2; entered = gate.entered)
    gate.entered.wait(entered);
  const PoolState pool = harness->system().pool().value();
  EXPECT_EQ(pool.open, 2U);
  EXPECT_EQ(pool.idle, 0U);
  EXPECT_EQ(pool.waiting, 4U);
  EXPECT_EQ(gate.entered, 2);
  let_go();
  EXPECT_TRUE(harness->run_until([&] {
    return std::ranges::all_of(all,
                               [](const auto& each) { return each->ended() && each->value() == "true"; });
  }));
  EXPECT_EQ(gate.entered, 6);
}

TEST_F(ComputeTest, GivesUpWithFunctionsUnderWay) {
  open();
  auto running = harness->start(call("wait", "1"));
  gate.entered.wait(0);
  running->cancel();
  running.reset();
  let_go();
  harness.reset();  // waits for the thread, and tells nobody
}

TEST_F(ComputeTest, RunsOnTheWorkerWhereItIsToldTo) {
  open({}, {.inline_effects = true});
  const auto doubled = harness->start(call("double", "4"));
  EXPECT_TRUE(doubled->ended());
  EXPECT_EQ(doubled->value(), "8");
}

TEST_F(ComputeTest, ChecksItsParameters) {
  EXPECT_EQ(open({{"threads", "100000"}}).error(), "parameter `threads` must be at most 1024");
  EXPECT_EQ(open({{"threads", "1025"}}).error(), "parameter `threads` must be at most 1024");
  EXPECT_EQ(open({{"nice", "20"}}).error(), "parameter `nice` must be from 0 to 19");
  EXPECT_EQ(open({{"budget", "0s"}}).error(), "parameter `budget` must be more than nothing");
  EXPECT_EQ(open({{"budget", "much"}}).error(),
            "parameter `budget` must be a duration such as `250ms`, not `much`");
}

}  // namespace
}  // namespace zerver::effects
