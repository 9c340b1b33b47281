// What is undone when a saga ends early.

#pragma once

#include "compiler/model/sagas/saga.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zc::model {

// One `undo` that runs.
struct Compensation {
  std::uint32_t step = 0;    // in `Saga::steps`
  bool is_certain = true;    // it has completed on every path; else the undo runs if it has
  bool is_repeated = false;  // in a loop: once for each run that has completed
};

// Which steps have completed where, forward over the saga's part of the graph. What it is made of outlives
// it.
class Compensations {
 public:
  Compensations(const Program& program, const Cfg& cfg, const Saga& saga);

  // What is undone when the saga ends at `step` of `Saga::steps`, in the order in which the undos run;
  // nothing behind the pivot, and nothing where the saga cannot end. Steps that ran side by side are undone
  // in the reverse of the order in which they completed.
  [[nodiscard]] std::vector<Compensation> at(std::uint32_t step) const;

 private:
  [[nodiscard]] const Step& declared(const SagaStep& step) const { return program_.steps[step.step]; }
  void enter(std::size_t at);
  void complete(NodeIndex node, llvm::BitVector& may, llvm::BitVector& must) const;

  const Program& program_;
  const Cfg& cfg_;
  const Saga& saga_;
  unsigned size_;
  llvm::DenseMap<NodeIndex, std::size_t> local_;  // in `Saga::nodes`
  llvm::DenseMap<NodeIndex, std::uint32_t> step_at_;
  std::vector<llvm::BitVector> may_, must_;  // by local node, before it
};

}  // namespace zc::model
