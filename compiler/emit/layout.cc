#include "compiler/emit/layout.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace zc::emit {
namespace {

using llvm::StringRef;

struct Line {
  std::size_t indent = 0;
  std::string text;
};

// Calls `visit(position, character)` for what is code: not inside literals, and stops at a comment.
template <typename Visit> void for_each_code_character(StringRef text, Visit visit) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("//")) return;
    const bool is_digit_separator = text[i] == '\'' && i > 0 && llvm::isHexDigit(text[i - 1]);
    if (text.substr(i).starts_with("R\"(")) {
      const std::size_t end = text.find(")\"", i);
      if (end == StringRef::npos) return;
      i = end + 1;
    } else if (text[i] == '"' || (text[i] == '\'' && !is_digit_separator)) {
      const char quote = text[i];
      for (++i; i < text.size() && text[i] != quote; ++i)
        if (text[i] == '\\') ++i;
    } else {
      visit(i, text[i]);
    }
  }
}

bool is_label(StringRef text) { return text == "public:" || text == "private:" || text == "protected:"; }
bool is_case(StringRef text) { return text.starts_with("case ") || text.starts_with("default:"); }

// Where the bracket that opens at `open` is closed, or npos.
std::size_t closing_of(StringRef text, std::size_t open) {
  std::size_t depth = 0;
  std::size_t result = StringRef::npos;
  for_each_code_character(text, [&](std::size_t position, char c) {
    if (position < open || result != StringRef::npos) return;
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) result = position;
  });
  return result;
}

// --- Indentation ---

class Indenter {
 public:
  std::vector<Line> run(StringRef text) {
    llvm::SmallVector<StringRef, 0> raw;
    text.split(raw, '\n');
    for (const StringRef each : raw)
      add(each.trim(" \t\r"));
    return std::move(lines_);
  }

 private:
  struct Bracket {
    std::size_t outer = 0;  // indentation of what closes it
    std::size_t inner = 0;
    bool is_switch = false;
    bool is_class = false;
    bool is_list = false;
  };

  void add(StringRef text) {
    if (text.empty()) return;
    if (text == "\f") {
      empty_pending_ = true;
      return;
    }
    const bool closes = text.starts_with("}");
    const bool is_inside = after_open_ || (closes && !text.contains("// namespace"));
    if (empty_pending_ && !lines_.empty() && !is_inside) lines_.push_back({});
    empty_pending_ = false;
    std::size_t indent = indent_of(text, closes);
    // A literal that goes on over several lines.
    if (text.starts_with("\"") && !lines_.empty() && StringRef(lines_.back().text).rtrim().ends_with("="))
      in_literal_ = true;
    if (!text.starts_with("\"")) in_literal_ = false;
    if (in_literal_) indent += 4;
    if (text.starts_with("requires(")) indent += 2;
    lines_.push_back({indent, text.str()});
    after_open_ = StringRef(text).ends_with("{") && !text.starts_with("namespace");
    track(text, indent);
  }

  [[nodiscard]] std::size_t indent_of(StringRef text, bool closes) const {
    if (open_.empty()) return 0;
    const Bracket& in = open_.back();
    if (closes) return in.outer;
    if (in.is_class && is_label(text)) return in.outer + 1;
    if (in.is_switch && is_case(text)) return in.outer + 2;
    return in.inner;
  }

  void track(StringRef text, std::size_t indent) {
    for_each_code_character(text, [&](std::size_t position, char c) {
      if (c == '{') open_.push_back(bracket(text, position, indent, !open_.empty() && open_.back().is_list));
      if (c == '}' && !open_.empty()) open_.pop_back();
    });
  }

  static Bracket bracket(StringRef text, std::size_t position, std::size_t indent, bool in_list) {
    Bracket result{indent, indent + 2};
    if (text.starts_with("namespace ") || text.starts_with("namespace{")) result.inner = indent;
    const StringRef before = text.take_front(position).rtrim();
    // What is listed in braces is a continuation.
    result.is_list = before.ends_with("=") || before.ends_with("(") || before.ends_with(",") ||
                     before.ends_with("return") || before.ends_with("{") || text.starts_with("const") ||
                     (before.empty() && in_list);
    if (result.is_list) result.inner = indent + 4;
    if (text.starts_with("switch (")) {
      result.is_switch = true;
      result.inner = indent + 4;
    }
    if (text.starts_with("class ") || text.starts_with("struct ")) result.is_class = true;
    return result;
  }

  std::vector<Line> lines_;
  llvm::SmallVector<Bracket> open_;
  bool empty_pending_ = false;
  bool after_open_ = false;
  bool in_literal_ = false;
};

// --- Short functions on one line ---

bool opens_function(StringRef text) {
  for (const StringRef keyword : {"if ", "for ", "while ", "switch ", "else", "do ", "case ", "default", "}",
                                  "struct ", "class ", "enum ", "namespace"})
    if (text.starts_with(keyword)) return false;
  return text.ends_with(") {") || text.ends_with(") const {") || text.ends_with(" noexcept {") ||
         text.ends_with(" override {");
}

void join_short_functions(std::vector<Line>& lines) {
  std::vector<Line> result;
  result.reserve(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool fits_form = i + 2 < lines.size() && opens_function(lines[i].text) &&
                           lines[i + 2].text == "}" && StringRef(lines[i + 1].text).ends_with(";") &&
                           !StringRef(lines[i + 1].text).starts_with("if (") &&
                           !StringRef(lines[i + 1].text).starts_with("for (");
    if (fits_form && lines[i].indent + lines[i].text.size() + lines[i + 1].text.size() + 3 <= kColumnLimit) {
      result.push_back({lines[i].indent, lines[i].text + " " + lines[i + 1].text + " }"});
      i += 2;
    } else {
      result.push_back(std::move(lines[i]));
    }
  }
  lines = std::move(result);
}

// --- Line breaks ---

struct Break {
  std::size_t position = 0;  // of the first character behind it
  std::size_t depth = 0;     // brackets that are open there
  std::size_t align = 0;     // column behind the innermost open bracket, relative to the line's text; 0: none
  unsigned rank = 0;         // smaller is better at equal depth
};

// Those that a line could end with: what is far behind it is left unread, however long it is.
std::vector<Break> breaks_of(StringRef text) {
  constexpr std::size_t kLookAhead = 8;
  text = text.take_front(kColumnLimit + kLookAhead);
  std::vector<Break> result;
  llvm::SmallVector<std::size_t> open;
  const auto add = [&](std::size_t position, unsigned rank) {
    result.push_back({position, open.size(), open.empty() ? 0 : open.back(), rank});
  };
  for_each_code_character(text, [&](std::size_t i, char c) {
    const StringRef rest = text.substr(i);
    if (c == '(' || c == '{' || c == '[') open.push_back(i + 1);
    if (c == '(' && !rest.starts_with("()")) result.push_back({i + 1, open.size(), 0, 3});
    if ((c == ')' || c == '}' || c == ']') && !open.empty()) open.pop_back();
    if (rest.starts_with(", ")) add(i + 2, 0);
    if (rest.starts_with("; ")) add(i + 2, 0);
    if (rest.starts_with("&& ") || rest.starts_with("|| ")) add(i + 3, 0);
    if (rest.starts_with(" ? ") || rest.starts_with(" : ")) add(i + 1, 1);
    if (rest.starts_with(" + ")) add(i + 3, 1);
    if (rest.starts_with(" = ") || rest.starts_with(" == "))
      add(i + rest.find('=') + (rest.starts_with(" == ") ? 3 : 2), 2);
  });
  return result;
}

void append(std::string& out, std::size_t indent, StringRef text) {
  out.append(indent, ' ');
  out.append(text.rtrim());
  out.push_back('\n');
}

void append_comment(std::string& out, std::size_t indent, StringRef text) {
  const StringRef slashes = text.starts_with("/// ") ? "/// " : "// ";
  StringRef rest = text.drop_front(slashes.size());
  const std::size_t room = kColumnLimit - std::min(kColumnLimit - 20, indent + slashes.size());
  while (rest.size() > room) {
    std::size_t cut = rest.rfind(' ', room + 1);
    if (cut == StringRef::npos || cut == 0) cut = rest.find(' ', room);
    if (cut == StringRef::npos) break;
    append(out, indent, slashes.str() + rest.take_front(cut).str());
    rest = rest.drop_front(cut).ltrim();
  }
  append(out, indent, slashes.str() + rest.str());
}

void append_broken(std::string& out, std::size_t indent, StringRef text) {
  const std::size_t base = indent;
  bool is_first = true;
  const bool text_begins_return = text.starts_with("return ");
  while (indent + text.size() > kColumnLimit) {
    std::optional<Break> best;
    for (const Break& each : breaks_of(text)) {
      if (indent + text.take_front(each.position).rtrim().size() > kColumnLimit ||
          each.position == text.size())
        continue;
      const bool better = !best || each.depth < best->depth ||
                          (each.depth == best->depth && each.rank < best->rank) ||
                          (each.depth == best->depth && each.rank == best->rank);
      if (better) best = each;
    }
    if (!best) break;
    append(out, indent, text.take_front(best->position));
    text = text.drop_front(best->position).ltrim();
    const bool continues_return = best->align == 0 && is_first && text_begins_return;
    indent = best->align != 0   ? indent + best->align
             : continues_return ? base + 7
             : is_first         ? base + 4
                                : indent;
    is_first = false;
  }
  append(out, indent, text);
}

// A constructor with initialisers: those on a line of their own, or each on one.
void append_constructor(std::string& out, std::size_t indent, StringRef text, std::size_t colon) {
  append_broken(out, indent, text.take_front(colon));
  StringRef initializers = text.drop_front(colon + 1);
  if (indent + 4 + initializers.size() <= kColumnLimit) return append(out, indent + 4, initializers);
  std::size_t begin = 0;
  std::size_t depth = 0;
  std::size_t margin = indent + 4;
  for_each_code_character(initializers, [&](std::size_t i, char c) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || depth != 0) return;
    append(out, margin, initializers.slice(begin, i + 1).ltrim());
    margin = indent + 6;
    begin = i + 1;
  });
  append(out, margin, initializers.drop_front(begin).ltrim());
}

void append_line(std::string& out, std::size_t indent, StringRef text) {
  if (indent + text.size() <= kColumnLimit) return append(out, indent, text);
  if (text.starts_with("//")) return append_comment(out, indent, text);
  if (text.starts_with("#")) return append(out, indent, text);
  const bool is_statement =
      text.starts_with("if (") || text.starts_with("for (") || text.starts_with("while (");
  if (is_statement && text.ends_with(";")) {
    const std::size_t close = closing_of(text, text.find('('));
    if (close != StringRef::npos && close + 1 < text.size()) {
      append_line(out, indent, text.take_front(close + 1));
      return append_line(out, indent + 2, text.drop_front(close + 1).ltrim());
    }
  }
  const std::size_t colon = text.find(") noexcept : ");
  if (colon != StringRef::npos)
    return append_constructor(out, indent, text, colon + StringRef(") noexcept").size());
  append_broken(out, indent, text);
}

}  // namespace

std::string layout_cpp(StringRef text) {
  std::vector<Line> lines = Indenter().run(text);
  join_short_functions(lines);
  std::string result;
  result.reserve(text.size() * 2);
  for (const Line& line : lines) {
    if (line.text.empty()) {
      result.push_back('\n');
    } else {
      append_line(result, line.indent, line.text);
    }
  }
  return result;
}

}  // namespace zc::emit
