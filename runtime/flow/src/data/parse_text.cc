#include <zerver/flow/data/parse_text.h>
#include <zerver/flow/data/utf8.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace zerver::flow {

namespace {

template <class Number> bool parse_number(std::string_view text, Number& out) noexcept {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && at == end;
}

template <class T> bool parse_value(std::string_view text, T& out) noexcept {
  const std::optional<T> value = T::parse(text);
  if (!value) return false;
  out = *value;
  return true;
}

}  // namespace

bool parse_text(std::string_view text, bool& out) noexcept {
  out = text == "true";
  return out || text == "false";
}

bool parse_text(std::string_view text, std::int32_t& out) noexcept { return parse_number(text, out); }
bool parse_text(std::string_view text, std::uint32_t& out) noexcept { return parse_number(text, out); }
bool parse_text(std::string_view text, std::int64_t& out) noexcept { return parse_number(text, out); }
bool parse_text(std::string_view text, std::uint64_t& out) noexcept { return parse_number(text, out); }
bool parse_text(std::string_view text, double& out) noexcept {
  return parse_number(text, out) && std::isfinite(out);
}

bool parse_text(std::string_view text, String& out) noexcept {
  if (!is_utf8(text)) return false;
  out = String::borrowed(text);
  return true;
}

bool parse_text(std::string_view text, Uuid& out) noexcept { return parse_value(text, out); }
bool parse_text(std::string_view text, Timestamp& out) noexcept { return parse_value(text, out); }
bool parse_text(std::string_view text, Duration& out) noexcept { return parse_value(text, out); }
bool parse_text(std::string_view text, Decimal& out) noexcept { return parse_value(text, out); }

}  // namespace zerver::flow
