// What one worker knows about one flow.
#pragma once

#include <zerver/core/counter.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/budget.h>
#include <zerver/server/scheduling.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace zerver::server {

// Written by the worker's thread, counters read by any.
class FlowLoad {
 public:
  // Reading the clock twice costs more than a small flow: so the first runs are measured, all runs of a flow
  // that takes long, and a few of all others.
  bool is_to_be_measured() noexcept {
    return runs_++ % kSample == 0 || runs_ <= kSample || mean_ > kMeasureAlways;
  }
  void note_run(Duration time) noexcept {
    // The mean forgets: each run counts an eighth.
    mean_ =
        mean_ == Duration{} ? time : Duration{mean_.nanoseconds + (time.nanoseconds - mean_.nanoseconds) / 8};
    longest_run.raise_to(static_cast<std::uint64_t>(time.nanoseconds < 0 ? 0 : time.nanoseconds));
  }
  // Of one run, without waiting.
  Duration mean() const noexcept { return mean_; }

  // From an answer to the deadline of its request; negative when it came too late.
  void note_slack(Duration slack) noexcept {
    if (slack < Duration{}) {
      missed.add();
    } else {
      slack_lost_.raise_to(kMuch - static_cast<std::uint64_t>(slack.nanoseconds));
    }
  }
  void add_to(FlowStats& stats) const noexcept {
    stats.begun += begun.value();
    stats.refused += refused.value();
    stats.degraded += degraded.value();
    stats.missed += missed.value();
    stats.overruns += overruns.value();
    stats.arena_peak = std::max(stats.arena_peak, arena_peak.value());
    stats.longest_run = std::max(stats.longest_run, Duration{static_cast<std::int64_t>(longest_run.value())});
    stats.least_slack =
        std::min(stats.least_slack, Duration{static_cast<std::int64_t>(kMuch - slack_lost_.value())});
  }

  flow::RetryBudget* retry_budget = nullptr;  // of the flow, for all workers; null: unbounded
  Counter begun;
  Counter refused;
  Counter degraded;
  Counter missed;
  Counter overruns;
  Counter arena_peak;
  Counter longest_run;  // nanoseconds
 private:
  static constexpr std::uint64_t kMuch = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint32_t kSample = 64;
  static constexpr Duration kMeasureAlways = Duration::from_microseconds(20);

  Counter slack_lost_;  // nanoseconds of kMuch that the least slack had not
  std::uint32_t runs_ = 0;
  Duration mean_;
};

}  // namespace zerver::server
