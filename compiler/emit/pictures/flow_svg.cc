// Gives the rows of flows their places, and writes them as SVG.

#include "compiler/emit/pictures/dot_text.h"
#include "compiler/emit/pictures/emit_svg.h"
#include "compiler/emit/pictures/flow_rows.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/ConvertUTF.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/Unicode.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace zc::emit {
namespace {

// All in CSS pixels. The font is one of fixed width, so that a text's width is known without measuring: 0.6
// of its size a column, rounded up.
constexpr int kMargin = 24;
constexpr int kRow = 26;
constexpr int kIndent = 18;
constexpr int kLane = 24;
constexpr int kGap = 28;    // between the columns of the picture
constexpr int kColumn = 8;  // one column of text of 12 px
constexpr int kTitle = 46;
constexpr int kLegend = 40;

int width_of(llvm::StringRef text) {
  const int columns = llvm::sys::unicode::columnWidthUTF8(text);
  return kColumn * (columns < 0 ? static_cast<int>(text.size()) : columns);
}

constexpr llvm::StringLiteral kStyle = R"(  <style>
    .page { fill: #ffffff; }
    text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 12px; fill: #1c2024; }
    .title { font-size: 15px; font-weight: bold; }
    .soft, .soft text { fill: #667079; }
    .block { fill: #667079; font-style: italic; }
    .error { fill: #b3261e; }
    .answer { font-weight: bold; }
    .bracket { fill: none; stroke: #a9b1b8; stroke-width: 1.5; }
    .bracket.handler { stroke: #b3261e; stroke-dasharray: 4 3; }
    .guide { stroke: #eceff1; }
    .life { stroke: #1f5fbf; stroke-width: 1.5; opacity: 0.45; }
    .write { fill: #1f5fbf; stroke: #1f5fbf; stroke-width: 1.5; }
    .read { fill: #ffffff; stroke: #1f5fbf; stroke-width: 1.5; }
    .maybe { stroke-dasharray: 2 2; }
    .write.maybe { fill: #b9cdec; }
    .effect { fill: #f2b632; stroke: #8a6210; }
    .pure { fill: #dfe4e8; stroke: #667079; }
    .end { fill: #2e7d4f; stroke: #1d5233; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #15181b; }
      text { fill: #e4e7ea; }
      .soft, .soft text, .block { fill: #98a2ab; }
      .error { fill: #ff8a80; }
      .bracket { stroke: #4c555d; }
      .bracket.handler { stroke: #ff8a80; }
      .guide { stroke: #23282c; }
      .life, .write, .read { stroke: #7fb0ff; }
      .write { fill: #7fb0ff; }
      .write.maybe { fill: #35507a; }
      .read { fill: #15181b; }
      .pure { fill: #2c3237; stroke: #98a2ab; }
    }
  </style>
)";

// One flow with its columns: statements, effects, lanes, errors.
class ScoreWriter {
 public:
  ScoreWriter(Score score, int top, llvm::raw_ostream& out) : score_(std::move(score)), out_(out), top_(top) {
    int statements = 0, effects = 0, errors = 0;
    for (const Row& row : score_.rows) {
      statements = std::max(statements, indent(row) + kIndent + width_of(row.text));
      int effect = width_of(row.effect);
      if (!row.policy.empty()) effect += 2 * kColumn + width_of(row.policy);
      effects = std::max(effects, effect);
      errors = std::max(errors, width_of(row.errors));
    }
    for (const std::string& lane : score_.lanes)
      heading_ = std::max(heading_, width_of(lane) * 7 / 10);  // they stand at 45 degrees
    first_row_ = top_ + kTitle + heading_ + kRow;
    effects_ = kMargin + statements + kGap;
    lanes_ = effects_ + effects + (effects == 0 ? 0 : kGap);
    errors_ = lanes_ + static_cast<int>(score_.lanes.size()) * kLane + (score_.lanes.empty() ? 0 : kGap / 2);
    // The last heading leans over what stands right of the lanes.
    right_ = std::max({errors_ + errors, lanes_ + static_cast<int>(score_.lanes.size()) * kLane + heading_,
                       kMargin + width_of(score_.title) * 5 / 4 + width_of(score_.subtitle) + kGap});
  }

  [[nodiscard]] int right() const { return right_; }
  [[nodiscard]] int bottom() const { return first_row_ + static_cast<int>(score_.rows.size()) * kRow; }

  void write() const {
    out_ << llvm::formatv("  <g aria-label=\"{0}\">\n", html(score_.title));
    text(kMargin, top_ + 18, "title", score_.title);
    text(kMargin + width_of(score_.title) * 5 / 4 + kGap, top_ + 18, "soft", score_.subtitle);
    for (std::size_t i = 0; i != score_.rows.size(); ++i)
      write_guide(i);
    for (const Bracket& bracket : score_.brackets)
      write_bracket(bracket);
    for (std::size_t i = 0; i != score_.lanes.size(); ++i)
      write_lane(i);
    for (std::size_t i = 0; i != score_.rows.size(); ++i)
      write_row(score_.rows[i], y(i));
    out_ << "  </g>\n";
  }

 private:
  [[nodiscard]] static int indent(const Row& row) { return static_cast<int>(row.depth) * kIndent; }
  [[nodiscard]] int y(std::size_t row) const { return first_row_ + static_cast<int>(row) * kRow; }
  [[nodiscard]] int lane_x(std::size_t lane) const {
    return lanes_ + static_cast<int>(lane) * kLane + kLane / 2;
  }

  void text(int x, int baseline, llvm::StringRef style, llvm::StringRef content) const {
    if (content.empty()) return;
    out_ << llvm::formatv("    <text x=\"{0}\" y=\"{1}\"", x, baseline);
    if (!style.empty()) out_ << llvm::formatv(" class=\"{0}\"", style);
    out_ << ">" << html(content) << "</text>\n";
  }

  // Leads the eye from a statement to its marks.
  void write_guide(std::size_t row) const {
    if (score_.rows[row].marks.empty()) return;
    out_ << llvm::formatv("    <line class=\"guide\" x1=\"{0}\" y1=\"{1}\" x2=\"{2}\" y2=\"{1}\"/>\n",
                          kMargin, y(row), errors_);
  }

  void write_bracket(const Bracket& bracket) const {
    if (bracket.last == bracket.first) return;
    const int x = kMargin + indent(score_.rows[bracket.first]) + 6;
    out_ << llvm::formatv("    <path class=\"bracket{0}\" d=\"M{1} {2} V{3} h6\"/>\n",
                          bracket.is_handler ? " handler" : "", x, y(bracket.first) + 8, y(bracket.last) + 6);
  }

  void write_lane(std::size_t lane) const {
    std::size_t first = score_.rows.size(), last = 0;
    for (std::size_t i = 0; i != score_.rows.size(); ++i) {
      if (llvm::none_of(score_.rows[i].marks, [&](const Mark& mark) { return mark.lane == lane; })) continue;
      first = std::min(first, i);
      last = i;
    }
    const int x = lane_x(lane);
    out_ << llvm::formatv("    <text transform=\"translate({0} {1}) rotate(-45)\">{2}</text>\n", x + 3,
                          first_row_ - kRow / 2, html(score_.lanes[lane]));
    out_ << llvm::formatv("    <line class=\"life\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\"/>\n", x,
                          y(first), y(last));
  }

  void write_row(const Row& row, int middle) const {
    const int x = kMargin + indent(row);
    out_ << "    <g>";
    if (!row.doc.empty()) out_ << "<title>" << html(row.doc) << "</title>";
    out_ << "\n";
    llvm::StringRef style;
    switch (row.kind) {
      case RowKind::kStep:
        shape("pure", x + 6, middle);
        break;
      case RowKind::kEffect:
        out_ << llvm::formatv(
            "    <rect class=\"effect\" x=\"{0}\" y=\"{1}\" width=\"10\" height=\"10\" rx=\"2\"/>\n", x + 1,
            middle - 5);
        break;
      case RowKind::kBlock:
        style = "block";
        break;
      case RowKind::kHandler:
        style = "error";
        break;
      case RowKind::kAnswer:
        shape("end", x + 6, middle);
        style = "answer";
        break;
    }
    const bool has_shape = row.kind != RowKind::kBlock && row.kind != RowKind::kHandler;
    text(x + (has_shape ? kIndent : 0), middle + 4, style, row.text);
    text(effects_, middle + 4, "", row.effect);
    text(effects_ + width_of(row.effect) + 2 * kColumn, middle + 4, "soft", row.policy);
    text(errors_, middle + 4, "error", row.errors);
    for (const Mark& mark : row.marks)
      write_mark(mark, middle);
    out_ << "    </g>\n";
  }

  void shape(llvm::StringRef style, int x, int middle) const {
    out_ << llvm::formatv("    <circle class=\"{0}\" cx=\"{1}\" cy=\"{2}\" r=\"5\"/>\n", style, x, middle);
  }

  void write_mark(const Mark& mark, int middle) const {
    const int x = lane_x(mark.lane);
    const llvm::StringRef maybe = mark.optional ? " maybe" : "";
    if (mark.reads) {
      out_ << llvm::formatv("    <circle class=\"read{0}\" cx=\"{1}\" cy=\"{2}\" r=\"{3}\"/>\n", maybe, x,
                            middle, mark.writes ? 7 : 5);
    }
    if (mark.writes) {
      out_ << llvm::formatv("    <circle class=\"write{0}\" cx=\"{1}\" cy=\"{2}\" r=\"{3}\"/>\n", maybe, x,
                            middle, mark.reads ? 3 : 5);
    }
  }

  Score score_;
  llvm::raw_ostream& out_;
  int top_ = 0, heading_ = 0, first_row_ = 0, effects_ = 0, lanes_ = 0, errors_ = 0, right_ = 0;
};

void write_legend(int top, llvm::raw_ostream& out) {
  struct Entry {
    llvm::StringLiteral shape, text;
  };
  const Entry entries[] = {
      {"<circle class=\"pure\" r=\"5\"/>", "step"},
      {"<rect class=\"effect\" x=\"-5\" y=\"-5\" width=\"10\" height=\"10\" rx=\"2\"/>", "effect"},
      {"<circle class=\"end\" r=\"5\"/>", "answer"},
      {"<circle class=\"write\" r=\"5\"/>", "writes the slot"},
      {"<circle class=\"read\" r=\"5\"/>", "reads it"},
      {"<circle class=\"read maybe\" r=\"5\"/>", "reads it if it is set"},
      {"<circle class=\"write maybe\" r=\"5\"/>", "may leave it unset"},
  };
  int x = kMargin + 6;
  out << "  <g class=\"soft\" aria-label=\"legend\">\n";
  for (const Entry& entry : entries) {
    out << llvm::formatv("    <g transform=\"translate({0} {1})\">{2}<text x=\"12\" y=\"4\">{3}</text></g>\n",
                         x, top + 16, entry.shape, entry.text);
    x += width_of(entry.text) + kGap + 6;
  }
  out << "  </g>\n";
}

// Right of the last entry of the legend.
constexpr int kLegendWidth = 860;

}  // namespace

std::string emit_flow_svg(const model::Program& program, model::PackageId package) {
  std::string body;
  llvm::raw_string_ostream body_out(body);
  int right = kLegendWidth;
  int top = kMargin;
  for (std::size_t i = 0; i != program.flows.size(); ++i) {
    const model::FlowId id(i);
    if (program.flows[id].origin.package != package) continue;
    const ScoreWriter writer(make_score(program, id), top, body_out);
    writer.write();
    right = std::max(right, writer.right());
    top = writer.bottom() + kGap;
  }
  write_legend(top, body_out);
  const int width = right + kMargin;
  const int height = top + kLegend;
  std::string text;
  llvm::raw_string_ostream out(text);
  out << llvm::formatv(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
      "role=\"img\">\n"
      "  <title>The flows of {2}</title>\n",
      width, height, html(program.packages[package].name));
  out << kStyle << llvm::formatv("  <rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n", width, height)
      << body << "</svg>\n";
  return text;
}

}  // namespace zc::emit
