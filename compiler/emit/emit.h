// The entry of the last stage: a checked program becomes files.

#pragma once

#include "compiler/diagnostics/engine.h"
#include "compiler/emit/templates.h"
#include "compiler/model/program.h"

#include <llvm/Support/Error.h>

#include <string>
#include <vector>

namespace zc::emit {

// What to produce; each member is a word of `--emit`.
struct Products {
  bool cpp = false;       // <package>.flow.h and <package>.flow.cc of every root package
  bool main = false;      // zerver_main.cc, which serves every root package
  bool dot = false;       // <package>.flow.dot: the flows as graphs; <package>.slots.dot: who uses which slot
  bool json = false;      // <package>.flow.json: the resolved package, see json/emit_json.h
  bool svg = false;       // <package>.flow.svg: the flows as a picture, see pictures/emit_svg.h
  bool dataflow = false;  // <package>.dataflow.md and .json: where labelled data leaves
  bool alerts =
      false;  // <package>.alerts.yml, of packages whose flows have deadlines: see alerts/emit_alerts.h
  bool proto = false;  // <package>.proto, of packages that call services of gRPC: see proto/emit_proto.h
  // A header with `void register_adapters(zerver::effects::Registry&)`, which zerver_main.cc includes under
  // this name and hands to the server. Empty: none.
  std::string adapters = {};

  friend bool operator==(const Products&, const Products&) = default;
};

// `path` is relative to the output folder: the package's `output_path` and an extension.
struct OutputFile {
  std::string path;
  std::string text;
};

// The files of the root packages of `program`, ordered by path, the same bytes for the same input. `program`
// has no errors. What cannot be generated yet is reported to `diagnostics` (family `emit`): the answer is
// empty then. The error is one of the templates (unknown key, syntax): a matter of the environment, not of
// the input.
llvm::Expected<std::vector<OutputFile>> emit(const model::Program& program, const Products& products,
                                             const Templates& templates,
                                             diagnostics::DiagnosticEngine& diagnostics);

}  // namespace zc::emit
