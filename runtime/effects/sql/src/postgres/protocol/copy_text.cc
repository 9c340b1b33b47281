#include "copy_text.h"

#include "array_literal.h"
#include "types.h"
#include <zerver/core/time.h>

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <system_error>

namespace zerver::effects::postgres {

namespace {

bool is_integer(Oid oid) noexcept { return oid == type::kInt2 || oid == type::kInt4 || oid == type::kInt8; }

// What stands for a character that would end the cell or the row, or begin such an escape; 0: it is written
// as it is.
constexpr char escape_of(char c) noexcept {
  switch (c) {
    case '\\':
      return '\\';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    default:
      return '\0';
  }
}

}  // namespace

bool CopyText::add_row(std::span<const flow::Value> cells, std::span<const Oid> types) {
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (column != 0) out_.append('\t');
    if (!add(cells[column], types[column])) return false;
  }
  out_.append('\n');
  return true;
}

bool CopyText::add(const flow::Value& value, Oid oid) {
  switch (value.kind()) {
    case flow::Value::Kind::kNull:
      out_.append("\\N");
      return true;
    case flow::Value::Kind::kBool:
      if (is_integer(oid)) return add_number(value.integer());
      out_.append(value.boolean() ? "true" : "false");
      return true;
    case flow::Value::Kind::kInteger:
      return add_number(value.integer());
    case flow::Value::Kind::kReal:
      return add_number(value.real());
    case flow::Value::Kind::kText:
    case flow::Value::Kind::kBlob:
      add_text(value.text(), oid);
      return true;
    case flow::Value::Kind::kList:
      return add_list(value.text(), oid);
  }
  return false;
}

template <class Number> bool CopyText::add_number(Number number) {
  constexpr std::size_t kMost = 32;
  char* const begin = out_.reserve(kMost);
  const auto [end, error] = std::to_chars(begin, begin + kMost, number);
  if (error != std::errc()) return false;
  out_.commit(static_cast<std::size_t>(end - begin));
  return true;
}

void CopyText::add_text(std::string_view text, Oid oid) {
  if (oid == type::kBytea) return add_bytes(text);
  const std::optional<Duration> span = oid == type::kInterval ? Duration::parse(text) : std::nullopt;
  if (span) return add_interval(*span);
  add_escaped(text);
}

bool CopyText::add_list(std::string_view json, Oid oid) {
  if (is_text(oid) || oid == type::kJsonb) {
    add_escaped(json);
    return true;
  }
  array_.clear();
  if (!append_array(json, array_)) return false;
  add_escaped(array_.view());
  return true;
}

// In hexadecimal, behind `\x`.
void CopyText::add_bytes(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out_.append("\\\\x");
  char* to = out_.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *to++ = kDigits[byte >> 4U];
    *to++ = kDigits[byte & 0xFU];
  }
  out_.commit(2 * bytes.size());
}

// The server's parser wants a sign before each number, ours writes one in front.
void CopyText::add_interval(Duration span) {
  const bool is_negative = span.nanoseconds < 0;
  const auto bits = static_cast<std::uint64_t>(span.nanoseconds);
  const std::uint64_t microseconds = (is_negative ? 0 - bits : bits) / 1000;
  constexpr std::uint64_t kSecond = 1'000'000;
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%s%" PRIu64 ":%02u:%02u.%06u", is_negative ? "-" : "",
      microseconds / (3600 * kSecond), static_cast<unsigned>(microseconds / (60 * kSecond) % 60),
      static_cast<unsigned>(microseconds / kSecond % 60), static_cast<unsigned>(microseconds % kSecond));
  out_.append(std::string_view(text.data(), static_cast<std::size_t>(size)));
}

void CopyText::add_escaped(std::string_view text) {
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char escape = escape_of(text[at]);
    if (escape == '\0') continue;
    out_.append(text.substr(copied, at - copied));
    out_.append('\\');
    out_.append(escape);
    copied = at + 1;
  }
  out_.append(text.substr(copied));
}

}  // namespace zerver::effects::postgres
