// How many calls a target has at the same time when its declared rates are reached.

#pragma once

#include "compiler/model/timing/call_time.h"

#include <vector>

namespace zc::model {

// A rate that is declared somewhere, and the call under it that holds its target longest.
struct RatedCall {
  StepId step;
  const EffectCall* call = nullptr;
  Nanoseconds held = 0;  // by all attempts of one call
  bool is_bounded = true;

  // Little's law: calls in progress = rate x time (Little, "A Proof for the Queuing Formula L = λW", 1961).
  [[nodiscard]] double in_progress() const;
};

struct TargetLoad {
  TargetId target;
  StepId step;  // whose call holds the target longest; none when nothing calls it
  const EffectCall* call = nullptr;
  Nanoseconds held = 0;
  bool is_bounded = true;
  std::vector<RatedCall> rates;  // one a place where a rate is written

  // Of all rates together; without those that have no bound.
  [[nodiscard]] double in_progress() const;
};

// Of every target that steps call or that an `undo` calls, in the order of the program. Built-in targets are
// left out.
[[nodiscard]] std::vector<TargetLoad> compute_loads(const Program& program);

}  // namespace zc::model
