// The entry of planning.

#pragma once

#include "compiler/model/program.h"
#include "compiler/plan/plan.h"

namespace zc::plan {

// The C++ of package `package` of a program without errors. What cannot be generated yet is in
// `Plan::unsupported`; when one of those is no hint, the rest of the plan is only good for `dump_plan`.
[[nodiscard]] Plan make_plan(const model::Program& program, model::PackageId package);

}  // namespace zc::plan
