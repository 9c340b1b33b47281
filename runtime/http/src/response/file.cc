#include "head_lines.h"
#include <zerver/http/date.h>
#include <zerver/http/file_response.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace zerver::http {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

enum class Comparison : std::uint8_t { kStrong, kWeak };

// Whether the list of entity tags has this one, or is `*`.
bool has_tag(std::string_view list, std::string_view tag, Comparison comparison) noexcept {
  if (trimmed(list) == "*") return true;
  constexpr std::string_view kWeak = "W/";
  const bool is_weak = tag.starts_with(kWeak);
  if (is_weak && comparison == Comparison::kStrong) return false;
  if (is_weak) tag.remove_prefix(kWeak.size());
  while (!tag.empty()) {
    const std::size_t open = list.find('"');
    const std::size_t close = open == std::string_view::npos ? open : list.find('"', open + 1);
    if (close == std::string_view::npos) return false;
    const bool is_weak_here = list.substr(0, open).ends_with(kWeak);
    const bool counts = comparison == Comparison::kWeak || !is_weak_here;
    if (counts && list.substr(open, close - open + 1) == tag) return true;
    list.remove_prefix(close + 1);
  }
  return false;
}

// Seconds since 1970.
std::optional<std::int64_t> seconds_of(std::string_view date) noexcept {
  const std::optional<Timestamp> time = parse_date(trimmed(date));
  if (!time) return std::nullopt;
  return time->microseconds / 1'000'000;
}

// In the order of RFC 9110, 13.2.2: 412, 304, or 0.
std::uint16_t failed_precondition(const Request& request, const FileBody& file) noexcept {
  if (request.has_header("if-match")) {
    if (!has_tag(request.header("if-match"), file.entity_tag, Comparison::kStrong)) return 412;
  } else if (const auto since = seconds_of(request.header("if-unmodified-since"))) {
    if (file.modified > *since) return 412;
  }
  if (request.has_header("if-none-match"))
    return has_tag(request.header("if-none-match"), file.entity_tag, Comparison::kWeak) ? 304 : 0;
  const auto since = seconds_of(request.header("if-modified-since"));
  return since && file.modified <= *since ? 304 : 0;
}

// The client wants a part only of the version that it has.
bool is_version_wanted(const Request& request, const FileBody& file) noexcept {
  if (!request.has_header("if-range")) return true;
  const std::string_view value = trimmed(request.header("if-range"));
  if (value.starts_with('"') || value.starts_with("W/"))
    return has_tag(value, file.entity_tag, Comparison::kStrong);
  return seconds_of(value) == file.modified;
}

std::optional<std::uint64_t> number(std::string_view digits) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// `bytes=a-b`, `bytes=a-`, `bytes=-n`. Nothing: the header does not count.
std::optional<FileSelection> select_range(std::string_view value, std::uint64_t size) noexcept {
  constexpr std::string_view kUnit = "bytes=";
  value = trimmed(value);
  if (value.size() < kUnit.size() || !equals_ignoring_case(value.substr(0, kUnit.size()), kUnit))
    return std::nullopt;
  value = trimmed(value.substr(kUnit.size()));
  const std::size_t dash = value.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = value.substr(0, dash);
  const std::string_view last = value.substr(dash + 1);
  constexpr FileSelection kUnsatisfiable{416, 0, 0};
  if (first.empty()) {
    const std::optional<std::uint64_t> suffix = number(last);
    if (!suffix) return std::nullopt;
    if (*suffix == 0 || size == 0) return kUnsatisfiable;
    const std::uint64_t length = std::min(*suffix, size);
    return FileSelection{206, size - length, length};
  }
  const std::optional<std::uint64_t> begin = number(first);
  const std::optional<std::uint64_t> end = last.empty() ? size - 1 : number(last);
  if (!begin || !end || (!last.empty() && *end < *begin)) return std::nullopt;
  if (*begin >= size) return kUnsatisfiable;
  return FileSelection{206, *begin, std::min(*end, size - 1) - *begin + 1};
}

}  // namespace

FileSelection select_file(const Request& request, const Response& response) noexcept {
  const FileBody& file = response.file;
  const FileSelection whole{response.status, 0, has_no_body(response.status) ? 0 : file.size};
  const bool is_selected =
      response.status == 200 && (request.method == Method::kGet || request.method == Method::kHead);
  if (!is_selected) return whole;
  if (const std::uint16_t status = failed_precondition(request, file); status != 0) return {status, 0, 0};
  // A HEAD has no ranges (14.2).
  const bool wants_range = request.method == Method::kGet && request.has_header("range");
  if (!wants_range || !is_version_wanted(request, file)) return whole;
  return select_range(request.header("range"), file.size).value_or(whole);
}

void write_file_head(OutputBuffer& out, const Response& response, const FileSelection& selection,
                     const ResponseContext& context) {
  const FileBody& file = response.file;
  constexpr std::size_t kFixed = 256;  // names, a date, three numbers
  char* const begin = out.reserve(head_size(response, context) + kFixed + file.entity_tag.size());
  Cursor cursor(begin);
  const bool has_body = !has_no_body(selection.status);
  begin_head(cursor, selection.status, context);
  if (has_body && selection.status != 412 && selection.status != 416) write_content_type(cursor, response);
  if (has_body) {
    cursor.literal("Content-Length: ");
    cursor.number(selection.size);
    cursor.literal("\r\n");
  }
  cursor.literal("Accept-Ranges: bytes\r\n");
  if (selection.status == 206 || selection.status == 416) {
    cursor.literal("Content-Range: bytes ");
    if (selection.status == 206) {
      cursor.number(selection.begin);
      cursor.literal("-");
      cursor.number(selection.begin + selection.size - 1);
    } else {
      cursor.literal("*");
    }
    cursor.literal("/");
    cursor.number(file.size);
    cursor.literal("\r\n");
  }
  if (!file.entity_tag.empty()) {
    cursor.literal("ETag: ");
    cursor.text(file.entity_tag);
    cursor.literal("\r\n");
  }
  std::array<char, kDateSize> date;
  write_date(Timestamp{file.modified * 1'000'000}, date.data());
  cursor.literal("Last-Modified: ");
  cursor.text({date.data(), date.size()});
  cursor.literal("\r\n");
  end_head(cursor, response, context);
  out.commit(static_cast<std::size_t>(cursor.at() - begin));
}

}  // namespace zerver::http
