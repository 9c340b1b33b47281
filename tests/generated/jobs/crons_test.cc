// Crons as generated code describes them and the runtime runs them, in a simulated process or two.

#include "crons.flow.h"
#include <zerver/effects/queue/zone_file.h>
#include <zerver/flow/call/target.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::testing {
namespace {

using clockwork::v1::package;

const std::array<const flow::PackageInfo*, 1> kPackages = {&package()};

constexpr Duration seconds(std::int64_t count) { return Duration::from_seconds(count); }
constexpr Duration hours(std::int64_t count) { return seconds(3600 * count); }

// When each tower was rung, as text; ringing takes a while.
class Bells final : public clockwork::v1::BellAdapter {
 public:
  explicit Bells(SimLoop& loop) : loop_(loop) {}
  ~Bells() override {
    for (const auto& each : ringing_)
      loop_.stop(*each);
  }

  void ring(const RingArguments& arguments, flow::Reply<void> reply) override {
    const std::string tower(arguments.tower.view());
    std::string at(Timestamp::kMaxText, '\0');
    at.resize(loop_.clock().wall().write(at.data()));
    rung[tower].push_back(at);
    if (!takes.contains(tower)) return reply.succeed();
    ringing_.push_back(std::make_unique<Ringing>(reply));
    loop_.start(*ringing_.back(), loop_.now() + takes[tower]);
  }
  void cancel(flow::Operation&) noexcept override {}

  std::map<std::string, std::vector<std::string>> rung;
  std::map<std::string, Duration> takes;

 private:
  struct Ringing final : async::Timer {
    explicit Ringing(flow::Reply<void> the_reply)
        : Timer([](Timer& timer) noexcept { static_cast<Ringing&>(timer).reply.succeed(); }),
          reply(the_reply) {}
    flow::Reply<void> reply;
  };

  SimLoop& loop_;
  std::vector<std::unique_ptr<Ringing>> ringing_;
};

// A process on a store that several may share.
struct Process {
  Process(SimLoop& loop, jobs::QueueStore& store, Bells& the_bells)
      : worker(flow::Seams{loop, loop.clock(), random, log}), bells(the_bells), group(kPackages, store) {
    EXPECT_EQ(group.load_crons(effects::read_zone_file), "");
    runner = std::make_unique<jobs::JobRunner>(
        worker, group, [this](std::size_t, flow::Exchange& exchange) { exchange.set_targets(targets); });
  }

  SeededRandom random{5};
  MemoryLog log;
  flow::Worker worker;
  Bells& bells;
  jobs::RunnerGroup group;
  std::unique_ptr<jobs::JobRunner> runner;
  flow::InFlight in_flight{100};
  flow::Target church{"clockwork.v1.church", &bells, &in_flight};
  std::array<flow::Target*, 1> targets = {&church};
};

class Crons : public ::testing::Test {
 protected:
  static constexpr Timestamp kNewYear{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

  SimLoop loop{1, kNewYear};
  Bells bells{loop};
  jobs::JobStore store{{.waiting = 100'000}};
};
using Texts = std::vector<std::string>;

TEST_F(Crons, RunExactlyAtTheirTimes) {
  Process process(loop, store, bells);
  loop.run_for(hours(3));
  EXPECT_EQ(bells.rung["hourly"],
            (Texts{"2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z", "2026-01-01T03:00:00Z"}));
  EXPECT_EQ(bells.rung["local"], Texts{"2026-01-01T01:30:00Z"});
  EXPECT_EQ(bells.rung["slow"].size(), 1080U);
  EXPECT_EQ(bells.rung["slow"][0], "2026-01-01T00:00:10Z");
}

TEST_F(Crons, FireOnceForSeveralProcesses) {
  Process one(loop, store, bells);
  Process two(loop, store, bells);
  Process three(loop, store, bells);
  loop.run_for(hours(5));
  EXPECT_EQ(bells.rung["hourly"].size(), 5U);
  EXPECT_EQ(bells.rung["free"].size(), 1800U);
  EXPECT_EQ(bells.rung["chain"].size(), 1800U);
}

TEST_F(Crons, PassOverATimeWhileTheRunBeforeIsNotOver) {
  Process process(loop, store, bells);
  bells.takes["slow"] = seconds(14);
  loop.run_for(seconds(61));
  EXPECT_EQ(bells.rung["slow"],
            (Texts{"2026-01-01T00:00:10Z", "2026-01-01T00:00:30Z", "2026-01-01T00:00:50Z"}));
}

TEST_F(Crons, RunBehindTheRunBeforeWhenTheyAreToQueue) {
  Process one(loop, store, bells);
  Process two(loop, store, bells);
  bells.takes["chain"] = seconds(14);
  loop.run_for(seconds(61));
  ASSERT_EQ(bells.rung["chain"].size(), 4U);
  EXPECT_EQ(bells.rung["chain"][0], "2026-01-01T00:00:10Z");
  EXPECT_EQ(bells.rung["chain"][1].substr(0, 19), "2026-01-01T00:00:24");
  EXPECT_EQ(bells.rung["chain"][2].substr(0, 19), "2026-01-01T00:00:38");
}

TEST_F(Crons, RunSideBySideWhenTheyMay) {
  Process process(loop, store, bells);
  bells.takes["free"] = seconds(25);
  loop.run_for(seconds(31));
  EXPECT_EQ(bells.rung["free"],
            (Texts{"2026-01-01T00:00:10Z", "2026-01-01T00:00:20Z", "2026-01-01T00:00:30Z"}));
}

TEST_F(Crons, MakeUpForWhatWasMissed) {
  {
    Process before(loop, store, bells);
    loop.run_for(hours(1));
  }
  bells.rung.clear();
  loop.run_for(hours(8));  // 9:00, and nobody was there
  Process after(loop, store, bells);
  loop.run_for(seconds(60));
  EXPECT_EQ(bells.rung["hourly"], Texts{}) << "it says nothing about that";
  EXPECT_EQ(bells.rung["missed"].size(), 1U) << "one run is enough for all";
  EXPECT_EQ(bells.rung["each"].size(), 3U) << "7, 8 and 9 o'clock";
  bells.rung.clear();
  loop.run_for(hours(1));
  EXPECT_EQ(bells.rung["missed"], Texts{"2026-01-01T10:00:00Z"});
}

TEST_F(Crons, AreListedByThePackage) {
  ASSERT_EQ(package().crons.size(), 8U);
  const flow::CronInfo& each = package().crons[6];
  EXPECT_EQ(each.job.name, "clockwork.v1.each_of_them");
  EXPECT_EQ(each.line, "0 * * * *");
  EXPECT_EQ(each.zone, "UTC");
  EXPECT_EQ(each.overlap, flow::Overlap::kAllow);
  EXPECT_EQ(each.catch_up, hours(3));
}

TEST_F(Crons, NeedATimeZoneThatTheSystemKnows) {
  jobs::RunnerGroup group(kPackages, store);
  EXPECT_EQ(group.load_crons([](std::string_view) { return std::nullopt; }),
            "cron `clockwork.v1.local`: this system knows no time zone `Europe/Berlin`");
}

}  // namespace
}  // namespace zerver::testing
