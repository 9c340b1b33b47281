// Diagnostics for a terminal: the source line, carets, labels.

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/render.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/ConvertUTF.h>
#include <llvm/Support/Format.h>
#include <llvm/Support/Unicode.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

namespace zc::diagnostics {
namespace {

constexpr llvm::StringRef kReset = "\x1b[0m";
constexpr llvm::StringRef kBold = "\x1b[1m";
constexpr llvm::StringRef kRed = "\x1b[1;31m";
constexpr llvm::StringRef kYellow = "\x1b[1;33m";
constexpr llvm::StringRef kBlue = "\x1b[1;34m";
constexpr llvm::StringRef kCyan = "\x1b[1;36m";

// Of a longer line, this many bytes around the first label are shown.
constexpr std::size_t kBytesBefore = 60;
constexpr std::size_t kBytesShown = 180;

constexpr llvm::StringRef kReplacement = "\xEF\xBF\xBD";

struct Mark {
  Span span;
  llvm::StringRef text;
  bool is_primary = false;
};

// The bytes at the front of `text` that make one character, and how it is shown.
struct Glyph {
  std::size_t bytes = 1;
  std::string shown;
  std::size_t width = 1;
};

Glyph take_glyph(llvm::StringRef text, std::size_t column, std::uint32_t tab_width) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first == '\t') {
    const std::size_t width = tab_width - column % tab_width;
    return {1, std::string(width, ' '), width};
  }
  if (first < 0x80) {
    // Control characters could play tricks on the terminal.
    return {1, first < 0x20 || first == 0x7F ? kReplacement.str() : std::string(1, text.front()), 1};
  }
  const std::size_t bytes = llvm::getNumBytesForUTF8(first);
  const auto* begin = reinterpret_cast<const llvm::UTF8*>(text.bytes_begin());
  const bool is_whole = bytes <= text.size() && llvm::isLegalUTF8Sequence(begin, begin + bytes);
  const llvm::StringRef character = is_whole ? text.take_front(bytes) : llvm::StringRef();
  const int width = is_whole ? llvm::sys::unicode::columnWidthUTF8(character) : -1;
  if (width < 0) return {is_whole ? bytes : 1, kReplacement.str(), 1};
  return {bytes, character.str(), static_cast<std::size_t>(width)};
}

std::size_t count_digits(std::uint32_t number) { return llvm::utostr(number).size(); }

class TextRenderer {
 public:
  TextRenderer(const SourceManager& sources, const TextOptions& options, llvm::raw_ostream& out)
      : sources_(sources), options_(options), out_(out) {}

  void render(const Diagnostic& diagnostic) {
    const llvm::StringRef color = diagnostic.severity == Severity::kError ? kRed : kYellow;
    paint(color, severity_name(diagnostic.severity).str() + "[" + info(diagnostic.kind).code.str() + "]");
    paint(kBold, ": " + printable(diagnostic.message));
    out_ << "\n";

    gutter_ = 1;
    std::vector<Mark> marks = marks_of(diagnostic);
    for (const Mark& mark : marks) {
      gutter_ = std::max(gutter_, count_digits(sources_.begin_of(mark.span).line));
    }
    render_marks(marks, color);
    for (const std::string& note : diagnostic.notes)
      render_remark("note", note);
    for (const std::string& help : diagnostic.helps)
      render_remark("help", help);
    for (const Fix& fix : diagnostic.fixes)
      render_remark("fix", fix.description);
    out_ << "\n";
  }

  void render_summary(const Report& report) {
    const auto count = [](std::size_t number, llvm::StringRef noun) {
      return llvm::utostr(number) + " " + noun.str() + (number == 1 ? "" : "s");
    };
    if (report.error_count == 0 && report.warning_count == 0) return;
    llvm::SmallVector<std::string, 2> counts;
    if (report.error_count != 0) counts.push_back(count(report.error_count, "error"));
    if (report.warning_count != 0) counts.push_back(count(report.warning_count, "warning"));
    out_ << llvm::join(counts, ", ");
    if (report.dropped_count != 0) out_ << " (" << report.dropped_count << " not shown)";
    out_ << "\n";
  }

 private:
  void paint(llvm::StringRef color, llvm::StringRef text) {
    if (!options_.color) {
      out_ << text;
      return;
    }
    out_ << color << text << kReset;
  }

  // Messages quote the source, whatever it holds.
  [[nodiscard]] std::string printable(llvm::StringRef text) const {
    std::string shown;
    while (!text.empty()) {
      if (text.consume_front("\n")) {
        shown += "\n";
        continue;
      }
      const Glyph glyph = take_glyph(text, 0, options_.tab_width);
      shown += glyph.shown;
      text = text.drop_front(glyph.bytes);
    }
    return shown;
  }

  // The primary place first, then those in its file, then other files, each in source order.
  [[nodiscard]] static std::vector<Mark> marks_of(const Diagnostic& diagnostic) {
    std::vector<Mark> marks;
    for (const Label& label : diagnostic.labels) {
      if (label.span.is_valid()) marks.push_back({label.span, label.text, false});
    }
    if (diagnostic.span.is_valid()) marks.push_back({diagnostic.span, diagnostic.primary_label, true});
    const FileId first = diagnostic.span.file;
    llvm::sort(marks, [&](const Mark& left, const Mark& right) {
      const auto key = [&](const Mark& mark) {
        return std::tuple(mark.span.file != first, mark.span, !mark.is_primary, mark.text);
      };
      return key(left) < key(right);
    });
    return marks;
  }

  void render_marks(const std::vector<Mark>& marks, llvm::StringRef color) {
    FileId file;
    std::uint32_t last_line = 0;
    for (std::size_t index = 0; index < marks.size();) {
      const std::uint32_t line = sources_.begin_of(marks[index].span).line;
      std::size_t end = index;
      while (end < marks.size() && marks[end].span.file == marks[index].span.file &&
             sources_.begin_of(marks[end].span).line == line) {
        ++end;
      }
      const llvm::ArrayRef<Mark> in_line = llvm::ArrayRef(marks).slice(index, end - index);
      if (marks[index].span.file != file) {
        file = marks[index].span.file;
        render_location(header_mark(marks, file), index == 0);
      } else if (line > last_line + 1) {
        out_ << std::string(gutter_ - std::min<std::size_t>(gutter_, 1), ' ');
        paint(kBlue, " ...");
        out_ << "\n";
      }
      render_line(in_line, line, color);
      last_line = line;
      index = end;
    }
  }

  // What the location line of a file points to.
  [[nodiscard]] static const Mark& header_mark(const std::vector<Mark>& marks, FileId file) {
    const auto in_file = [&](const Mark& mark) { return mark.span.file == file; };
    const auto primary = llvm::find_if(marks, [](const Mark& mark) { return mark.is_primary; });
    return primary != marks.end() && in_file(*primary) ? *primary : *llvm::find_if(marks, in_file);
  }

  void render_location(const Mark& mark, bool is_first) {
    const LineColumn at = sources_.begin_of(mark.span);
    out_ << std::string(gutter_, ' ');
    paint(kBlue, is_first ? "--> " : "::: ");
    out_ << sources_.name(mark.span.file) << ":" << at.line << ":" << at.column << "\n";
    out_ << std::string(gutter_ + 1, ' ');
    paint(kBlue, "|");
    out_ << "\n";
  }

  void render_line(llvm::ArrayRef<Mark> marks, std::uint32_t line, llvm::StringRef color) {
    const FileId file = marks.front().span.file;
    const llvm::StringRef text = sources_.line_text(file, line);
    const std::uint32_t line_begin = sources_.line_begin(file, line);
    const std::size_t first = std::min<std::size_t>(marks.front().span.begin - line_begin, text.size());
    const bool is_cut = text.size() > kBytesShown;
    const std::size_t from = is_cut && first > kBytesBefore ? first - kBytesBefore : 0;
    const std::size_t to = std::min(from + kBytesShown, text.size());

    // `columns[i]`: where byte `from + i` is shown.
    std::string shown = from > 0 ? "..." : "";
    std::size_t column = shown.size();
    std::vector<std::size_t> columns;
    for (llvm::StringRef rest = text.slice(from, to); !rest.empty();) {
      const Glyph glyph = take_glyph(rest, column, options_.tab_width);
      columns.insert(columns.end(), glyph.bytes, column);
      shown += glyph.shown;
      column += glyph.width;
      rest = rest.drop_front(glyph.bytes);
    }
    columns.push_back(column);
    if (to < text.size()) shown += "...";

    const std::string number = llvm::utostr(line);
    paint(kBlue, std::string(gutter_ - number.size(), ' ') + number + " |");
    out_ << (shown.empty() ? "" : " ") << llvm::StringRef(shown).rtrim() << "\n";
    const auto column_of = [&](std::size_t offset) { return columns[std::clamp(offset, from, to) - from]; };
    for (const Mark& mark : marks) {
      const std::size_t begin = column_of(mark.span.begin - line_begin);
      const std::size_t end = column_of(mark.span.end - line_begin);
      render_caret(mark, begin, std::max<std::size_t>(1, end > begin ? end - begin : 0), color);
    }
  }

  void render_caret(const Mark& mark, std::size_t column, std::size_t width, llvm::StringRef color) {
    out_ << std::string(gutter_ + 1, ' ');
    paint(kBlue, "|");
    out_ << std::string(column + 1, ' ');
    const std::string caret(width, mark.is_primary ? '^' : '-');
    const std::string text = mark.text.empty() ? "" : " " + printable(mark.text);
    paint(mark.is_primary ? color : kBlue, caret + text);
    out_ << "\n";
  }

  void render_remark(llvm::StringRef title, llvm::StringRef text) {
    out_ << std::string(gutter_ + 1, ' ');
    paint(kBlue, "= ");
    paint(kCyan, title);
    out_ << ": ";
    // Further lines align with the first.
    const std::string indent(gutter_ + 3 + title.size() + 2, ' ');
    llvm::SmallVector<llvm::StringRef, 4> lines;
    const std::string safe = printable(text);
    llvm::StringRef(safe).split(lines, '\n');
    for (std::size_t index = 0; index < lines.size(); ++index) {
      out_ << (index == 0 ? "" : indent) << lines[index] << "\n";
    }
  }

  const SourceManager& sources_;
  TextOptions options_;
  llvm::raw_ostream& out_;
  std::size_t gutter_ = 1;  // digits of the largest line number
};

}  // namespace

void render_text(const Report& report, const SourceManager& sources, const TextOptions& options,
                 llvm::raw_ostream& out) {
  TextRenderer renderer(sources, options, out);
  for (const Diagnostic& diagnostic : report.diagnostics)
    renderer.render(diagnostic);
  renderer.render_summary(report);
}

}  // namespace zc::diagnostics
