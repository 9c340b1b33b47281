// Diagnostics as SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0).

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/render.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/JSON.h>

#include <set>

namespace zc::diagnostics {
namespace {

using llvm::json::OStream;

class SarifRenderer {
 public:
  SarifRenderer(const SourceManager& sources, OStream& json) : sources_(sources), json_(json) {}

  void render(const Report& report, llvm::StringRef tool_version) {
    for (const Diagnostic& diagnostic : report.diagnostics)
      rules_.insert(diagnostic.kind);
    json_.object([&] {
      json_.attribute("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
      json_.attribute("version", "2.1.0");
      json_.attributeArray("runs", [&] {
        json_.object([&] {
          json_.attributeObject("tool", [&] { write_driver(tool_version); });
          json_.attribute("columnKind", "unicodeCodePoints");
          json_.attributeArray("results", [&] {
            for (const Diagnostic& diagnostic : report.diagnostics)
              write_result(diagnostic);
          });
        });
      });
    });
  }

 private:
  // Our words are SARIF's.
  static llvm::StringRef level(Severity severity) { return severity_name(severity); }

  void write_driver(llvm::StringRef tool_version) {
    json_.attributeObject("driver", [&] {
      json_.attribute("name", "zerver-compile");
      json_.attribute("version", tool_version);
      json_.attributeArray("rules", [&] {
        for (const Kind kind : rules_) {
          json_.object([&] {
            json_.attribute("id", info(kind).code);
            json_.attributeObject("shortDescription", [&] { json_.attribute("text", info(kind).title); });
            if (!explanation(kind).empty()) {
              json_.attributeObject("help", [&] {
                json_.attribute("text", explanation(kind));
                json_.attribute("markdown", explanation(kind));
              });
            }
            json_.attributeObject("defaultConfiguration",
                                  [&] { json_.attribute("level", level(info(kind).severity)); });
            json_.attributeObject("properties", [&] {
              json_.attributeArray("tags", [&] { json_.value(family_name(info(kind).family)); });
            });
          });
        }
      });
    });
  }

  void write_text(llvm::StringRef key, llvm::StringRef text) {
    json_.attributeObject(key, [&] { json_.attribute("text", llvm::json::fixUTF8(text)); });
  }

  // Code points before `offset` in its line, plus one.
  [[nodiscard]] std::int64_t column(FileId file, std::uint32_t offset) const {
    const LineColumn at = sources_.line_column(file, offset);
    const llvm::StringRef before = sources_.text({file, offset - (at.column - 1), offset});
    return 1 +
           llvm::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  }

  void write_region(llvm::StringRef key, Span span) {
    json_.attributeObject(key, [&] {
      json_.attribute("startLine", sources_.line_column(span.file, span.begin).line);
      json_.attribute("startColumn", column(span.file, span.begin));
      json_.attribute("endLine", sources_.line_column(span.file, span.end).line);
      json_.attribute("endColumn", column(span.file, span.end));
    });
  }

  void write_artifact(FileId file) {
    json_.attributeObject("artifactLocation",
                          [&] { json_.attribute("uri", llvm::json::fixUTF8(sources_.name(file))); });
  }

  void write_location(Span span, llvm::StringRef text) {
    json_.object([&] {
      json_.attributeObject("physicalLocation", [&] {
        write_artifact(span.file);
        write_region("region", span);
      });
      if (!text.empty()) write_text("message", text);
    });
  }

  void write_result(const Diagnostic& diagnostic) {
    json_.object([&] {
      json_.attribute("ruleId", info(diagnostic.kind).code);
      json_.attribute("ruleIndex", std::distance(rules_.begin(), rules_.find(diagnostic.kind)));
      json_.attribute("level", level(diagnostic.severity));
      std::string text = diagnostic.message;
      for (const std::string& note : diagnostic.notes)
        text += "\nnote: " + note;
      for (const std::string& help : diagnostic.helps)
        text += "\nhelp: " + help;
      write_text("message", text);
      if (diagnostic.span.is_valid()) {
        json_.attributeArray("locations", [&] { write_location(diagnostic.span, diagnostic.primary_label); });
      }
      if (!diagnostic.labels.empty()) {
        json_.attributeArray("relatedLocations", [&] {
          for (const Label& label : diagnostic.labels)
            write_location(label.span, label.text);
        });
      }
      if (!diagnostic.fixes.empty()) {
        json_.attributeArray("fixes", [&] {
          for (const Fix& fix : diagnostic.fixes)
            write_fix(fix);
        });
      }
    });
  }

  // SARIF groups edits by file.
  void write_fix(const Fix& fix) {
    std::set<FileId> files;
    for (const Edit& edit : fix.edits)
      files.insert(edit.span.file);
    json_.object([&] {
      write_text("description", fix.description);
      json_.attributeArray("artifactChanges", [&] {
        for (const FileId file : files) {
          json_.object([&] {
            write_artifact(file);
            json_.attributeArray("replacements", [&] {
              for (const Edit& edit : fix.edits) {
                if (edit.span.file != file) continue;
                json_.object([&] {
                  write_region("deletedRegion", edit.span);
                  write_text("insertedContent", edit.replacement);
                });
              }
            });
          });
        }
      });
    });
  }

  const SourceManager& sources_;
  OStream& json_;
  std::set<Kind> rules_;
};

}  // namespace

void render_sarif(const Report& report, const SourceManager& sources, llvm::StringRef tool_version,
                  llvm::raw_ostream& out) {
  {
    OStream json(out, 2);
    SarifRenderer(sources, json).render(report, tool_version);
  }
  out << "\n";
}

}  // namespace zc::diagnostics
