#include <zerver/flow/request/path.h>

#include <span>

namespace zerver::flow {
namespace {

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte that `%xy` at `at` stands for, or -1.
int decoded(std::string_view text, std::size_t at) noexcept {
  if (text.size() - at < 3) return -1;
  const int high = digit(text[at + 1]);
  const int low = digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_unreserved(int c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

const char* RoutePath::find_slash(const char* from) const noexcept {
  for (; from < end_; from += sizeof(std::uint64_t)) {
    const std::uint64_t found = slashes(word_at(from));
    if (found != 0) return from + static_cast<unsigned>(std::countr_zero(found)) / 8;
  }
  return end_;
}

bool RoutePath::split(std::string_view segment, std::string_view* values, const std::string_view* around,
                      std::size_t count) noexcept {
  if (!segment.starts_with(around[0])) return false;
  segment.remove_prefix(around[0].size());
  for (std::size_t index = 1; index < count; ++index) {
    const std::string_view behind = around[index];
    const bool is_last = index + 1 == count;
    if (segment.empty()) return false;
    // A value is never empty, so what follows it is looked for from its second character on.
    const std::size_t end = is_last ? segment.size() - behind.size() : segment.find(behind, 1);
    if (is_last && (segment.size() <= behind.size() || !segment.ends_with(behind))) return false;
    if (end == std::string_view::npos) return false;
    values[index - 1] = segment.substr(0, end);
    segment.remove_prefix(end + behind.size());
  }
  return true;
}

bool normalize_path(Arena& arena, std::string_view path, std::string_view& out) {
  out = path;
  const std::size_t first = path.find('%');
  if (first == std::string_view::npos) return true;
  const std::span<char> copy = arena.make_array<char>(path.size());
  std::memcpy(copy.data(), path.data(), first);
  std::size_t size = first;
  for (std::size_t at = first; at < path.size();) {
    if (path[at] != '%') {
      copy[size++] = path[at++];
      continue;
    }
    const int byte = decoded(path, at);
    if (byte < 0) return false;
    if (is_unreserved(byte)) {
      copy[size++] = static_cast<char>(byte);
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      copy[size++] = '%';
      copy[size++] = kDigits[static_cast<unsigned>(byte) >> 4U];
      copy[size++] = kDigits[static_cast<unsigned>(byte) & 15U];
    }
    at += 3;
  }
  out = std::string_view(copy.data(), size);
  return true;
}

String percent_decode(Arena& arena, std::string_view text) {
  const std::size_t first = text.find('%');
  if (first == std::string_view::npos) return String::borrowed(text);
  const std::span<char> copy = arena.make_array<char>(text.size());
  std::memcpy(copy.data(), text.data(), first);
  std::size_t size = first;
  for (std::size_t at = first; at < text.size();) {
    const int byte = text[at] == '%' ? decoded(text, at) : -1;
    copy[size++] = byte < 0 ? text[at] : static_cast<char>(byte);
    at += byte < 0 ? 1 : 3;
  }
  return String::borrowed(std::string_view(copy.data(), size));
}

}  // namespace zerver::flow
