// The admission test of crons, against figures by hand and against schedules that are played through.
#include "compiler/model/timing/periodic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <list>
#include <optional>
#include <random>
#include <vector>

namespace zc::check {
namespace {

using model::Admission;
using model::admit;
using model::Nanoseconds;
using model::Overlap;
using model::PeriodicTask;
using ::testing::ElementsAre;
using ::testing::Optional;

PeriodicTask task(Nanoseconds period, Nanoseconds computes, std::optional<Nanoseconds> waits = 0,
                  Overlap overlap = Overlap::kSkip) {
  PeriodicTask result;
  result.period = period;
  result.computes = computes;
  result.waits = waits;
  result.overlap = overlap;
  return result;
}

TEST(Admission, OneByItselfTakesWhatItComputesAndWaits) {
  const Admission admission = admit({task(100, 10, 30)});
  EXPECT_DOUBLE_EQ(admission.utilisation, 0.1);
  EXPECT_THAT(admission.responses, ElementsAre(Optional(Nanoseconds{40})));
}

TEST(Admission, OthersComeBeforeAndMeanwhile) {
  // The short one waits for the long one; the long one for two of the short ones, one of which was late.
  const Admission admission = admit({task(10, 2), task(100, 5)});
  EXPECT_DOUBLE_EQ(admission.utilisation, 0.25);
  EXPECT_THAT(admission.responses, ElementsAre(Optional(Nanoseconds{7}), Optional(Nanoseconds{9})));
}

TEST(Admission, MoreThanThereIsHasNoBound) {
  const Admission admission = admit({task(10, 6), task(20, 10)});
  EXPECT_GT(admission.utilisation, 1);
  EXPECT_THAT(admission.responses, ElementsAre(std::nullopt, std::nullopt));
}

TEST(Admission, WhatWaitsForEverHasNoBoundAndCountsForTheOthers) {
  const Admission admission = admit({task(100, 10, std::nullopt), task(100, 5)});
  EXPECT_THAT(admission.responses, ElementsAre(std::nullopt, Optional(Nanoseconds{25})));
}

// Plays runs through on one processor that interrupts nothing, where each run computes in pieces between its
// waits, and whose turn it is is drawn. Returns the longest time from due to over, by task.
class Schedule {
 public:
  Schedule(const std::vector<PeriodicTask>& tasks, std::mt19937& random)
      : tasks_(tasks), random_(random), longest_(tasks.size()) {
    for (const PeriodicTask& each : tasks)
      next_.push_back(below(each.period));
  }

  std::vector<Nanoseconds> play(Nanoseconds end) {
    for (Nanoseconds now = 0; now < end; ++now) {
      release(now);
      for (Run& run : runs_)
        if (run.pause > 0 && --run.pause == 0 && run.computes == 0) finish(run, now);
      if (current_ == nullptr) choose();
      if (current_ != nullptr) compute(now);
      runs_.remove_if([](const Run& run) { return run.over; });
    }
    return longest_;
  }

 private:
  struct Run {
    std::size_t task;
    Nanoseconds due;
    Nanoseconds computes, waits;  // left
    Nanoseconds pause = 0;        // until it can go on
    bool over = false;
  };

  Nanoseconds below(Nanoseconds bound) { return random_() % bound; }
  void release(Nanoseconds now) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (next_[i] != now) continue;
      next_[i] += tasks_[i].period + (below(4) == 0 ? below(3) : 0);  // periods are the shortest ones
      const bool busy =
          std::any_of(runs_.begin(), runs_.end(), [&](const Run& run) { return run.task == i; });
      if (busy && tasks_[i].overlap == Overlap::kSkip) continue;
      runs_.push_back({i, now, tasks_[i].computes, *tasks_[i].waits});
    }
  }
  void choose() {
    std::vector<Run*> ready;
    for (Run& run : runs_)
      if (run.pause == 0 && !run.over) ready.push_back(&run);
    if (ready.empty()) return;
    current_ = ready[below(ready.size())];
    piece_ = 1 + below(current_->computes);
  }
  void compute(Nanoseconds now) {
    Run& run = *current_;
    --run.computes;
    if (--piece_ != 0) return;
    current_ = nullptr;
    if (run.waits != 0) {
      const Nanoseconds pause = run.computes == 0 ? run.waits : 1 + below(run.waits);
      run.waits -= pause;
      run.pause = pause + 1;  // this moment is over when the next one begins
    } else if (run.computes == 0) {
      finish(run, now + 1);
    }
  }
  void finish(Run& run, Nanoseconds now) {
    run.over = true;
    longest_[run.task] = std::max(longest_[run.task], now - run.due);
  }

  const std::vector<PeriodicTask>& tasks_;
  std::mt19937& random_;
  std::vector<Nanoseconds> longest_;
  std::vector<Nanoseconds> next_;
  std::list<Run> runs_;
  Run* current_ = nullptr;
  Nanoseconds piece_ = 0;  // left of what is computed at a stretch
};

TEST(Admission, NoScheduleTakesLongerThanItsBound) {
  std::mt19937 random(1);
  std::size_t bounded = 0;
  std::size_t tight = 0;
  for (int set = 0; set < 300; ++set) {
    std::vector<PeriodicTask> tasks;
    const std::size_t count = 1 + random() % 4;
    for (std::size_t i = 0; i < count; ++i) {
      const Nanoseconds period = 8 + random() % 60;
      tasks.push_back(task(period, 1 + random() % 6, random() % 10,
                           random() % 3 == 0 ? Overlap::kAllow : Overlap::kSkip));
    }
    const Admission admission = admit(tasks);
    if (!std::all_of(admission.responses.begin(), admission.responses.end(),
                     [](const auto& response) { return response.has_value(); }))
      continue;
    ++bounded;
    for (int schedule = 0; schedule < 20; ++schedule) {
      const std::vector<Nanoseconds> longest = Schedule(tasks, random).play(2'000);
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_LE(longest[i], *admission.responses[i]) << "set " << set << ", task " << i;
        tight += longest[i] == *admission.responses[i] ? 1 : 0;
      }
    }
  }
  // The bound would show nothing if there were none, or if nothing came near it.
  EXPECT_GT(bounded, 100U);
  EXPECT_GT(tight, 100U);
}

}  // namespace
}  // namespace zc::check
