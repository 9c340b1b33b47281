// Servers and networks that fail.
#include "runtime/effects/sql/test/postgres/fixture.h"
#include "tests/support/faults/fault_suite.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace zerver::effects {
namespace {

using test::GateFault;

// Writes one number after the other, several at once, without ever stopping for a fault.
class Writers {
 public:
  Writers(flow::Worker& worker, flow::Adapter& adapter, int count) : worker_(worker), adapter_(adapter) {
    for (int i = 0; i < count; ++i)
      begin();
  }

  std::set<std::int64_t> acknowledged;
  std::map<FaultKind, int> faults;
  std::string other;  // what failed by a kind that nobody declared
  std::size_t running = 0;
  bool stops = false;

 private:
  struct Write {
    std::int64_t number = 0;
    std::unique_ptr<StatementProbe> probe;
  };

  void begin() {
    Write& write = *writes_.emplace_back(std::make_unique<Write>());
    ++running;
    next(write);
  }
  void next(Write& write) {
    write.number = ++last_;
    write.probe = std::make_unique<StatementProbe>(worker_, adapter_, StatementProbe::As::kExec,
                                                   "insert into written values (?)",
                                                   std::vector<flow::Value>{flow::Value(write.number)});
    if (write.probe->done()) {
      later(write);
    } else {
      write.probe->when_done = [this, &write] { later(write); };
    }
  }
  // A probe is not replaced from within.
  void later(Write& write) {
    const Answer& answer = write.probe->answer();
    if (answer.is_good()) {
      acknowledged.insert(write.number);
    } else {
      ++faults[*answer.fault];
      if (*answer.fault != FaultKind::kUnavailable) other = answer.why;
    }
    ended_.push_back(&write);
  }

 public:
  // What has ended begins again.
  void turn() {
    for (Write* const write : std::exchange(ended_, {})) {
      if (stops) {
        --running;
      } else {
        next(*write);
      }
    }
  }

 private:
  flow::Worker& worker_;
  flow::Adapter& adapter_;
  std::int64_t last_ = 0;
  std::vector<std::unique_ptr<Write>> writes_;
  std::vector<Write*> ended_;
};

class PostgresRestart : public PostgresTest, public ::testing::WithParamInterface<bool> {
 protected:
  test::PostgresServer own;
};

INSTANTIATE_TEST_SUITE_P(Each, PostgresRestart, ::testing::Bool(),
                         [](const auto& the) { return the.param ? "Killed" : "Stopped"; });

TEST_P(PostgresRestart, LosesNoAcknowledgedWriteAndComesBack) {
  own.query("create table written (number bigint primary key)");
  ASSERT_EQ(open_url(own.url()), "");
  Writers writers(worker, *adapter, 20);
  const auto until = [&](const auto& condition) {
    return run_until([&] {
      writers.turn();
      return condition();
    });
  };
  for (int round = 0; round < 2; ++round) {
    const std::size_t before = writers.acknowledged.size();
    ASSERT_TRUE(until([&] { return writers.acknowledged.size() > before + 200; }));

    // Under load, with statements in flight.
    std::atomic<bool> is_up = false;
    std::thread restart([&] {
      GetParam() ? own.kill() : own.stop();
      own.start();
      is_up = true;
    });
    const bool came_up = until([&] { return is_up.load(); });
    restart.join();
    ASSERT_TRUE(came_up);
    const TimePoint healed = clock.now();
    const std::size_t then = writers.acknowledged.size();
    ASSERT_TRUE(until([&] { return writers.acknowledged.size() > then; }));
    EXPECT_LT(clock.now() - healed, Duration::from_seconds(5));
  }
  writers.stops = true;
  ASSERT_TRUE(until([&] { return writers.running == 0; }));

  EXPECT_EQ(writers.faults.size(), 1U) << writers.other;
  EXPECT_GT(writers.faults[FaultKind::kUnavailable], 0);
  EXPECT_EQ(writers.other, "");
  std::set<std::int64_t> found;
  const std::string rows = own.query("select number from written");
  for (std::size_t begin = 0; begin < rows.size(); begin = rows.find('\n', begin) + 1) {
    found.insert(std::stoll(rows.substr(begin)));
    if (rows.find('\n', begin) == std::string::npos) break;
  }
  EXPECT_TRUE(std::ranges::includes(found, writers.acknowledged));
}

TEST_F(PostgresTest, FailsAtOnceWhileNothingIsToBeHad) {
  test::PostgresServer own;
  ASSERT_EQ(open_url(own.url()), "");
  ASSERT_TRUE(many("select 1").is_good());
  own.stop();
  // The first may find out that its connection is gone.
  Answer answer = many("select 1");
  for (int i = 0; i < 8 && !answer.why.starts_with("the database cannot be reached: "); ++i) {
    EXPECT_EQ(answer.fault, FaultKind::kUnavailable);
    answer = many("select 1");
  }
  EXPECT_TRUE(answer.why.starts_with("the database cannot be reached: ")) << answer.why;
  EXPECT_EQ(systems->states()[0].health.state, Health::State::kDown);
  EXPECT_EQ(systems->states()[0].pool->open, 0U);
  own.start();
  // By itself: nobody asks meanwhile.
  ASSERT_TRUE(run_until([&] { return systems->states()[0].health.state == Health::State::kUp; }));
  EXPECT_TRUE(many("select 1").is_good());
}

class PostgresFaults : public ::testing::TestWithParam<GateFault> {};

TEST_P(PostgresFaults, HoldTheirPromises) {
  Registry registry;
  add_standard_adapters(registry);
  test::expect_promises_under(
      GetParam(),
      {.server_port = server().port(),
       .open =
           [&](std::uint16_t port) {
             return std::make_unique<testing::AdapterHarness>(
                 registry, "zerver.sql",
                 testing::HarnessOptions{.arguments = {{"url", server().url({}, port)}}, .pool = 1});
           },
       .call =
           [](testing::AdapterHarness& harness, Duration patience) {
             return test::called(harness, SqlAdapter::ManyArguments{{"select 'some bytes'", {}}}, patience);
           }});
}

INSTANTIATE_TEST_SUITE_P(Each, PostgresFaults, ::testing::ValuesIn(test::kGateFaults), test::fault_test_name);

}  // namespace
}  // namespace zerver::effects
