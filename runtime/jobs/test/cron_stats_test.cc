// How a cron keeps its schedule, as its counters say.
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/flow_task.h>
#include <zerver/flow/request/answer.h>
#include <zerver/jobs/cron_times.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/jobs/runner_group.h>
#include <zerver/testing/fake_adapter.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::jobs {
namespace {

using flow::Exchange;
using testing::FakeReply;

constexpr flow::CallSite kWork{.step = "work", .target = 0, .operation = 0};

flow::FlowTask run_work(Exchange& exchange) {
  flow::ValueCall<void> call(exchange, kWork, nullptr);
  co_await call;
  flow::answer(exchange, 200, flow::kTextType, "done");
}

constexpr flow::CronSchedule kEverySecond{.seconds = (std::uint64_t{1} << 60) - 1,
                                          .minutes = (std::uint64_t{1} << 60) - 1,
                                          .hours = (1U << 24) - 1,
                                          .days = ~std::uint32_t{1},
                                          .months = 0x1FFE,
                                          .weekdays = 0x7F};
constexpr flow::FlowInfo kFlows[] = {{.name = "poll", .slug = {}, .method = {}, .path = {}}};

constexpr flow::CronInfo cron(flow::Overlap overlap) {
  return {.job = {.name = "shop.poll",
                  .flow = 0,
                  .run = [](Exchange& exchange, std::string_view) { return run_work(exchange).handled(); }},
          .line = "* * * * * *",
          .schedule = kEverySecond,
          .overlap = overlap};
}
constexpr flow::CronInfo kSkipping[] = {cron(flow::Overlap::kSkip)};
constexpr flow::CronInfo kQueueing[] = {cron(flow::Overlap::kQueue)};

class CronStats : public ::testing::Test {
 protected:
  // Runs take so long, one after the other; the last one goes on.
  JobStats after(std::span<const flow::CronInfo> crons, std::initializer_list<Duration> runs, Duration time) {
    const flow::PackageInfo package{
        .name = "shop", .flows = kFlows, .targets = {}, .handle = nullptr, .crons = crons};
    const std::array packages = {&package};
    testing::SimLoop loop;
    JobStore store;
    RunnerGroup group(packages, store);
    EXPECT_EQ(group.load_crons([](std::string_view) { return std::optional<std::string>(); }), "");
    SeededRandom random(1);
    testing::MemoryLog log;
    flow::Worker worker(flow::Seams{loop, loop.clock(), random, log});
    testing::FakeAdapter system(loop);
    for (const Duration run : runs)
      system.answer("work", FakeReply::nothing().after(run));
    flow::InFlight in_flight{100};
    flow::Target target{"shop.system", &system, &in_flight};
    std::array<flow::Target*, 1> targets = {&target};
    JobRunner runner(worker, group, [&](std::size_t, Exchange& exchange) { exchange.set_targets(targets); });
    loop.run_for(time);
    const JobStats stats = group.stats().at(0);
    runner.stop();
    loop.run_ready();
    return stats;
  }
};

constexpr Duration ms(std::int64_t count) { return Duration::from_milliseconds(count); }

TEST_F(CronStats, SlackIsWhatIsLeftUntilItComesAgain) {
  const JobStats stats = after(kSkipping, {ms(100), ms(700), ms(200)}, ms(3'500));
  EXPECT_TRUE(stats.is_cron);
  EXPECT_EQ(stats.succeeded, 3U);
  EXPECT_EQ(stats.missed, 0U);
  EXPECT_EQ(stats.passed_over, 0U);
  EXPECT_LE(stats.least_slack, ms(300));
  EXPECT_GE(stats.least_slack, ms(290));  // a tick here and there
}

TEST_F(CronStats, ARunThatIsNotOverWhenItComesAgainIsMissed) {
  const JobStats stats = after(kSkipping, {ms(1'500), ms(100)}, ms(3'500));
  EXPECT_EQ(stats.missed, 1U);
  EXPECT_EQ(stats.passed_over, 1U);
  EXPECT_EQ(stats.succeeded, 2U);
}

TEST_F(CronStats, WhatWaitsBehindOneCountsFromWhenItWasDue) {
  const JobStats stats = after(kQueueing, {ms(1'900), ms(300), ms(10)}, ms(3'500));
  EXPECT_EQ(stats.succeeded, 3U);
  EXPECT_EQ(stats.missed, 2U);  // the second one is over at 3.2 s, and was due at 2
  EXPECT_EQ(stats.passed_over, 0U);
}

TEST(DueArgument, IsTheTimeAsAStringOfJson) {
  const Timestamp time{1'767'225'600'250'000};
  EXPECT_EQ(due_argument(time), R"("2026-01-01T00:00:00.250000Z")");
  EXPECT_EQ(parse_due_argument(due_argument(time)), time);
  for (const std::string_view text : {"", "\"", "{}", "\"soon\"", "2026-01-01T00:00:00Z"})
    EXPECT_EQ(parse_due_argument(text), std::nullopt) << text;
}

}  // namespace
}  // namespace zerver::jobs
