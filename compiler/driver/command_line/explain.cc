// Prints the registry of diagnostics for people.

#include "compiler/driver/command_line/explain.h"

#include <cstddef>
#include <cstdint>

namespace zc::driver {
namespace {

using diagnostics::Family;
using diagnostics::Kind;
using diagnostics::KindInfo;

// The explanation below `heading`, which takes the place of its own; its other headings go as many levels
// down.
void print_entry(Kind kind, llvm::StringRef heading, llvm::raw_ostream& out) {
  const KindInfo& info = diagnostics::info(kind);
  out << heading << " `" << info.code << "`\n\n"
      << diagnostics::severity_name(info.severity) << ", " << diagnostics::family_name(info.family) << ": "
      << info.title << '\n';
  bool is_code = false;
  llvm::StringRef rest = diagnostics::explanation(kind).split('\n').second.rtrim();
  while (!rest.empty()) {
    const auto [line, next] = rest.split('\n');
    if (line.starts_with("```")) is_code = !is_code;
    if (!is_code && line.starts_with("#")) out << heading.drop_front();
    out << line << '\n';
    rest = next;
  }
}

}  // namespace

void print_explanation(Kind kind, llvm::raw_ostream& out) { print_entry(kind, "#", out); }

void print_all_explanations(llvm::raw_ostream& out) {
  out << "# Diagnostics\n\n"
         "<!-- Written by `tools/update_goldens` from `zerver-compile --explain all`. -->\n\n"
         "Everything that `zerver-compile` reports, by family. A code is stable: it keeps its meaning. "
         "`zerver-compile --explain CODE` prints an entry.\n\n"
         "`-Werror` makes warnings errors, `-Werror=CODE` one of them or a family, `-Wno-CODE` turns one "
         "off, and a "
         "comment silences one place:\n\n"
         "```flow\n"
         "// zerver: allow(unused-slot): filled by the next release\n"
         "```\n";
  for (auto family = static_cast<std::uint8_t>(Family::kSyntax);
       family <= static_cast<std::uint8_t>(Family::kDriver); ++family) {
    bool is_first = true;
    for (std::size_t i = 0; i != diagnostics::kind_count(); ++i) {
      const auto kind = static_cast<Kind>(i);
      if (diagnostics::info(kind).family != static_cast<Family>(family)) continue;
      if (is_first) out << "\n## Family " << diagnostics::family_name(static_cast<Family>(family)) << '\n';
      is_first = false;
      out << '\n';
      print_entry(kind, "###", out);
    }
  }
}

}  // namespace zc::driver
