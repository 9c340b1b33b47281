// Checks a program that a test writes as text.

#pragma once

#include "compiler/check/check.h"

#include <llvm/ADT/StringRef.h>

#include <string>
#include <vector>

namespace zc::check::test {

struct File {
  std::string path;  // "zerver/auth.flow"; imports find it by its path
  std::string text;
};

struct Checked {
  model::Program program;
  diagnostics::Report report;

  // "code line", one a diagnostic, in order; a file that is not the first with its path before it.
  [[nodiscard]] std::vector<std::string> found() const { return found_; }

  std::vector<std::string> found_;
};

// The prelude of the repository, then `files`, of which the first is the root.
[[nodiscard]] Checked check_files(const std::vector<File>& files);
// One file; `text` begins on line 1.
[[nodiscard]] Checked check_text(llvm::StringRef text);

// The flow, step or slot with this name in the root package.
[[nodiscard]] const model::Flow& flow_named(const model::Program& program, llvm::StringRef name);
[[nodiscard]] const model::Step& step_named(const model::Program& program, llvm::StringRef name);

}  // namespace zc::check::test
