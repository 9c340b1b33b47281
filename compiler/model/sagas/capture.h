// Which slots a step of a saga leaves in the journal, for whoever settles the saga without its flow.

#pragma once

#include "compiler/model/program.h"

#include <vector>

namespace zc::model {

struct Capture {
  std::vector<SlotId> slots;  // in the order in which they are mentioned
  bool needs_result = false;  // the undo reads what the step writes
  bool has_redo = false;      // its effect may be run again, to learn how it has ended
};

// What the `undo` reads; and what the effect itself reads, when it may be repeated and none of that is
// declared as secret.
[[nodiscard]] Capture capture_of(const Program& program, const Step& step);

}  // namespace zc::model
