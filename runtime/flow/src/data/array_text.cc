#include <zerver/flow/data/array_text.h>

#include <algorithm>
#include <span>

namespace zerver::flow {

std::size_t ArrayText::element_size(std::string_view text) noexcept {
  if (!text.starts_with('"')) {
    const std::size_t end = text.find_first_of(",}");
    const std::string_view element = text.substr(0, end);
    const bool is_plain = !element.empty() && element.find_first_of("{\"\\") == std::string_view::npos;
    return is_plain ? end : std::string_view::npos;
  }
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

std::size_t ArrayText::size() const noexcept {
  if (text_ == "}") return 0;
  std::string_view left = text_;
  for (std::size_t count = 1;; ++count) {
    const std::size_t size = element_size(left);
    if (size >= left.size()) return kNone;
    left.remove_prefix(size);
    if (left == "}") return count;
    if (left.front() != ',') return kNone;
    left.remove_prefix(1);
  }
}

Value ArrayText::next() {
  const std::size_t size = element_size(text_);
  const std::string_view element = text_.substr(0, size);
  text_.remove_prefix(std::min(size + 1, text_.size()));
  if (element == "NULL") return {};
  if (!element.starts_with('"')) return Value(String::borrowed(element));
  const std::string_view quoted = element.substr(1, element.size() - 2);
  if (quoted.find('\\') == std::string_view::npos) return Value(String::borrowed(quoted));
  const std::span<char> plain = arena_->make_array<char>(quoted.size());
  std::size_t length = 0;
  for (std::size_t at = 0; at < quoted.size(); ++at) {
    if (quoted[at] == '\\') ++at;
    plain[length++] = quoted[at];
  }
  return Value(String::borrowed({plain.data(), length}));
}

}  // namespace zerver::flow
