// The resolved program as JSON, for other tools.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

// One object, keys in alphabetical order, declarations in source order:
//   {"schema": 1, "package", "doc", "imports": [name],
//    "scalars": [{"name", "base", "doc"}],
//    "enums":   [{"name", "values": [{"name", "json"}], "doc"}],
//    "structs": [{"name", "fields": [{"name", "json", "type", "required", "pii", "secret", "doc"}], "doc"}],
//    "errors":  [{"name", "status"?, "retryable", "kinds": [kind], "fields": [...], "doc"}],
//    "targets": [{"name", "adapter", "in_flight"?}],
//    "slots":   [{"name", "type", "private", "doc"}],
//    "steps":   [{"name", "kind": "extract|pure|effect|group|body", "reads": [{"slot", "optional"}],
//    "writes": [...],
//                 "fails": [error], "calls": [{"target", "operation", "access"}], "may": {"done", "need":
//                 [step], "insert": [chain], "replace": [chain]}, "doc"}],
//    "chains":  [{"name", "body": [statement]}],
//    "flows":   [{"name", "trigger": "route|slug|job|cron", "method"?, "path"?, "slug", "public",
//    "deadline_ns"?,
//                 "effects", "slots": [name], "maybe_unset": [name], "errors": [error], "body": [statement],
//                 "doc"}]}
// A statement is {"kind": "step|chain|parallel|when|each|saga|rescue|on_error|on_cancel|call|enqueue|return"}
// with, as far as they apply, "step", "chain", "flow", "status", "errors": [error] and "branches":
// [[statement]]. Names of other packages are written as in a `.flow` file, with the package's last segment in
// front.
[[nodiscard]] std::string emit_json(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
