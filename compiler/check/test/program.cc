// Loads the files of a test from memory.

#include "compiler/check/test/program.h"

#include "compiler/base/source_manager.h"
#include "compiler/syntax/parse.h"

#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBuffer.h>

#include <stdexcept>
#include <utility>

namespace zc::check::test {

namespace {

std::string import_path(const syntax::ImportDeclaration& import) {
  std::string path;
  for (const syntax::Name& segment : import.path.segments)
    path += (path.empty() ? "" : "/") + segment.text.str();
  return path + ".flow";
}

}  // namespace

Checked check_files(const std::vector<File>& files) {
  SourceManager sources;
  diagnostics::DiagnosticEngine engine(sources);
  std::vector<LoadedFile> loaded(files.size() + 1);
  const FileId prelude = llvm::cantFail(sources.load(ZERVER_SOURCE_DIR "/runtime/std/zerver.flow"));
  loaded[0].path = "zerver.flow";
  loaded[0].is_prelude = true;
  loaded[0].tree = syntax::parse(sources, prelude, engine);
  for (std::size_t i = 0; i < files.size(); ++i) {
    LoadedFile& file = loaded[i + 1];
    file.path = files[i].path;
    file.is_root = i == 0;
    file.tree = syntax::parse(sources, llvm::cantFail(sources.add(files[i].path, files[i].text)), engine);
    for (const syntax::Declaration* declaration : file.tree.declarations) {
      const auto* import = llvm::dyn_cast<syntax::ImportDeclaration>(declaration);
      if (import == nullptr) continue;
      file.imports.emplace_back();
      for (std::size_t target = 0; target < files.size(); ++target) {
        if (files[target].path == import_path(*import)) file.imports.back() = target + 1;
      }
    }
  }
  Checked result;
  result.program = check(loaded, engine);
  result.report = engine.finish();
  for (const diagnostics::Diagnostic& diagnostic : result.report.diagnostics) {
    std::string text = diagnostics::info(diagnostic.kind).code.str() + " " +
                       std::to_string(sources.begin_of(diagnostic.span).line);
    const llvm::StringRef name = sources.name(diagnostic.span.file);
    result.found_.push_back(name == files.front().path ? text : name.str() + " " + text);
  }
  return result;
}

Checked check_text(llvm::StringRef text) { return check_files({{"test.flow", text.str()}}); }

const model::Flow& flow_named(const model::Program& program, llvm::StringRef name) {
  for (const model::Flow& flow : program.flows) {
    if (flow.origin.name == name) return flow;
  }
  throw std::out_of_range("no flow " + name.str());
}

const model::Step& step_named(const model::Program& program, llvm::StringRef name) {
  for (const model::Step& step : program.steps) {
    if (step.origin.name == name) return step;
  }
  throw std::out_of_range("no step " + name.str());
}

}  // namespace zc::check::test
