// Feeds bytes to the front end: whatever they are, it ends, with a tree and diagnostics that can be shown.

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/diagnostics/render.h"
#include "compiler/syntax/parse.h"

#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zc::SourceManager sources;
  const llvm::StringRef text(reinterpret_cast<const char*>(data), size);
  const zc::FileId file = sources.add(llvm::MemoryBuffer::getMemBufferCopy(text, "fuzz.flow"));
  zc::diagnostics::DiagnosticEngine engine(sources);
  const zc::syntax::SyntaxTree tree = zc::syntax::parse(sources, file, engine);

  std::uint32_t end = 0;
  for (const zc::syntax::Token& token : tree.tokens) {
    check(token.begin >= end && token.end >= token.begin && token.end <= size);
    end = token.end;
  }
  // What is marked erroneous was reported.
  check(!tree.has_errors || engine.has_errors());
  for (const zc::syntax::Declaration* declaration : tree.declarations) {
    check(declaration->span.file == file && declaration->span.begin <= declaration->span.end);
    check(declaration->span.end <= size);
    check(!declaration->erroneous || tree.has_errors);
  }

  llvm::raw_null_ostream nowhere;
  zc::syntax::dump_tokens(tree, sources, nowhere);
  zc::syntax::dump_ast(tree, sources, nowhere);
  const zc::diagnostics::Report report = engine.finish();
  for (const zc::diagnostics::Diagnostic& diagnostic : report.diagnostics) {
    check(!diagnostic.span.is_valid() || diagnostic.span.end <= size);
    check(!diagnostic.message.empty());
  }
  zc::diagnostics::render_text(report, sources, {}, nowhere);
  zc::diagnostics::render_json(report, sources, nowhere);
  zc::diagnostics::render_sarif(report, sources, "0", nowhere);
  return 0;
}
