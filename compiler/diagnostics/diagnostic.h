// One finding of the compiler, as a value.

#pragma once

#include "compiler/base/span.h"
#include "compiler/diagnostics/kinds.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/Twine.h>

#include <string>
#include <utility>
#include <vector>

namespace zc::diagnostics {

// A second place that is involved: "slot first written here".
struct Label {
  Span span;
  std::string text;

  friend bool operator==(const Label&, const Label&) = default;
};

// Replaces the bytes of `span`; an empty span inserts.
struct Edit {
  Span span;
  std::string replacement;

  friend bool operator==(const Edit&, const Edit&) = default;
};

// A mechanical repair: all edits together make one change. `description` reads after "fix: ".
struct Fix {
  std::string description;
  std::vector<Edit> edits;

  friend bool operator==(const Fix&, const Fix&) = default;
};

// Filled through the chain of `DiagnosticEngine::report`:
//
//   engine.report(Kind::kUnknownSlot, name.span, name.text)
//       .label("no slot has this name")
//       .secondary(step.span, "in this step")
//       .help("did you mean `draft`?")
//       .fix("write `draft`", name.span, "draft");
//
// Text style: lower case, no full stop, code in backticks; what was seen, the rule, a hint.
struct Diagnostic {
  Kind kind{};
  Severity severity = Severity::kError;
  Span span;  // nowhere when the diagnostic is about no file
  std::string message;
  std::string primary_label;
  std::vector<Label> labels;
  std::vector<std::string> notes;
  std::vector<std::string> helps;
  std::vector<Fix> fixes;

  // Text beside the caret of the primary span.
  Diagnostic& label(const llvm::Twine& text) {
    primary_label = text.str();
    return *this;
  }
  Diagnostic& secondary(Span place, const llvm::Twine& text) {
    labels.push_back({place, text.str()});
    return *this;
  }
  // A fact that explains the finding.
  Diagnostic& note(const llvm::Twine& text) {
    notes.push_back(text.str());
    return *this;
  }
  // What the user could do about it.
  Diagnostic& help(const llvm::Twine& text) {
    helps.push_back(text.str());
    return *this;
  }
  Diagnostic& fix(const llvm::Twine& description, Span place, llvm::StringRef replacement) {
    fixes.push_back({description.str(), {{place, replacement.str()}}});
    return *this;
  }
  Diagnostic& fix(const llvm::Twine& description, std::vector<Edit> edits) {
    fixes.push_back({description.str(), std::move(edits)});
    return *this;
  }

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

}  // namespace zc::diagnostics
