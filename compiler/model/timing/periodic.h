// Whether the crons of a program can all keep their schedules on one worker: an admission test.

#pragma once

#include "compiler/model/timing/call_time.h"

#include <llvm/ADT/ArrayRef.h>

#include <optional>
#include <vector>

namespace zc::model {

// The shortest time between two runs, which may be those of two days in a row: days that are left out only
// make it longer.
[[nodiscard]] Nanoseconds shortest_period(const Schedule& schedule);

// A cron as a task of scheduling theory.
struct PeriodicTask {
  FlowId flow;
  Nanoseconds period = 0;
  Nanoseconds computes = 0;          // of one run, on its worker
  std::optional<Nanoseconds> waits;  // of one run, for effects; none: no bound is known
  Overlap overlap = Overlap::kSkip;  // kAllow: it need not be over before it comes again
};

// Those that say what they compute, in the order of the program. Crons of packages that are imported count
// as well: they run in the same program.
[[nodiscard]] std::vector<PeriodicTask> periodic_tasks(const Program& program);

struct Admission {
  // Of one worker, the sum of computes / period (Liu and Layland, 1973). Above 1 no order of runs helps,
  // and nothing is bounded.
  double utilisation = 0;
  // By task, a bound on the time from when a run is due to its end; none when there is no such bound.
  std::vector<std::optional<Nanoseconds>> responses;
};

// Response-time analysis that holds in whatever order runs get their turn: a run is over when it has waited
// for its effects, has computed, and so has everything else that could come before or meanwhile. What waits
// for effects in between can be late by as much as it waits, which counts as release jitter (Audsley et al.,
// "Applying new scheduling theory to static priority pre-emptive scheduling", 1993; Chen et al., "Many
// suspensions, many problems", 2019). Pure.
[[nodiscard]] Admission admit(llvm::ArrayRef<PeriodicTask> tasks);

}  // namespace zc::model
