// One text through the whole compiler, with everything that must hold whatever the text is.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/model/program.h"

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <string>

namespace zc::fuzz {

// Loads `text` as a file beside a `schema.sql`, with the standard library of the repository; checks it, dumps
// what can be dumped, generates everything when it has no errors, and shows the diagnostics in every form.
// Aborts when something does not hold.
class CompileRun {
 public:
  explicit CompileRun(llvm::StringRef text);

  // Without errors, and with an output.
  [[nodiscard]] bool is_accepted() const { return is_accepted_; }
  // The text with every fix that leaves no choice.
  [[nodiscard]] std::string fixed(llvm::StringRef text) const;

 private:
  void generate(const model::Program& program);
  void show(std::size_t size) const;

  SourceManager sources_;
  diagnostics::DiagnosticEngine engine_;
  diagnostics::Report report_;
  bool is_accepted_ = false;
};

}  // namespace zc::fuzz
