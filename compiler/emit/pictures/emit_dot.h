// Graphs for Graphviz.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// One cluster a flow, made from its control-flow graph: steps with what they read, write and fail with; grey
// edges for control, blue ones for slots from the step that writes to the step that reads, dashed ones to the
// targets that effects talk to; groups as clusters with their join.
[[nodiscard]] std::string emit_flow_dot(const model::Program& program, model::PackageId package);

// Who writes which slot and who reads it, over all flows of the package: steps left and right of the slots.
[[nodiscard]] std::string emit_slot_dot(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
