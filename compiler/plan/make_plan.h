// The entry of planning.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/model/program.h"
#include "compiler/plan/plan.h"

namespace zc::plan {

// The C++ of package `package` of a program without errors. What cannot be generated yet is in
// `Plan::unsupported`; when one of those is no hint, the rest of the plan is only good for `dump_plan`.
// `sources` has its files, of which messages at run time say lines; null: they say none.
[[nodiscard]] Plan make_plan(const model::Program& program, model::PackageId package,
                             const SourceManager* sources = nullptr);

}  // namespace zc::plan
