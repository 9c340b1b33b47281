#include "digits.h"

#include "scan.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace zerver::effects::sqlite {

std::vector<std::size_t> marked_parameters(std::string_view statement) {
  constexpr std::string_view kMarked = "?/*digits*/";
  std::vector<std::size_t> marked;
  if (statement.find(kMarked) == std::string_view::npos) return marked;
  std::size_t count = 0;
  sql::SqlScan scan(statement);
  for (std::size_t at = scan.next(); at != std::string_view::npos; at = scan.next()) {
    if (statement[at] != '?') continue;
    if (statement.substr(at).starts_with(kMarked)) marked.push_back(count);
    ++count;
  }
  return marked;
}

bool keeps_digits(const flow::Value& value) noexcept {
  constexpr std::ptrdiff_t kCertain = 15;
  if (value.kind() != flow::Value::Kind::kText) return true;
  const std::string_view text = value.text();
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error == std::errc() && end == text.data() + text.size()) return true;
  const auto is_significant = [](char c) { return c >= '1' && c <= '9'; };
  const auto* const first = std::ranges::find_if(text, is_significant);
  if (first == text.end()) return true;
  const auto last = std::find_if(text.rbegin(), text.rend(), is_significant).base();
  return std::count_if(first, last, [](char c) { return c >= '0' && c <= '9'; }) <= kCertain;
}

}  // namespace zerver::effects::sqlite
