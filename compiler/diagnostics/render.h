// Turns a report into text for a terminal, JSON lines, or SARIF.

#pragma once

#include "compiler/diagnostics/engine.h"

#include <llvm/Support/raw_ostream.h>

#include <cstdint>

namespace zc {
class SourceManager;
}  // namespace zc

namespace zc::diagnostics {

enum class Format : std::uint8_t { kText, kJson, kSarif };

struct TextOptions {
  bool color = false;  // the caller decides; nothing here looks at the terminal
  std::uint32_t tab_width = 4;
};

// The source line with line number, caret and labels, then notes, helps and fixes; at the end the counts.
void render_text(const Report& report, const SourceManager& sources, const TextOptions& options,
                 llvm::raw_ostream& out);

// One object a line:
//   {"code", "severity", "family", "message",
//    "file", "begin": {"line", "column", "offset"}, "end": {...},     absent when it is about no file
//    "label"?: text, "labels"?: [{"file", "begin", "end", "text"}], "notes"?: [text], "helps"?: [text],
//    "fixes"?: [{"description", "edits": [{"file", "begin", "end", "replacement"}]}]}
// Lines and columns count from 1, columns and offsets in bytes.
void render_json(const Report& report, const SourceManager& sources, llvm::raw_ostream& out);

// One SARIF 2.1.0 log with one run; rules are those kinds that occur.
void render_sarif(const Report& report, const SourceManager& sources, llvm::StringRef tool_version,
                  llvm::raw_ostream& out);

}  // namespace zc::diagnostics
