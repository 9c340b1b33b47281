// Rules for Prometheus: when a flow takes longer than its deadline allows for.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// A file of alerting rules in YAML, one group a flow of the package that is routed and has a deadline; empty
// when there is none. How long an alert waits, and how loud it is, follows from the flow's priority.
// docs/scheduling.md describes the series that the rules are about.
[[nodiscard]] std::string emit_alerts(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
