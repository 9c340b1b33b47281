// Small text files of the kernel, and what is written in them.
#include "text_file.h"

#include <charconv>
#include <fstream>
#include <sstream>

namespace zerver::program {

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) return std::nullopt;
  return std::move(content).str();
}

std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return split(text, '\n');
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kSpace) - begin + 1));
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

unsigned count_cpu_list(std::string_view list) noexcept {
  std::uint64_t count = 0;
  for (const std::string_view range : split(list, ',')) {
    const std::size_t dash = range.find('-');
    const std::optional<std::uint64_t> first = parse_number(range);
    if (!first) return 0;
    const std::optional<std::uint64_t> last =
        dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
    if (!last || *last < *first) return 0;
    count += *last - *first + 1;
  }
  constexpr std::uint64_t kMost = 1 << 20;  // more than any machine has: the text is something else
  return count > kMost ? 0 : static_cast<unsigned>(count);
}

}  // namespace zerver::program
