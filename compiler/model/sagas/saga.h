// The sagas of a flow: which of their steps are undone when one of them ends the saga, and in which order.
//
// A saga is a row of steps that each commit for themselves; when one fails, those before it are compensated
// in reverse order (Garcia-Molina and Salem, Sagas, 1987). Its steps are compensatable up to the pivot,
// behind which it only goes forward (Richardson, Microservices Patterns, 2018, chapter 4).

#pragma once

#include "compiler/model/graph/cfg.h"

#include <cstdint>
#include <vector>

namespace zc::model {

// A branch of a `parallel` block.
struct SagaBranch {
  NodeIndex fork = kNoNode;
  std::uint32_t number = 0;
};

// One use of a step inside a saga. Indices are those of `Saga::steps`, kNoIndex when there is none.
struct SagaStep {
  NodeIndex node = kNoNode;
  StepId step;
  std::vector<SagaBranch> branches;  // inside the saga, those that it stands in, outermost first
  std::vector<ErrorId> leaving;      // its errors that leave the saga
  bool writes = false;
  bool waits = false;         // the request can be cancelled or run out of time here
  bool is_retriable = false;  // every effect of it is retried, and may be

  bool is_before_pivot = false;    // some path comes here without having passed a pivot
  std::uint32_t pivot = kNoIndex;  // a pivot that some path to here has passed

  // The nearest step at which the saga can end when this one has completed, unless a pivot comes before.
  std::uint32_t ends_after = kNoIndex;
  // The nearest one, behind pivots too, at which an error ends it that no retry prevents.
  std::uint32_t fails_after = kNoIndex;
  // One in another branch of a `parallel` at which the saga can end.
  std::uint32_t ends_beside = kNoIndex;

  // Whether the saga can end here without having completed.
  [[nodiscard]] bool can_end() const { return waits || !leaving.empty(); }
};

struct Saga {
  std::uint32_t statement = kNoIndex;  // in `Cfg::statements`
  std::vector<NodeIndex> nodes;  // its part of the graph, in reverse postorder, with what handles its end
  std::vector<SagaStep> steps;   // those that are reachable, in the order of the text
};

// All sagas of the flow, outer ones before those inside them. A saga in a saga is part of the outer one as
// well; what handles its end (`on error`, `on cancel`) is not. Linear in the size of the graph times the
// nesting of sagas.
[[nodiscard]] std::vector<Saga> find_sagas(const Program& program, const Cfg& cfg);

// The sagas of a flow as text, for `--dump=plan`.
void dump_sagas(const Program& program, FlowId flow, llvm::raw_ostream& out);

}  // namespace zc::model
