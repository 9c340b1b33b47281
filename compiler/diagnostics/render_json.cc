// Diagnostics as JSON, one object a line.

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/render.h"

#include <llvm/Support/JSON.h>

namespace zc::diagnostics {
namespace {

using llvm::json::OStream;

class JsonRenderer {
 public:
  JsonRenderer(const SourceManager& sources, OStream& json) : sources_(sources), json_(json) {}

  void render(const Diagnostic& diagnostic) {
    json_.object([&] {
      json_.attribute("code", info(diagnostic.kind).code);
      json_.attribute("severity", severity_name(diagnostic.severity));
      json_.attribute("family", family_name(info(diagnostic.kind).family));
      json_.attribute("message", llvm::json::fixUTF8(diagnostic.message));
      write_span(diagnostic.span);
      if (!diagnostic.primary_label.empty())
        json_.attribute("label", llvm::json::fixUTF8(diagnostic.primary_label));
      if (!diagnostic.labels.empty()) {
        json_.attributeArray("labels", [&] {
          for (const Label& label : diagnostic.labels)
            write_label(label);
        });
      }
      write_texts("notes", diagnostic.notes);
      write_texts("helps", diagnostic.helps);
      if (!diagnostic.fixes.empty()) {
        json_.attributeArray("fixes", [&] {
          for (const Fix& fix : diagnostic.fixes)
            write_fix(fix);
        });
      }
    });
  }

 private:
  void write_place(llvm::StringRef key, FileId file, std::uint32_t offset) {
    const LineColumn at = sources_.line_column(file, offset);
    json_.attributeObject(key, [&] {
      json_.attribute("line", at.line);
      json_.attribute("column", at.column);
      json_.attribute("offset", offset);
    });
  }

  void write_span(Span span) {
    if (!span.is_valid()) return;
    json_.attribute("file", llvm::json::fixUTF8(sources_.name(span.file)));
    write_place("begin", span.file, span.begin);
    write_place("end", span.file, span.end);
  }

  void write_texts(llvm::StringRef key, llvm::ArrayRef<std::string> texts) {
    if (texts.empty()) return;
    json_.attributeArray(key, [&] {
      for (const std::string& text : texts)
        json_.value(llvm::json::fixUTF8(text));
    });
  }

  void write_label(const Label& label) {
    json_.object([&] {
      write_span(label.span);
      json_.attribute("text", llvm::json::fixUTF8(label.text));
    });
  }

  void write_fix(const Fix& fix) {
    json_.object([&] {
      json_.attribute("description", llvm::json::fixUTF8(fix.description));
      json_.attributeArray("edits", [&] {
        for (const Edit& edit : fix.edits) {
          json_.object([&] {
            write_span(edit.span);
            json_.attribute("replacement", llvm::json::fixUTF8(edit.replacement));
          });
        }
      });
    });
  }

  const SourceManager& sources_;
  OStream& json_;
};

}  // namespace

void render_json(const Report& report, const SourceManager& sources, llvm::raw_ostream& out) {
  for (const Diagnostic& diagnostic : report.diagnostics) {
    {
      OStream json(out);
      JsonRenderer(sources, json).render(diagnostic);
    }
    out << "\n";
  }
}

}  // namespace zc::diagnostics
