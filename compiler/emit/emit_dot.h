// Flows as graphs for Graphviz.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// One cluster a flow: its statements in order, branches, alternatives of decisions and answers; effects are
// drawn apart from pure steps, and each step lists what it reads and writes.
[[nodiscard]] std::string emit_dot(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
