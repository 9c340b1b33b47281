// Parses text in tests.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/diagnostics/render.h"
#include "compiler/syntax/parse.h"

#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>

#include <string>
#include <vector>

namespace zc::syntax {

// A file that was parsed, and what was reported.
struct Parsed {
  explicit Parsed(llvm::StringRef text)
      : file(sources.add(llvm::MemoryBuffer::getMemBufferCopy(text, "test.flow"))),
        engine(sources),
        tree(parse(sources, file, engine)),
        report(engine.finish()) {}

  SourceManager sources;
  FileId file;
  diagnostics::DiagnosticEngine engine;
  SyntaxTree tree;
  diagnostics::Report report;

  [[nodiscard]] std::string dump() const {
    std::string text;
    llvm::raw_string_ostream out(text);
    dump_ast(tree, sources, out);
    return text;
  }

  [[nodiscard]] std::string tokens() const {
    std::string text;
    llvm::raw_string_ostream out(text);
    dump_tokens(tree, sources, out);
    return text;
  }

  // "line:column code: message" of each.
  [[nodiscard]] std::vector<std::string> findings() const {
    std::vector<std::string> lines;
    for (const diagnostics::Diagnostic& diagnostic : report.diagnostics) {
      const LineColumn at = sources.begin_of(diagnostic.span);
      lines.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + " " +
                      diagnostics::info(diagnostic.kind).code.str() + ": " + diagnostic.message);
    }
    return lines;
  }
};

// The tree of text without errors; the first finding when there is one.
inline std::string dump_of(llvm::StringRef text) {
  const Parsed parsed(text);
  return parsed.report.diagnostics.empty() ? parsed.dump() : parsed.findings().front();
}

inline std::vector<std::string> findings_of(llvm::StringRef text) { return Parsed(text).findings(); }

}  // namespace zc::syntax
