// Who writes and who reads each slot: the dependency map of a package.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

#include <vector>

namespace zc::model {

struct SlotUser {
  StepId step;
  bool optional = false;  // may leave it unset; copes without it
};

struct SlotUsers {
  SlotId slot;
  std::vector<SlotUser> writers, readers;  // in the order of their declarations
  std::vector<FlowId> flows;    // that read it in a statement of their own: a condition, an answer, `each`
  std::vector<FlowId> fillers;  // that write it in one: a job's parameter, the element or results of `each`
};

// The slots that the package declares, and those of others that its steps and flows use, in the order of
// their declarations. Users of other packages are left out.
[[nodiscard]] std::vector<SlotUsers> slot_map(const Program& program, PackageId package);

// A table for `--dump=slots`, for every root package.
void dump_slots(const Program& program, llvm::raw_ostream& out);

}  // namespace zc::model
