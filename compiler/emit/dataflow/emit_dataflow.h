// The report for an auditor: where labelled data leaves a package, and what lets it.

#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::emit {

struct DataflowReport {
  std::string markdown;  // for people
  std::string json;      // the same facts for tools: docs/data_protection.md describes them
};

// Of the flows of one package. Names no place in a file, so that the report changes only when the data does.
[[nodiscard]] DataflowReport emit_dataflow(const model::Program& program, model::PackageId package);

}  // namespace zc::emit
