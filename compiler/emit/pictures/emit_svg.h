// Flows as a picture that needs no other tool.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// One score a flow, below each other: a row for each statement, indented in its block; beside it the effect
// with its policy, a lane for each slot with a mark where it is written and read, and the errors. Brackets
// hold what belongs to a block. A browser shows it in the reader's light or dark colours. SVG 1.1, no script,
// no outside reference.
[[nodiscard]] std::string emit_flow_svg(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
