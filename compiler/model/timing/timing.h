// How long a flow can wait: the longest path through its graph, as a value for checks, dumps and tools.

#pragma once

#include "compiler/model/graph/cfg.h"
#include "compiler/model/timing/call_time.h"

#include <cstdint>
#include <vector>

namespace zc::model {

// A call on the longest path. Points into the program.
struct TimedCall {
  StepId step;
  Span use;  // the statement of the flow
  const EffectCall* call = nullptr;
  CallTime time;
  const Group* group = nullptr;  // the step's, when the call is a member
  std::uint64_t times = 1;       // so often one after the other: rounds of `each`
  bool fails = false;            // the path leaves the step with an error

  [[nodiscard]] Nanoseconds total() const { return multiply_time(time.worst(), times); }
};

// What undoing a saga takes at most: the `undo` of the writes that are completed when a later statement fails
// or is cut off, in the order in which they are undone. No deadline bounds it.
struct SagaTiming {
  const Statement* statement = nullptr;
  Nanoseconds worst = 0;  // of the calls with a bound
  std::vector<TimedCall> undos;
  bool is_bounded = true;
};

// Waiting time is that of effects. Steps in C++, expressions, `enqueue`, the targets `clock` and `random`
// take none; nor do `on cancel` and the compensation of sagas, for which no client waits. Errors go to their
// handlers; `parallel` ends when all branches have, also when one fails; `each` runs in rounds of as many
// elements as are parallel.
struct FlowTiming {
  Nanoseconds worst = 0;        // of `path`; `kForever` when the sum is beyond that
  std::vector<TimedCall> path;  // the longest: the calls that wait, in order, without those without a bound
  std::vector<TimedCall> unbounded;  // calls without a timeout on which some path depends
  bool has_unbounded_each = false;   // an `each` without `max` is counted as one round
  // Of the shortest path that answers, where every first attempt answers at the last moment; `kForever` when
  // each such path has a call without a bound.
  Nanoseconds best = 0;
  std::vector<SagaTiming> sagas;  // the outermost ones that have something to undo, in the order of the text

  // Else the flow can wait for ever, and `worst` is the part that has a bound.
  [[nodiscard]] bool is_bounded() const { return unbounded.empty() && !has_unbounded_each; }
};

// Pure. Linear in the size of the flow, times the nesting of its blocks.
[[nodiscard]] FlowTiming compute_timing(const Program& program, const Cfg& cfg);
[[nodiscard]] FlowTiming compute_timing(const Program& program, FlowId flow);

}  // namespace zc::model
