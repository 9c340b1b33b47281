#include "compiler/check/test/program.h"
#include "compiler/model/timing/capacity.h"
#include "compiler/model/timing/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace zc::check {
namespace {

using model::duration_text;
using model::FlowTiming;
using model::kForever;
using model::Nanoseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Nanoseconds kMillisecond = 1'000'000;

model::CallTime call_time(Nanoseconds timeout, std::uint32_t retries, model::Backoff backoff) {
  model::CallTime time;
  time.timeout = timeout;
  time.retries = retries;
  time.waits = model::longest_waits(backoff, retries);
  return time;
}

struct WorstCase {
  Nanoseconds timeout;
  std::uint32_t retries;
  Nanoseconds first, cap;
  std::uint32_t hedges;
  Nanoseconds after, worst;
};
constexpr WorstCase kWorstCases[] = {
#define WORST_CASE(Timeout, Retries, First, Cap, Hedges, After, Worst) \
  {Timeout, Retries, First, Cap, Hedges, After, Worst},
#include "tests/timing/worst_cases.def"
#undef WORST_CASE
};

TEST(CallTime, IsWhatTheMachineOfTheRuntimeTakesAtMost) {
  for (const WorstCase& each : kWorstCases) {
    model::CallTime time = call_time(each.timeout * kMillisecond, each.retries,
                                     {each.first * kMillisecond, each.cap * kMillisecond});
    time.hedges = each.hedges;
    time.hedge_after = each.after * kMillisecond;
    EXPECT_EQ(time.worst(), each.worst * kMillisecond) << each.worst;
  }
}

TEST(CallTime, EndsAtTheLargestNumber) {
  EXPECT_EQ(call_time(kForever / 2, 3, {}).worst(), kForever);
  EXPECT_EQ(call_time(1, 2'000'000'000, {kForever / 4, kForever}).worst(), kForever);
  EXPECT_EQ(model::longest_waits({1, kForever}, 2'000'000'000).size(), 65U);
}

TEST(CallTime, StartsHedgesWithinEachAttempt) {
  model::CallTime time = call_time(50, 1, {5, 5});
  time.hedges = 2;
  time.hedge_after = 20;
  EXPECT_EQ(time.attempt(), 90U);
  EXPECT_EQ(time.worst(), 185U);
  EXPECT_EQ(time.held(), 300U);
  EXPECT_EQ(model::formula_text(time), "2 x (2 x 20 ns + 50 ns) + 5 ns");
  EXPECT_EQ(model::formula_text(time, 3), "3 x (2 x (2 x 20 ns + 50 ns) + 5 ns)");
}

TEST(TimingText, WritesTimesExactly) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(999), "999 ns");
  EXPECT_EQ(duration_text(1'500), "1.5 us");
  EXPECT_EQ(duration_text(960 * kMillisecond), "960 ms");
  EXPECT_EQ(duration_text(1'155 * kMillisecond), "1.155 s");
  EXPECT_EQ(duration_text(60'000 * kMillisecond), "1 min");
  EXPECT_EQ(duration_text(3'661'001 * kMillisecond), "1 h 1 min 1.001 s");
  EXPECT_EQ(duration_text(kForever), "more than 500 years");
}

// Effects `eN` and `fN` wait N ms at most; `eN` writes nothing and can fail with Busy, `fN` with Gone.
constexpr char kEffects[] = R"(package timing;
@http(503) @kind(unavailable, timeout, rejected, missing) @retryable error Busy {}
@http(404) @kind(unavailable, timeout, rejected, missing) error Gone {}
target far = http("https://far.example.com");
slots { id: i64; ids: list<i64>; a: string; b: string; c: string; now: timestamp; flag: bool; text: string; }
step start -> ids, id, flag;
step look may done;
step e1 = far.get("/1") timeout 1ms fails Busy;
step e2 = far.get("/2") timeout 2ms fails Busy;
step e10 = far.get("/10") timeout 10ms fails Busy;
step e50 = far.get("/50") timeout 50ms fails Busy;
step e100 = far.get("/100") timeout 100ms fails Busy;
step e500 = far.get("/500") timeout 500ms fails Busy;
step f2 = far.get("/2") timeout 2ms fails Gone;
step f10 = far.get("/10") timeout 10ms fails Gone;
step f50 = far.get("/50") timeout 50ms fails Gone;
step endless = far.get("/endless") fails Busy;
step w10 = far.post("/10", { id: 1 }) timeout 10ms fails Busy undo far.delete("/10") timeout 1ms;
step w20 = far.post("/20", { id: 1 }) timeout 20ms fails Busy undo far.delete("/20") timeout 2ms;
step w30 = far.post("/30", { id: 1 }) timeout 30ms fails Busy undo far.delete("/30") timeout 4ms;
step commit = far.post("/commit", { id: 1 }) timeout 10ms fails Busy pivot;
)";

FlowTiming timing_of(const std::string& text, const std::string& flow = "tested") {
  static constexpr char kAlternatives[] = R"(
chain long { e100; }
chain out { e500; return 410; }
step ask may need e50 then asked;
step widen may insert long;
step refuse may replace out;
)";
  // Lives as long as the timing points into it.
  static std::deque<test::Checked> programs;
  programs.push_back(test::check_text(kEffects + std::string(kAlternatives) + text));
  const model::Program& program = programs.back().program;
  for (std::size_t i = 0; i < program.flows.size(); ++i) {
    if (program.flows[model::FlowId(i)].origin.name == flow)
      return model::compute_timing(program, model::FlowId(i));
  }
  ADD_FAILURE() << "no flow";
  return {};
}

FlowTiming body(const std::string& statements) {
  return timing_of("flow tested on GET \"/\" public { start; " + statements + " return 204; }");
}
Nanoseconds worst(const std::string& statements) { return body(statements).worst / kMillisecond; }
Nanoseconds best(const std::string& statements) { return body(statements).best / kMillisecond; }

// Groups that write slots a, b and c as optional.
Nanoseconds group(const std::string& join, const std::string& members) {
  return timing_of("step grouped -> a?, b?, c? = " + join + " { " + members +
                   " } fails Busy;\n"
                   "flow tested on GET \"/\" public { grouped; return 204; }")
             .worst /
         kMillisecond;
}

TEST(Timing, AddsWhatFollowsEachOther) {
  EXPECT_EQ(worst(""), 0U);
  EXPECT_EQ(worst("e10; e50;"), 60U);
  EXPECT_EQ(best("e10; e50;"), 60U);
}

TEST(Timing, TakesTheLongerBranch) {
  EXPECT_EQ(worst("when flag { e10; } else { e50; }"), 50U);
  EXPECT_EQ(best("when flag { e10; } else { e50; }"), 10U);
  EXPECT_EQ(worst("when flag { e10; }"), 10U);
  EXPECT_EQ(best("when flag { e10; }"), 0U);
  EXPECT_EQ(worst("when flag { e100; return 204; } e50; e10;"), 100U);
}

TEST(Timing, FollowsAlternativesOfSteps) {
  EXPECT_EQ(worst("ask; e10;"), 60U);
  EXPECT_EQ(worst("widen; e10;"), 110U);
  EXPECT_EQ(worst("refuse; e10;"), 500U);
  EXPECT_EQ(worst("ask; widen; refuse; e10;"), 650U);
  EXPECT_EQ(best("ask; widen; refuse; e10;"), 10U);
  EXPECT_EQ(worst("look; e10;"), 10U);
  EXPECT_EQ(best("look; e10;"), 0U);
}

TEST(Timing, RoutesErrorsToTheirHandlers) {
  EXPECT_EQ(worst("e10; e50; rescue Busy { e100; }"), 160U);
  EXPECT_EQ(worst("e50; rescue Busy { e1; return 204; } e10;"), 60U);
  EXPECT_EQ(worst("on error Busy { e100; } e10;"), 110U);
  EXPECT_EQ(worst("on cancel { e100; } e10;"), 10U);
  // `on error` passes on what it took, each error with the time that it had.
  EXPECT_EQ(worst("when flag { on error { f2; } e10; f50; } rescue Busy { e500; return 204; }"), 512U);
  EXPECT_EQ(worst("when flag { on error { e1; } e10; f50; } rescue Gone { e500; return 204; }"), 561U);
  EXPECT_EQ(worst("when flag { on error { e1; } parallel { e10; f2; } } rescue Gone { e500; return 204; }"),
            511U);
  EXPECT_EQ(best("e10; rescue Busy { e1; }"), 10U);
  EXPECT_TRUE(body("e10; rescue Busy { e100; }").path.front().fails);
}

TEST(Timing, WaitsForAllBranchesOfAParallel) {
  EXPECT_EQ(worst("parallel { e10; e50; f10; }"), 50U);
  EXPECT_EQ(best("parallel { e10; e50; }"), 50U);
  // The branch that fails is the short one, the handler begins when the long one has ended.
  EXPECT_EQ(worst("parallel { f10; e50; } rescue Gone { e100; }"), 150U);
  EXPECT_EQ(worst("parallel { e10; f50; } rescue Busy { e100; }"), 150U);
  // Inside its own branch a failure waits for nobody.
  EXPECT_EQ(worst("parallel { when flag { f10; rescue Gone { e50; } } else { e1; } e50; }"), 60U);
}

TEST(Timing, AFailureDoesNotUseWhatComesBehindItInItsBranch) {
  // f10 fails at 10 ms: then e500 behind it never runs, and e100 beside it decides.
  EXPECT_EQ(worst("parallel { when flag { f10; e2; } e1; } rescue Gone { e500; return 204; }"), 510U);
  EXPECT_EQ(worst("parallel { when flag { f10; e500; } e1; } rescue Gone { e1; return 204; }"), 510U);
}

TEST(Timing, CountsRoundsOfEach) {
  EXPECT_EQ(worst("each id in ids max 10 { e10; }"), 100U);
  EXPECT_EQ(worst("each id in ids max 10 parallel 3 { e10; }"), 40U);
  EXPECT_EQ(worst("each id in ids max 3 parallel 10 { e10; }"), 10U);
  EXPECT_EQ(best("each id in ids max 10 { e10; }"), 0U);
  // Nine rounds succeed, the last fails.
  EXPECT_EQ(worst("each id in ids max 10 { f10; } rescue Gone { e500; }"), 600U);
  EXPECT_EQ(worst("each id in ids max 10 { f10; e50; } rescue Gone { e500; return 204; }"), 1050U);
  EXPECT_EQ(worst("each id in ids max 10 parallel 5 { f10; e50; } rescue Gone { e500; }"), 620U);
  EXPECT_EQ(worst("each id in ids max 4000000000 { e500; }"), 2'000'000'000'000U);
  const FlowTiming unbounded = body("each id in ids { e10; }");
  EXPECT_TRUE(unbounded.has_unbounded_each);
  EXPECT_FALSE(unbounded.is_bounded());
}

TEST(Timing, NestsBlocks) {
  EXPECT_EQ(worst("each id in ids max 2 { parallel { e10; when flag { e50; e1; } } e2; }"), 106U);
  EXPECT_EQ(worst("parallel { each id in ids max 3 { e10; } e50; }"), 50U);
  EXPECT_EQ(worst("parallel { parallel { f10; e2; } e50; } rescue Gone { e1; }"), 51U);
  EXPECT_EQ(worst("saga { e10; saga { e50; } } e1;"), 61U);
}

TEST(Timing, ExpandsChainsAndCalls) {
  EXPECT_EQ(timing_of("chain both = e10, e50; flow other { both; return 204; }\n"
                      "flow tested on GET \"/\" public { e1; call other; }")
                .worst,
            61 * kMillisecond);
}

TEST(Timing, JoinsGroups) {
  const std::string members =
      R"(a = far.get("/a") timeout 10ms; optional b = far.get("/b") timeout 50ms; c = far.get("/c") timeout 20ms;)";
  EXPECT_EQ(group("all", members), 50U);
  EXPECT_EQ(group("all_required", members), 20U);
  EXPECT_EQ(group("any", members), 10U);
  EXPECT_EQ(group("race", members), 10U);
  EXPECT_EQ(group("first_success", members), 50U);
  EXPECT_EQ(group("quorum 2", members), 50U);
  EXPECT_EQ(group("sequential", members), 80U);
  EXPECT_EQ(group("hedge 2 after 5ms", R"(a = far.get("/a") timeout 10ms;)"), 20U);
  EXPECT_EQ(group("all_required", R"(optional a = far.get("/a") timeout 10ms;)"), 0U);
  EXPECT_EQ(group("all_required",
                  R"(a = far.get("/a") timeout 10ms; optional sequential { far.get("/d") timeout 30ms; })"),
            10U);
  EXPECT_EQ(
      group("race", members + R"( sequential { far.get("/d") timeout 3ms; far.get("/e") timeout 4ms; })"),
      7U);
  EXPECT_EQ(group("race", R"(a = far.get("/a") timeout 10ms; b = far.get("/b");)"), 10U);
}

TEST(Timing, AMemberThatCannotFailForcesASuccess) {
  EXPECT_EQ(
      timing_of(
          "step grouped -> a?, now? = first_success { a = far.get(\"/a\") timeout 10ms; now = clock.now(); }"
          " fails Busy;\nflow tested on GET \"/\" public { grouped; return 204; }")
          .worst,
      0U);
  EXPECT_EQ(
      timing_of("step grouped -> a?, now? = quorum 2 { a = far.get(\"/a\") timeout 10ms; now = clock.now(); }"
                " fails Busy;\nflow tested on GET \"/\" public { grouped; return 204; }")
          .worst,
      10 * kMillisecond);
}

// Only the deadline ends it.
TEST(Timing, KnowsWhatHasNoBound) {
  const auto with_deadline = [](const std::string& statements) {
    return timing_of("flow tested on GET \"/\" public { deadline 1m; start; " + statements +
                     " return 204; }");
  };
  const FlowTiming timing = with_deadline("e10; when flag { endless; } e50;");
  EXPECT_FALSE(timing.is_bounded());
  EXPECT_EQ(timing.unbounded.size(), 1U);
  EXPECT_EQ(timing.worst, 60 * kMillisecond);
  EXPECT_EQ(timing.best, 60 * kMillisecond);
  EXPECT_EQ(with_deadline("endless;").best, kForever);
  EXPECT_TRUE(with_deadline("on cancel { endless; } e10;").is_bounded());
}

TEST(Timing, TakesTheDefaultWhereThereIsNoDeadline) {
  const Nanoseconds otherwise = model::default_timeout("zerver.http");
  const FlowTiming timing = body("e10; endless;");
  EXPECT_TRUE(timing.is_bounded());
  EXPECT_EQ(timing.worst, otherwise + 10 * kMillisecond);
  EXPECT_TRUE(timing.path.back().time.by_default);
  EXPECT_EQ(model::default_timeout("shop.mailer"), 30'000 * kMillisecond);
}

std::vector<std::string> undone(const std::string& statements) {
  const FlowTiming timing = body(statements);
  std::vector<std::string> result;
  for (const model::SagaTiming& saga : timing.sagas) {
    std::string line;
    for (const model::TimedCall& undo : saga.undos)
      line += duration_text(undo.total()) + (&undo == &saga.undos.back() ? "" : ", ");
    result.push_back(line + " = " + duration_text(saga.worst));
  }
  return result;
}

TEST(Timing, UndoesWhatWasCompleted) {
  EXPECT_THAT(undone("saga { w10; w20; w30; }"), ElementsAre("2 ms, 1 ms = 3 ms"));
  EXPECT_THAT(undone("saga { w10; w20; e1; }"), ElementsAre("2 ms, 1 ms = 3 ms"));
  EXPECT_THAT(undone("saga { w10; }"), IsEmpty());
  EXPECT_THAT(undone("saga { w10; e1; } saga { w30; e1; } e1;"), ElementsAre("1 ms = 1 ms", "4 ms = 4 ms"));
  EXPECT_THAT(undone("saga { when flag { w20; } else { w10; } e1; }"), ElementsAre("2 ms = 2 ms"));
  EXPECT_THAT(undone("saga { w10; commit; w20; e1; }"), ElementsAre("1 ms = 1 ms"));
  EXPECT_THAT(undone("when flag { saga { w10; e1; } }"), ElementsAre("1 ms = 1 ms"));
  EXPECT_THAT(undone("saga { w10; saga { w20; } e1; }"), ElementsAre("2 ms, 1 ms = 3 ms"));
}

TEST(Timing, UndoesOneAfterTheOther) {
  EXPECT_THAT(undone("saga { parallel { w10; w20; } e1; }"), ElementsAre("2 ms, 1 ms = 3 ms"));
  EXPECT_THAT(undone("saga { parallel { w10; w20; e1; } }"), ElementsAre("2 ms, 1 ms = 3 ms"));
  EXPECT_THAT(undone("saga { each id in ids max 5 parallel 2 { w30; } e1; }"), ElementsAre("20 ms = 20 ms"));
  EXPECT_THAT(undone("saga { each id in ids max 5 { w30; } }"), ElementsAre("16 ms = 16 ms"));
}

TEST(Timing, UndoesOnlyWhenTheSagaFails) {
  EXPECT_THAT(undone("saga { w10; f10; rescue Gone { w20; } }"), ElementsAre("1 ms = 1 ms"));
  EXPECT_THAT(undone("saga { w10; f10; rescue Gone { w20; e1; } }"), ElementsAre("2 ms, 1 ms = 3 ms"));
  EXPECT_THAT(undone("e1; each id in ids max 2 { saga { w10; e1; } }"), ElementsAre("1 ms = 1 ms"));
}

TEST(Capacity, MultipliesRatesWithTheTimeThatACallHoldsItsTarget) {
  const test::Checked checked = test::check_text(R"(package rates;
@http(503) @kind(unavailable, timeout, rejected, missing) @retryable error Busy {}
target far = http("https://far.example.com") { in_flight 1000; }
policy both { timeout 100ms; retry 1 backoff 10ms on Busy; rate 50 per 1s; }
policy alone { timeout 1s; rate 3 per 1s; }
step a = far.get("/a") with both fails Busy;
step b = far.get("/b") with both timeout 200ms fails Busy;
step c = far.get("/c") with alone fails Busy;
flow all on GET "/" public { a; b; c; return 204; }
)");
  const std::vector<model::TargetLoad> loads = model::compute_loads(checked.program);
  ASSERT_EQ(loads.size(), 1U);
  EXPECT_EQ(loads[0].held, 1000 * kMillisecond);
  ASSERT_EQ(loads[0].rates.size(), 2U);
  EXPECT_EQ(loads[0].rates[0].held, 400 * kMillisecond);
  EXPECT_DOUBLE_EQ(loads[0].in_progress(), 50 * 0.4 + 3 * 1.0);
}

}  // namespace
}  // namespace zc::check
