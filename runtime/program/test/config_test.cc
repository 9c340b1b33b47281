#include <zerver/program/config.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace zerver {
namespace {

Machine machine_with(unsigned processors, std::uint64_t memory = std::uint64_t{16} << 30) {
  Machine machine;
  machine.processors_online = processors;
  machine.memory = memory;
  machine.open_files = 65'536;
  return machine;
}

std::vector<Finding::Kind> kinds_of(const Config& config, const Machine& machine) {
  std::vector<Finding::Kind> kinds;
  for (const Finding& finding : config.validate(machine))
    kinds.push_back(finding.kind);
  return kinds;
}

TEST(Config, OfAServerUsesEveryProcessor) {
  const Config config = Config::for_server(machine_with(8));
  EXPECT_EQ(config.workers, 8U);
  EXPECT_EQ(config.compute_threads, 8U);
  EXPECT_EQ(config.blocking_threads, 32U);
  EXPECT_EQ(config.idle_timeout, Duration::max());
}

TEST(Config, OfAServerFitsTheOpenFiles) {
  Machine machine = machine_with(2);
  machine.open_files = 1024;
  EXPECT_EQ(Config::for_server(machine).connections, 896U);
  machine.open_files = 100;
  EXPECT_EQ(Config::for_server(machine).connections, 50U);
  EXPECT_TRUE(Config::for_server(machine).validate(machine).empty());
}

TEST(Config, OfAServerFitsTheMemory) {
  EXPECT_EQ(Config::for_server(machine_with(2, std::uint64_t{128} << 20)).connections, 4096U);
}

TEST(Config, OfACommandLineProgramEndsWithItsLastJob) {
  const Config config = Config::for_cli(machine_with(8));
  EXPECT_EQ(config.workers, 1U);
  EXPECT_EQ(config.idle_timeout, Duration{0});
  EXPECT_EQ(config.task_system().compute.idle_timeout, Duration{0});
}

TEST(Config, OfAnEmbeddedProgramFitsItsMemory) {
  const Machine machine = machine_with(4, std::uint64_t{8} << 20);
  const Config config = Config::for_embedded(machine);
  EXPECT_EQ(config.workers, 1U);
  EXPECT_EQ(config.connections, 32U);
  EXPECT_TRUE(config.validate(machine).empty());
}

TEST(Config, IsOptimalForWhatTheMachineHas) {
  EXPECT_EQ(Config::optimal(machine_with(8)).workers, 8U);
  EXPECT_EQ(Config::optimal(machine_with(8, std::uint64_t{64} << 20)).workers, 1U);
}

TEST(Config, PresetsAreWithoutFindingsOnTheirMachine) {
  for (const unsigned processors : {1U, 2U, 16U, 128U}) {
    const Machine machine = machine_with(processors);
    EXPECT_TRUE(Config::for_server(machine).validate(machine).empty()) << processors;
    EXPECT_TRUE(Config::for_cli(machine).validate(machine).empty()) << processors;
    EXPECT_TRUE(Config::for_embedded(machine).validate(machine).empty()) << processors;
  }
}

TEST(Config, IsHeldAgainstThisMachineWithoutAnother) {
  Config config = Config::optimal();
  EXPECT_TRUE(config.validate().empty());
  config.workers = 0;
  EXPECT_EQ(config.validate().front().kind, Finding::Kind::kNoThreads);
}

TEST(Config, IsRefusedWhenNothingCouldRun) {
  Config config;
  config.workers = 0;
  config.blocking_queue = 0;
  config.compute_threads = Config::kMostThreads + 1;
  config.compute_queue = 10'000;
  const std::vector<Finding> findings = config.validate(machine_with(1));
  ASSERT_EQ(findings.size(), 3U);
  for (const Finding& finding : findings)
    EXPECT_EQ(finding.severity, Finding::Severity::kError);
  EXPECT_EQ(findings[0].setting, "workers");
  EXPECT_EQ(findings[0].message, "workers is 0: nothing would ever run; use 1 or more");
}

TEST(Config, IsWarnedAboutWhenItIsUnwise) {
  struct Case {
    void (*change)(Config& config, Machine& machine);
    Finding::Kind kind;
  };
  const std::vector<Case> cases{
      {[](Config& config, Machine&) { config.workers = 5; }, Finding::Kind::kMoreThreadsThanProcessors},
      {[](Config&, Machine& machine) { machine.processor_quota = 2; },
       Finding::Kind::kMoreThreadsThanProcessors},
      {[](Config& config, Machine&) { config.compute_queue = 1; }, Finding::Kind::kQueueShorterThanThreads},
      {[](Config&, Machine& machine) { machine.memory_limit = 100 << 20; },
       Finding::Kind::kMemoryBeyondLimit},
      {[](Config& config, Machine&) { config.request_memory = std::size_t{4} << 30; },
       Finding::Kind::kMemoryBeyondLimit},
      {[](Config&, Machine& machine) { machine.open_files = 100; }, Finding::Kind::kTooFewOpenFiles},
      {[](Config& config, Machine&) { std::swap(config.quanta.of[0], config.quanta.of[2]); },
       Finding::Kind::kQuantaOutOfOrder},
      {[](Config& config, Machine&) { config.drain = Duration{0}; }, Finding::Kind::kNoDrain},
      {[](Config& config, Machine&) { config.executor = Executor::kInline; },
       Finding::Kind::kInlineBlocksWorkers},
  };
  for (const Case& each : cases) {
    Machine machine = machine_with(4);
    Config config = Config::for_server(machine);
    each.change(config, machine);
    const std::vector<Finding::Kind> kinds = kinds_of(config, machine);
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), each.kind), kinds.size()) << name_of(each.kind);
    EXPECT_FALSE(kinds.empty()) << name_of(each.kind);
  }
}

TEST(Config, SetsUpThePools) {
  Config config;
  config.compute_threads = 3;
  config.blocking_threads = 5;
  config.compute_queue = 7;
  config.blocking_queue = 9;
  config.watchdog = Duration::from_seconds(1);
  const execution::TaskSystemOptions options = config.task_system();
  EXPECT_EQ(options.compute.threads, 3U);
  EXPECT_EQ(options.compute.queue, 7U);
  EXPECT_EQ(options.compute.budget, config.quanta[async::Priority::kBatch]);
  EXPECT_EQ(options.blocking.threads, 5U);
  EXPECT_EQ(options.blocking.queue, 9U);
  EXPECT_EQ(options.watchdog, Duration::from_seconds(1));
}

}  // namespace
}  // namespace zerver
