#include "scan.h"

namespace zerver::effects::sql {

namespace {

constexpr bool is_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::size_t SqlScan::next() noexcept {
  while (at_ < text_.size() && skip_opaque()) {
  }
  return at_ < text_.size() ? at_++ : std::string_view::npos;
}

// False when there is none here.
bool SqlScan::skip_opaque() noexcept {
  switch (text_[at_]) {
    case '\'':
      skip_quoted('\'', is_escape_string());
      return true;
    case '"':
      skip_quoted('"', false);
      return true;
    case '-':
      if (at(at_ + 1) != '-') return false;
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
      return true;
    case '/':
      if (at(at_ + 1) != '*') return false;
      skip_block_comment();
      return true;
    case '$':
      return skip_dollar_quoted();
    default:
      return false;
  }
}

// `E'...'`, where the E is a word of its own.
bool SqlScan::is_escape_string() const noexcept {
  return at_ > 0 && (text_[at_ - 1] | 0x20) == 'e' && (at_ == 1 || !is_name(text_[at_ - 2]));
}

// A doubled quote ends and begins again, which comes to the same.
void SqlScan::skip_quoted(char quote, bool has_escapes) noexcept {
  for (++at_; at_ < text_.size(); ++at_) {
    if (has_escapes && text_[at_] == '\\') {
      ++at_;
    } else if (text_[at_] == quote) {
      ++at_;
      // Between the halves of an E'' with a quote in it nothing stands that could turn escapes off.
      if (!has_escapes || at(at_) != quote) return;
    }
  }
}

void SqlScan::skip_block_comment() noexcept {
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    if (text_[at_] == '/' && at(at_ + 1) == '*') {
      ++depth;
      at_ += 2;
    } else if (text_[at_] == '*' && at(at_ + 1) == '/') {
      at_ += 2;
      if (--depth == 0) return;
    } else {
      ++at_;
    }
  }
}

// `$$...$$` or `$tag$...$tag$`; a `$1` or a `$` inside of a name is none.
bool SqlScan::skip_dollar_quoted() noexcept {
  if (at_ > 0 && is_name(text_[at_ - 1])) return false;
  std::size_t end = at_ + 1;
  if (at(end) >= '0' && at(end) <= '9') return false;
  while (is_name(at(end)))
    ++end;
  if (at(end) != '$') return false;
  const std::string_view tag = text_.substr(at_, end + 1 - at_);
  const std::size_t close = text_.find(tag, end + 1);
  at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
  return true;
}

}  // namespace zerver::effects::sql
